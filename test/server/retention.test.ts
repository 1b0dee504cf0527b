import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { SnapshotInfo, SnapshotStore } from '../../server/ports.ts';
import { expired, Retention, type RetentionRule } from '../../server/retention.ts';
import { openMemorySnapshots } from '../helpers/memory-snapshots.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { randomFrom } from '../markdown/helpers/random.ts';

/** Long enough for a busy machine. */
const patience = { timeout: 20_000, interval: 10 };

const hour = 3_600_000;
const day = 24 * hour;
/** Noon, so that an hour more or less is the same day. */
const now = Date.UTC(2026, 10, 21, 12);
const rule: RetentionRule = { keepNewest: 3, keepHourlyHours: 24, keepDailyDays: 30 };

/** Versions of these ages, the oldest first, with revisions from 1 on. */
function versions(ages: readonly number[], names: Record<number, string> = {}): SnapshotInfo[] {
  return ages.map((age, index) => {
    const revision = index + 1;
    return { revision, at: now - age, byteSize: 1, contributors: [], name: names[revision] ?? null };
  });
}

function kept(infos: readonly SnapshotInfo[], by: RetentionRule = rule, at = now): number[] {
  const gone = new Set(expired(infos, by, at));
  return infos.map(({ revision }) => revision).filter((revision) => !gone.has(revision));
}

/** How many versions events have told of. */
function removedIn(events: readonly unknown[]): number {
  return (events as [string, { versions: number[] }][]).flatMap(([, { versions }]) => versions).length;
}

describe('the rule', () => {
  it('[V5] keeps the newest, however old they are', () => {
    expect(kept(versions([9_004, 9_003, 9_002, 9_001, 9_000].map((days) => days * day)))).toEqual([3, 4, 5]);
  });

  it('[V5] keeps the last version of each hour for a day', () => {
    const everyTenMinutes = Array.from({ length: 12 }, (_, index) => 2 * hour - index * (hour / 6));
    // From 10:00 to 11:50: the last of each of both hours, and the three newest.
    expect(kept(versions(everyTenMinutes))).toEqual([6, 10, 11, 12]);
    const aDayOlder = versions(everyTenMinutes.map((age) => age + 25 * hour));
    expect(kept(aDayOlder, { ...rule, keepNewest: 2, keepDailyDays: 0 })).toEqual([11, 12]);
  });

  it('[V5] keeps the last version of each day for a month', () => {
    const thriceADay = Array.from({ length: 120 }, (_, index) => 40 * day - index * 8 * hour);
    const stays = kept(versions(thriceADay), { ...rule, keepHourlyHours: 0 });
    // The three newest, and of each of the thirty days the last.
    expect(stays.length).toBeGreaterThanOrEqual(31);
    expect(stays.length).toBeLessThanOrEqual(33);
    const days = stays.map((revision) => Math.floor((now - (thriceADay[revision - 1] as number)) / day));
    expect(new Set(days).size).toBeGreaterThanOrEqual(30);
    expect(Math.min(...days)).toBe(Math.floor((now - 30 * day) / day));
  });

  it('[V5] keeps what has a name for ever, and that takes no place of the others', () => {
    const old = [9, 8, 7, 6, 5, 4].map((years) => years * 365 * day);
    expect(kept(versions(old, { 1: 'First reading', 6: 'Adopted' }))).toEqual([1, 4, 5, 6]);
  });

  it('[V5] keeps the two newest whatever it says', () => {
    const nothing = { keepNewest: 0, keepHourlyHours: 0, keepDailyDays: 0 };
    expect(kept(versions([3, 2, 1, 0]), nothing)).toEqual([3, 4]);
    expect(kept(versions([0]), nothing)).toEqual([1]);
    expect(kept([], nothing)).toEqual([]);
  });

  it.each([
    ['a year ahead', now + 365 * day],
    ['a year behind', now - 365 * day],
    ['at the epoch', 0],
    ['no number', Number.NaN],
  ])('[V5] keeps the newest by revision while the clock is %s', (_where, at) => {
    // The clock was wrong already while they were written.
    const infos = versions([0, 50 * day, -50 * day, 3 * hour, 2 * hour, 90 * day]);
    expect(kept(infos, rule, at)).toEqual(expect.arrayContaining([4, 5, 6]));
  });

  it('takes versions in any order', () => {
    const infos = versions([90 * day, 80 * day, 70 * day, 60 * day, 50 * day]);
    expect(expired(infos.toReversed(), rule, now).sort()).toEqual(expired(infos, rule, now).sort());
  });

  it('[V5] gives, applied at every write for two months, what the sentence says', () => {
    const random = randomFrom(11);
    let infos: SnapshotInfo[] = [];
    let time = now;
    for (let revision = 1; time < now + 60 * day; revision += 1) {
      time += random(50 * 60_000);
      infos.push({ revision, at: time, byteSize: 1, contributors: [], name: null });
      const gone = new Set(expired(infos, rule, time));
      infos = infos.filter((info) => !gone.has(info.revision));
    }
    const ages = infos.map(({ at }) => time - at);
    // An hour or a day that has only begun counts as one more.
    expect(ages.filter((age) => age < day).length).toBeGreaterThanOrEqual(24);
    expect(ages.filter((age) => age < day).length).toBeLessThanOrEqual(25 + 3);
    expect(ages.filter((age) => age >= day).length).toBeGreaterThanOrEqual(28);
    expect(ages.filter((age) => age >= day).length).toBeLessThanOrEqual(31);
    expect(Math.max(...ages)).toBeLessThan(30 * day);
  });
});

