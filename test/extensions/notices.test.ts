/**
 * What the room hears.
 */
import { afterEach, expect, it } from 'vitest';
import { errors } from '../../server/errors.ts';
import { TownHall } from '../helpers/town-hall.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

it('[N1] tells everybody when the text is in the draft', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  alice.type('Noise', ' x');
  const saved = { at: expect.any(Number), version: expect.any(String), by: ['alice'] };
  expect(await bob.noticed('saved')).toEqual(saved);
  expect(await townHall.draftOf('noise-bylaw')).toContain('Noise x');
});

it('[N1] tells who comes later of trouble that lasts, and when it is over', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  townHall.wire.only = (method) => method === 'PUT';
  townHall.wire.mode = 'error500';
  alice.type('Noise', ' x');
  await alice.noticed('could-not-save');

  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  expect(await bob.noticed('could-not-save')).toMatchObject({
    layer: 'writeback',
    reason: errors['civicpress-unavailable'].reason,
  });
  townHall.wire.mode = 'pass';
  await bob.noticed('saved-again');
});
