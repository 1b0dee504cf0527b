/**
 * Who hears of an edit, and how soon.
 */
import { type Connection, Document } from '@hocuspocus/server';
import { createDecoder, readVarString, readVarUint, readVarUint8Array } from 'lib0/decoding';
import { beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { FanOut } from '../../extensions/fan-out.ts';
import { until } from '../helpers/until.ts';

let document: Document;
let fanOut: FanOut;
beforeEach(async () => {
  document = new Document('record:bylaw');
  fanOut = new FanOut();
  await fanOut.afterLoadDocument({ document } as never);
});

/** Somebody in the room, and the updates that they are sent. */
function join(): { connection: Connection; received: Uint8Array[] } {
  const received: Uint8Array[] = [];
  const send = (frame: Uint8Array) => {
    const decoder = createDecoder(frame);
    readVarString(decoder);
    expect([readVarUint(decoder), readVarUint(decoder)]).toEqual([0, 2]);
    received.push(readVarUint8Array(decoder));
  };
  const connection = { messageAddress: 'record:bylaw', document, send } as unknown as Connection;
  document.addConnection(connection);
  return { connection, received };
}

const edit = (update: Uint8Array, connection: Connection) =>
  Y.applyUpdate(document, update, { source: 'connection', connection });

/** Edits that build on each other, by one who works elsewhere. */
function editsBy(clientId: number, ...texts: string[]): Uint8Array[] {
  const updates: Uint8Array[] = [];
  const editor = new Y.Doc();
  editor.clientID = clientId;
  editor.on('update', (update: Uint8Array) => updates.push(update));
  for (const text of texts) editor.getText('text').insert(editor.getText('text').length, text);
  return updates;
}

describe('who hears of it', () => {
  it('[F1] sends an edit to everybody but its author', async () => {
    const [alice, bob] = [join(), join()];
    const [update] = editsBy(1, 'a') as [Uint8Array];
    edit(update, alice.connection);
    await until('bob hears of it', () => bob.received.length === 1);
    expect(bob.received).toEqual([update]);
    expect(alice.received).toEqual([]);
  });

  it('[F1] sends what two have typed at the same moment to both', async () => {
    const [alice, bob] = [join(), join()];
    edit(editsBy(1, 'a')[0] as Uint8Array, alice.connection);
    edit(editsBy(2, 'b')[0] as Uint8Array, bob.connection);
    await until('both hear of it', () => alice.received.length === 1 && bob.received.length === 1);
    expect(alice.received).toEqual(bob.received);
  });

  it('[F1] sends what the server has edited to everybody', async () => {
    const alice = join();
    document.getText('text').insert(0, 'from the server');
    await until('alice hears of it', () => alice.received.length === 1);
  });

  it('[F1] sends an edit that had to wait to whoever brought what it waited for', async () => {
    const [alice, bob] = [join(), join()];
    const [first, second] = editsBy(1, 'a', 'b') as [Uint8Array, Uint8Array];
    edit(second, alice.connection);
    edit(first, bob.connection);
    await until('bob hears of it', () => bob.received.length === 1);
    const seen = new Y.Doc();
    Y.applyUpdate(seen, bob.received[0] as Uint8Array);
    expect(seen.getText('text').toString()).toBe('ab');
  });
});

describe('how soon', () => {
  it('[F2] gathers, in a large room, what comes within a moment', async () => {
    const people = Array.from({ length: 400 }, join);
    await fanOut.connected({ connection: people[0]?.connection } as never);
    for (const update of editsBy(1, 'a', 'b')) {
      edit(update, people[0]?.connection as Connection);
      await new Promise(setImmediate);
    }
    await until('the last one hears of it', () => people.at(-1)?.received.length);
    expect(people.at(-1)?.received).toHaveLength(1);
    expect(people[0]?.received).toEqual([]);
  });

  it('[F2] sends at once again when the room has become small', async () => {
    const people = Array.from({ length: 400 }, join);
    await fanOut.connected({ connection: people[0]?.connection } as never);
    for (const { connection } of people.slice(100)) document.removeConnection(connection);
    await fanOut.onDisconnect({ document } as never);
    expect(document.flushDelay).toBe(0);
  });

  it('[F2] does not gather more than a megabyte', async () => {
    const people = Array.from({ length: 400 }, join);
    await fanOut.connected({ connection: people[0]?.connection } as never);
    edit(editsBy(1, 'a'.repeat(1_100_000))[0] as Uint8Array, people[0]?.connection as Connection);
    expect(people.at(-1)?.received).toHaveLength(1);
  });
});