describe('the job', () => {
  const fewest = { keepNewest: 2, keepHourlyHours: 0, keepDailyDays: 0 };

  afterEach(() => {
    vi.useRealTimers();
  });

  it('[V6] removes after a write, and tells', async () => {
    const { snapshots, retention, events } = await office({ 'record:a': 5, 'record:b': 5 });
    await retention.prune('record:a');
    expect(await revisionsOf(snapshots, 'record:a')).toEqual([5, 4]);
    expect(await revisionsOf(snapshots, 'record:b')).toHaveLength(5);
    expect(events).toEqual([['realtime:snapshot:pruned', { documentName: 'record:a', versions: [3, 2, 1] }]]);
    await retention.prune('record:a');
    expect(events).toHaveLength(1);
  });

  it('[V6] tells apart what grew too old from what made room', async () => {
    const { retention, events } = await office(
      { 'record:a': 30 },
      { ...rule, keepNewest: 2, keepDailyDays: 1 },
    );
    await retention.prune('record:a');
    const names = (events as [string, unknown][]).map(([name]) => name);
    expect(names).toEqual(['realtime:snapshot:expired']);
    const [[, told]] = events as [[string, { versions: number[] }]];
    // One an hour for a day is all there is: what is older than that has gone.
    expect(told.versions).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it('[V6] sweeps all documents, one at a time, again and again', async () => {
    const { snapshots, retention, events, concurrency } = await office({
      'record:a': 3,
      'record:b': 4,
      'record:c': 2,
    });
    retention.start();
    await expect.poll(() => removedIn(events), patience).toBe(3);
    await write(snapshots, 'record:c', 3);
    await expect.poll(() => removedIn(events), patience).toBe(4);
    expect(concurrency()).toBe(1);
    expect(await revisionsOf(snapshots, 'record:c')).toEqual([3, 2]);
  });

  it('[V6] logs what it could not remove, and tries again at the next sweep', async () => {
    const { snapshots, retention, events, warnings } = await office({ 'record:a': 3, 'record:b': 3 });
    const remove = vi.spyOn(snapshots, 'remove').mockRejectedValueOnce(new Error('disk full'));
    await retention.prune('record:a');
    expect(warnings).toEqual([{ documentName: 'record:a', cause: 'Error: disk full' }]);
    expect(events).toEqual([]);
    retention.start();
    await expect.poll(() => removedIn(events), patience).toBe(2);
    expect(remove).toHaveBeenCalledWith('record:a', [1]);
  });

  it('[V6] goes on when the documents could not be listed once', async () => {
    const { snapshots, retention, events, warnings } = await office({ 'record:a': 3 });
    vi.spyOn(snapshots, 'documents').mockRejectedValueOnce(new Error('locked'));
    retention.start();
    await expect.poll(() => removedIn(events), patience).toBe(1);
    expect(warnings).toEqual([{ cause: 'Error: locked' }]);
  });

  it('[V5] lets nothing grow old at once when the clock jumps ahead', async () => {
    const { snapshots, retention } = await office({ 'record:a': 9 }, rule);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 365 * day });
    await retention.prune('record:a');
    vi.useRealTimers();
    expect(await revisionsOf(snapshots, 'record:a')).toHaveLength(9);
  });

  it('asks a store without versions for nothing', async () => {
    const { snapshots, retention } = await office({});
    const list = vi.spyOn(snapshots, 'list');
    const documents = vi.spyOn(snapshots, 'documents');
    Object.assign(snapshots, { keepsVersions: false });
    retention.start();
    await retention.prune('record:a');
    await retention.stop();
    expect([list.mock.calls, documents.mock.calls]).toEqual([[], []]);
  });

  it('stops in the middle of its pauses, and lets what is under way end', async () => {
    const { snapshots, retention } = await office({ 'record:a': 3, 'record:b': 3 }, fewest, 3_600_000);
    retention.start();
    const pruned = retention.prune('record:a');
    await retention.stop();
    await pruned;
    expect(await revisionsOf(snapshots, 'record:a')).toEqual([3, 2]);
    await retention.prune('record:b');
    expect(await revisionsOf(snapshots, 'record:b')).toHaveLength(3);
  });

  /** Documents with so many versions each, written one an hour until now. */
  async function office(documents: Record<string, number>, by: RetentionRule = fewest, sweepEveryMs = 20) {
    const snapshots = openMemorySnapshots();
    for (const [name, count] of Object.entries(documents)) {
      for (let revision = 1; revision <= count; revision += 1) {
        await write(snapshots, name, revision, (count - revision) * hour);
      }
    }
    let atOnce = 0;
    let most = 0;
    const list = snapshots.list.bind(snapshots);
    snapshots.list = async (name) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      return list(name);
    };
    const events: unknown[] = [];
    const warnings: unknown[] = [];
    const silent = () => undefined;
    const retention = new Retention({
      snapshots,
      rule: by,
      sweeps: () => true,
      sweepEveryMs,
      events: { emit: (...event) => void events.push(event) },
      log: { debug: silent, info: silent, error: silent, warn: (fields) => void warnings.push(fields) },
    });
    onTestFinished(() => retention.stop());
    return { snapshots, retention, events, warnings, concurrency: () => most };
  }
});

