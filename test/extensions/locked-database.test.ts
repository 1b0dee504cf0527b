/**
 * A database that another process holds: nothing is acknowledged, nothing stands still, and all goes on by itself.
 *
 * `LOCKED_SECONDS=60 npx vitest run test/extensions/locked-database` holds it for a minute.
 */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { lockDatabase } from '../helpers/database-lock.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const lockedMs = Number(process.env.LOCKED_SECONDS ?? 4) * 1_000;
const settings = { 'saving.retry_min_ms': 500, 'saving.retry_max_ms': 2_000 };

it(
  '[J5] acknowledges nothing while the journal is locked, goes on seeing, and stores within 2 s of its release',
  async () => {
    townHall = await TownHall.open({ settings });
    const alice = await (await townHall.join('noise-bylaw')).synced();
    const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
    alice.type('Noise', ' BEFORE');
    await alice.saved();
    const unlock = await lockDatabase(join(townHall.folder, 'journal.sqlite'));
    const loop = monitorEventLoopDelay({ resolution: 10 });
    loop.enable();
    const endAt = performance.now() + lockedMs;
    alice.type('Noise', ' MEANWHILE');
    await bob.sees('MEANWHILE');
    while (performance.now() < endAt) {
      await delay(100);
      expect(alice.provider.unsyncedChanges).toBeGreaterThan(0);
    }
    const heard = (event: string) =>
      bob.notices.some((notice) => notice.event === event && notice.data.layer === 'journal');
    expect(heard('could-not-save')).toBe(true);
    loop.disable();
    await unlock();
    const releasedAt = performance.now();
    await until('the room hears that it is over', () => heard('saved-again'));
    const storedMs = performance.now() - releasedAt;
    await until('everything is acknowledged', () => alice.provider.unsyncedChanges === 0);
    console.info(
      `locked for ${lockedMs} ms: stored ${Math.round(storedMs)} ms after; ` +
        `the event loop waited ${Math.round(loop.max / 1e6)} ms at most`,
    );
    expect(storedMs).toBeLessThan(5_000);
    expect(loop.max / 1e6).toBeLessThan(1_000);
  },
  lockedMs + 30_000,
);

it('[J5] passes over a short lock without a word', async () => {
  townHall = await TownHall.open({ settings });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  await alice.saved();
  const unlock = await lockDatabase(join(townHall.folder, 'journal.sqlite'));
  alice.type('Noise', ' SHORT');
  await delay(800);
  expect(alice.provider.unsyncedChanges).toBeGreaterThan(0);
  await unlock();
  await alice.saved();
  expect(alice.notices.filter(({ event }) => event === 'could-not-save')).toEqual([]);
  expect(alice.closeCodes).toEqual([]);
});

it('[P2] makes the snapshot when a lock on the snapshots is over', async () => {
  townHall = await TownHall.open({ settings: { ...settings, 'snapshots.max_updates': 3 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const unlock = await lockDatabase(join(townHall.folder, 'snapshots.sqlite'));
  alice.type('Noise', 'abc');
  await alice.saved();
  expect(await alice.noticed('could-not-save')).toMatchObject({ layer: 'snapshot' });
  await unlock();
  expect(await alice.noticed('saved-again')).toMatchObject({ layer: 'snapshot' });
});
