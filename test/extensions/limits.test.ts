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

it('[A8] counts those who come at the same moment', async () => {
  townHall = await TownHall.open({ settings: { 'rate_limiting.connections_per_user': 2 } });
  const token = await townHall.tokenOf('alice');
  const clerks = Array.from({ length: 8 }, () => townHall.joinWith('noise-bylaw', token));
  await until('each is in or refused', () =>
    clerks.every(({ provider, refusals }) => provider.isSynced || refusals.length > 0),
  );
  expect(clerks.filter(({ provider }) => provider.isSynced)).toHaveLength(2);
});

it('[R3] takes the edits that wait also when their author has left', async () => {
  townHall = await TownHall.open({
    settings: { 'rate_limiting.messages_per_second': 30, 'rooms.cleanup_timeout': 0 },
  });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', 'x'.repeat(640));
  alice.leave();
  await until('the draft has all of them', async () =>
    (await townHall.draftOf('noise-bylaw'))?.includes('x'.repeat(640)),
  );
});