it('[V6] of a room that is written to again and again, the newest versions stay', async () => {
  let store: SnapshotStore | undefined;
  const pruned: unknown[] = [];
  const townHall = await TownHall.open({
    settings: {
      'snapshots.max_updates': 1,
      'snapshots.keep_newest': 3,
      'snapshots.keep_hourly_hours': 0,
      'snapshots.keep_daily_days': 0,
    },
    snapshots: (real) => {
      store = real;
      return real;
    },
    events: {
      emit: (name, data) => {
        if (name === 'realtime:snapshot:pruned' && 'versions' in data) pruned.push(data.versions);
      },
    },
  });
  onTestFinished(() => townHall.close());
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const revisions = () => revisionsOf(store as SnapshotStore, 'record:noise-bylaw');
  const newestAfterOneMoreWord = async () => {
    alice.type('Noise', ' more');
    return (await revisions())[0] ?? 0;
  };
  await expect.poll(newestAfterOneMoreWord, { ...patience, interval: 50 }).toBeGreaterThanOrEqual(6);
  await expect.poll(async () => (await revisions()).length, patience).toBe(3);
  expect(pruned.flat()).toEqual(expect.arrayContaining([1, 2, 3]));
  const counted = async () => {
    const metrics = await (await fetch(`${townHall.url}/metrics`)).text();
    return Number(/^realtime_snapshots_removed_total (\d+)/m.exec(metrics)?.[1]);
  };
  await expect.poll(async () => (await counted()) - pruned.flat().length, patience).toBe(0);
});

async function write(snapshots: SnapshotStore, name: string, revision: number, ageMs = 0): Promise<void> {
  const info = { revision, at: Date.now() - ageMs, byteSize: 1, contributors: [], name: null };
  await snapshots.write(name, info, Uint8Array.of(revision));
}

async function revisionsOf(snapshots: SnapshotStore, name: string): Promise<number[]> {
  return (await snapshots.list(name)).map(({ revision }) => revision);
}
