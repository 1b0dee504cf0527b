/** Updates that are cut off, have flipped bits, or are noise: what cannot be read is neither taken nor acknowledged. */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { until } from '../../helpers/until.ts';
import type { Random } from '../../markdown/helpers/random.ts';
import { type Attack, between, oneOf, randomBytes } from '../attack.ts';

function garbled(random: Random, whole: Uint8Array): Uint8Array {
  const kind = oneOf(random, ['cut', 'flipped', 'noise', 'empty'] as const);
  if (kind === 'cut') return whole.subarray(0, 1 + random(whole.length - 1));
  if (kind === 'noise') return randomBytes(random, between(random, 1, 200));
  if (kind === 'empty') return new Uint8Array();
  const flipped = Uint8Array.from(whole);
  const place = random(flipped.length);
  flipped[place] = (flipped[place] ?? 0) ^ (1 << random(8));
  return flipped;
}

function isReadable(update: Uint8Array): boolean {
  try {
    Y.decodeUpdate(update);
    return true;
  } catch {
    return false;
  }
}

export const malformedUpdates: Attack = {
  name: 'malformed-updates',
  async run(site, random) {
    const recordId = `malformed-${random(1e9)}`;
    await site.addRecord(recordId, 'A record.\n');
    const name = `record:${recordId}`;
    const token = await site.tokenOf('mallory-garbles');
    const clerk = await (await site.join(recordId, 'victim')).synced();
    const document = new Y.Doc();
    document.getXmlFragment('default').insert(0, [new Y.XmlText('Some ordinary text, typed by nobody.')]);
    const whole = Y.encodeStateAsUpdate(document);
    for (let round = 0; round < 15; round += 1) {
      const client = await site.connect().enter(name, token);
      if (!client.entered.includes(name)) break;
      client.exchange(name);
      await until('the exchange is acknowledged', () => client.acknowledged > 0 || client.isOver);
      const before = client.acknowledged;
      const updates = Array.from({ length: between(random, 1, 20) }, () => garbled(random, whole));
      for (const update of updates) client.sync(name, oneOf(random, [1, 2, 2, 7]), update);
      if (random(3) === 0) client.sendBytes(randomBytes(random, 50));
      const firstBroken = updates.findIndex((update) => !isReadable(update));
      if (firstBroken < 0) continue;
      await until('it is refused', () => client.denials.length > 0 || client.isOver);
      await delay(50);
      // What came before it may have been in order.
      if (client.acknowledged - before > firstBroken)
        throw new Error('something unreadable was acknowledged');
      client.end();
    }
    clerk.type('record', ' GENUINE');
    await clerk.saved();
    const reader = await (await site.join(recordId, 'reader')).synced();
    await until('both see the same', () => reader.text === clerk.text);
  },
};
