/**
 * How much one user, and one connection, may ask for.
 */
import { afterEach, expect, it } from 'vitest';
import { errors } from '../../server/errors.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

it('[A8] refuses a user one document too many, and lets it in when another is closed', async () => {
  townHall = await TownHall.open({ settings: { 'rate_limiting.connections_per_user': 2 } });
  const first = await (await townHall.join('noise-bylaw')).synced();
  await (await townHall.join('privacy-policy')).synced();
  const third = await townHall.join('zoning-bylaw');
  expect(await third.refused()).toBe(errors['too-many-connections'].reason);
  const other = await townHall.join('zoning-bylaw', 'bob');
  await other.synced();

  first.leave();
  await third.synced(4_000);
});

it('[R3] slows down a connection that edits too fast for long, and loses nothing', async () => {
  townHall = await TownHall.open({ settings: { 'rate_limiting.messages_per_second': 20 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  const startedAt = performance.now();
  alice.type('Noise', 'x'.repeat(420));
  await bob.sees('x'.repeat(400));
  await bob.sees('x'.repeat(420));
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  expect(alice.closeCodes).toEqual([]);
  await until('everything is acknowledged', () => alice.provider.unsyncedChanges === 0);
});
