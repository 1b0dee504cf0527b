/**
 * The story of one edit, from the keystroke to the record's draft, with everything real.
 */
import { afterEach, expect, it } from 'vitest';
import { CityHall } from './helpers/city-hall.ts';
import { TownHall } from './helpers/town-hall.ts';
import { until } from './helpers/until.ts';

let townHall: TownHall | CityHall;
afterEach(() => townHall.close());

it.each([
  ['beside CivicPress', TownHall],
  ["in CivicPress' process", CityHall],
])(
  '[S1] two clerks edit a bylaw together %s, and its draft holds the words of both',
  async (_where, Hall) => {
    townHall = await Hall.open();
    const published = String((await townHall.recordOf('noise-bylaw')).content);

    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
    expect(bob.text).toBe(alice.text);

    alice.type('Noise', ' (Alice was here)');
    bob.type('Bylaw', ' [Bob too]');
    await Promise.all([alice.saved(), bob.saved()]);
    await until('both see the same', () => alice.text === bob.text);
    expect(alice.text).toContain('(Alice was here)');
    expect(alice.text).toContain('[Bob too]');

    const draft = await until('the draft is written', async () => {
      const text = await townHall.draftOf('noise-bylaw');
      return text?.includes('(Alice was here)') && text.includes('Bob too') ? text : null;
    });
    const added = draft.split('\n').filter((line) => !published.split('\n').includes(line));
    expect(added.join('\n')).toContain('Bob too');
    expect(draft.length).toBeLessThan(published.length + 100);
  },
);
