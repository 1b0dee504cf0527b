/**
 * A few thousand insertions that all conflict, or that cut what is there in pieces: Yjs would be at it for seconds or
 * minutes. At once, or little by little, so that each edit of a few bytes walks past all those before it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { crafted, plainText } from '../../helpers/crafted-updates.ts';
import { until } from '../../helpers/until.ts';
import { type Attack, between, oneOf } from '../attack.ts';

/** So many at once take Yjs more than a second of a quiet machine, or very much more. */
const counts = {
  farApart: [5_000, 20_000],
  inOneKey: [20_000, 50_000],
  cuts: [150_000, 300_000],
  holes: [300_000, 340_000],
} as const;

const kinds = Object.keys(counts) as (keyof typeof counts)[];

/** Edits of the slow variation, and the insertions in each. */
const edits = 200;
const perEdit = 60;

export const conflictingUpdates: Attack = {
  name: 'conflicting-updates',
  async run(site, random) {
    const recordId = `conflicts-${random(1e9)}`;
    await site.addRecord(recordId, 'A record.\n');
    const name = `record:${recordId}`;
    const token = await site.tokenOf(`mallory-conflicts-${random(1e9)}`);
    const witness = await (await site.join(recordId, 'witness')).synced();
    const client = await site.connect().enter(name, token);
    client.exchange(name);
    await until('the exchange is acknowledged', () => client.acknowledged > 0);
    client.edit(name, plainText(700_000));
    await until('the text is acknowledged', () => client.acknowledged > 1);
    const before = client.acknowledged;
    const own = between(random, 1_000, 1e6);
    if (oneOf(random, [true, false])) {
      const kind = oneOf(random, kinds);
      const [least, most] = counts[kind];
      client.sync(name, oneOf(random, [1, 2]), crafted[kind](between(random, least, most), own));
      await until(`"${kind}" is refused`, () => client.isOver || client.denials.length > 0, 30_000);
      if (client.acknowledged > before) throw new Error(`"${kind}" was acknowledged`);
    } else {
      for (let edit = 0; edit < edits && client.isOpen && client.denials.length === 0; edit += 1) {
        client.edit(name, crafted.farApart(perEdit, own, edit * perEdit));
        await delay(10);
      }
      await until('it is sent away', () => client.isOver || client.denials.length > 0, 60_000);
    }
    client.end();
    witness.type('record', ' GENUINE');
    await witness.saved();
  },
};
