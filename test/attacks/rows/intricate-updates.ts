/** Few bytes that cost much: deep nesting, documents in documents, very many clients, structs or roots; or what waits for itself. */

import { setTimeout as delay } from 'node:timers/promises';
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding';
import * as Y from 'yjs';
import { crafted } from '../../helpers/crafted-updates.ts';
import { until } from '../../helpers/until.ts';
import type { Random } from '../../markdown/helpers/random.ts';
import { type Attack, between, oneOf } from '../attack.ts';

function nested(random: Random): Uint8Array {
  const document = new Y.Doc();
  let parent: Y.XmlFragment = document.getXmlFragment('default');
  for (let level = between(random, 300, 5_000); level > 0; level -= 1) {
    const quote = new Y.XmlElement('blockquote');
    parent.insert(0, [quote]);
    parent = quote;
  }
  return Y.encodeStateAsUpdate(document);
}

function documents(): Uint8Array {
  const document = new Y.Doc();
  for (let count = 0; count < 200; count += 1) document.getMap('inner').set(String(count), new Y.Doc());
  return Y.encodeStateAsUpdate(document);
}

/** A character of each of very many clients, each in a root of its own or in the same. */
function clients(random: Random): Uint8Array {
  const many = between(random, 20_000, 100_000);
  const encoder = createEncoder();
  writeVarUint(encoder, many);
  for (let client = 0; client < many; client += 1) {
    writeVarUint(encoder, 1);
    writeVarUint(encoder, 1_000_000 + client);
    writeVarUint(encoder, 0);
    // An item with text, whose parent is a root.
    writeVarUint(encoder, 4);
    writeVarUint(encoder, 1);
    writeVarString(encoder, 'default');
    writeVarString(encoder, 'x');
  }
  writeVarUint(encoder, 0);
  return toUint8Array(encoder);
}

/** Deletions of very many single characters, of clients that are not there. */
function deletions(random: Random): Uint8Array {
  const many = between(random, 20_000, 100_000);
  const encoder = createEncoder();
  writeVarUint(encoder, 0);
  writeVarUint(encoder, 1);
  writeVarUint(encoder, 12_345);
  writeVarUint(encoder, many);
  for (let count = 0; count < many; count += 1) {
    writeVarUint(encoder, count * 2);
    writeVarUint(encoder, 1);
  }
  return toUint8Array(encoder);
}

/** Values in values in values, of a mark or an embed. */
function values(random: Random): Uint8Array {
  const levels = between(random, 300, 20_000);
  return crafted.deepValue(levels, between(random, 1e6, 1e9), oneOf(random, ['mark', 'embed'] as const));
}

/** Each waits for the other. */
function circular(random: Random): Uint8Array {
  return crafted.besideEachOther(between(random, 1e6, 1e9));
}

/** Says that very much follows, and ends. */
function lies(): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, 2 ** 31);
  writeVarUint(encoder, 2 ** 31);
  writeVarUint(encoder, 7);
  return toUint8Array(encoder);
}

const makers = { nested, documents, clients, deletions, values, circular, lies };

export const intricateUpdates: Attack = {
  name: 'intricate-updates',
  async run(site, random) {
    const recordId = `intricate-${random(1e9)}`;
    await site.addRecord(recordId, 'A record.\n');
    const name = `record:${recordId}`;
    const token = await site.tokenOf('mallory-intricate');
    const clerk = await (await site.join(recordId, 'victim')).synced();
    for (const kind of Object.keys(makers) as (keyof typeof makers)[]) {
      const client = await site.connect().enter(name, token);
      if (!client.entered.includes(name)) break;
      client.exchange(name);
      await until('the exchange is acknowledged', () => client.acknowledged > 0 || client.isOver);
      const before = client.acknowledged;
      client.sync(name, oneOf(random, [1, 2]), makers[kind](random));
      await until(`"${kind}" is refused`, () => client.isOver || client.denials.length > 0);
      if (client.acknowledged > before) throw new Error(`"${kind}" was acknowledged`);
      await delay(20);
    }
    clerk.type('record', ' GENUINE');
    await clerk.saved();
  },
};
