/** A reader asks for a document of 1 MB, again and again, and reads the answers or does not. */
import { setTimeout as delay } from 'node:timers/promises';
import { prose } from '../../bench/prose.ts';
import { type Attack, between, oneOf } from '../attack.ts';
import { types } from '../raw-client.ts';

const documentBytes = 1_000_000;
const rounds = 40;

export const questionFlood: Attack = {
  name: 'question-flood',
  async run(site, random) {
    const recordId = `large-${random(1e9)}`;
    await site.addRecord(recordId, prose(documentBytes));
    const name = `record:${recordId}`;
    const token = await site.tokenOf('rita', 'public');
    const readers = await Promise.all(
      Array.from({ length: between(random, 1, 6) }, () => site.connect().enter(name, token)),
    );
    const isReading = random(2) === 0;
    const kind = oneOf(random, ['same', 'varied', 'awareness'] as const);
    for (const reader of readers) if (!isReading) reader.stream.pause();
    for (let round = 0; round < rounds; round += 1) {
      for (const reader of readers) {
        for (let count = 0; count < 100; count += 1) {
          if (kind === 'awareness') reader.send(name, types.queryAwareness, () => undefined);
          else
            reader.askForAll(name, Uint8Array.from([1, ...(kind === 'same' ? [1] : [1 + random(100)]), 0]));
        }
      }
      await delay(50);
    }
  },
};
