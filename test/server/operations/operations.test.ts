/**
 * What operators are told: health, readiness, metrics.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { FlakyJournal } from '../../helpers/flaky-journal.ts';
import { FlakySnapshots } from '../../helpers/flaky-snapshots.ts';
import { TownHall } from '../../helpers/town-hall.ts';
import { until } from '../../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${townHall.url}${path}`, { headers });

async function ready(): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await get('/ready');
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** The value of a line of the metrics; `undefined` when there is none. */
async function metric(line: string): Promise<number | undefined> {
  const text = await (await get('/metrics')).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

describe('health and readiness', () => {
  it('[O1] says that it lives, who is there and since when', async () => {
    townHall = await TownHall.open();
    await (await townHall.join('noise-bylaw')).synced();
    const health = (await (await get('/health')).json()) as Record<string, unknown>;
    expect(health).toMatchObject({ status: 'ok', sockets: 1, connections: 1, rooms: 1 });
    expect(health.uptimeSeconds).toBeTypeOf('number');
    expect(health.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(JSON.stringify(health)).not.toContain('noise');
  });

  it('[O2] is ready once everything that it depends on has answered', async () => {
    townHall = await TownHall.open();
    const { status, body } = await ready();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ready',
      dependencies: { civicpress: { state: 'up' }, journal: { state: 'up' }, snapshots: { state: 'up' } },
    });
  });

  it('[O2] names what does not answer, and is ready again when it does', async () => {
    const flaky: { snapshots?: FlakySnapshots } = {};
    townHall = await TownHall.open({
      snapshots: (real) => {
        flaky.snapshots = new FlakySnapshots(real);
        return flaky.snapshots;
      },
      settings: { 'snapshots.max_updates': 1 },
    });
    (flaky.snapshots as FlakySnapshots).isFull = true;
    const alice = await (await townHall.join('noise-bylaw')).synced();
    alice.type('Noise', '!');
    await until('it is not ready', async () => (await ready()).status === 503);
    const { body } = await ready();
    expect(body).toMatchObject({ status: 'not-ready', dependencies: { snapshots: { state: 'down' } } });
    expect(await metric('realtime_dependency_up{dependency="snapshots"}')).toBe(0);
    (flaky.snapshots as FlakySnapshots).isFull = false;
    await until('it is ready again', async () => (await ready()).status === 200);
  });

  it('[O2] is not ready while CivicPress is away', async () => {
    townHall = await TownHall.open();
    townHall.wire.mode = 'refuse';
    const { status, body } = await ready();
    expect(status).toBe(503);
    expect(body.dependencies).toMatchObject({
      civicpress: { state: 'down', reason: 'civicpress-unavailable' },
      journal: { state: 'up' },
    });
  });

  it('[O2] takes a record that is not there for an answer', async () => {
    townHall = await TownHall.open();
    await (await townHall.join('no-such-record')).refused();
    expect((await ready()).status).toBe(200);
  });
});

describe('metrics', () => {
  it('[O3] counts rooms, people, edits, and how long they took to be durable', async () => {
    townHall = await TownHall.open();
    const alice = await (await townHall.join('noise-bylaw')).synced();
    alice.type('Noise', '!');
    await alice.saved();
    expect(await metric('realtime_rooms{type="record"}')).toBe(1);
    expect(await metric('realtime_connections{type="record"}')).toBe(1);
    expect(await metric('realtime_events_total{event="realtime:client:connected"}')).toBe(1);
    expect(await metric('realtime_journal_append_seconds_count')).toBeGreaterThan(0);
    expect(await metric('realtime_acknowledgement_seconds_count')).toBeGreaterThan(0);
    expect(await metric('realtime_messages_total{direction="in",kind="sync"}')).toBeGreaterThan(1);
    expect(await metric('realtime_messages_total{direction="out",kind="sync-status"}')).toBeGreaterThan(1);
    expect(await metric('realtime_message_bytes_total{direction="out",kind="sync-reply"}')).toBeUndefined();
    await until(
      'the draft is written',
      async () => (await metric('realtime_draft_write_seconds_count')) === 1,
    );
  });

  it('[O3] counts what was refused, and what failed', async () => {
    const flaky: { journal?: FlakyJournal } = {};
    townHall = await TownHall.open({
      journal: (real) => {
        flaky.journal = new FlakyJournal(real);
        return flaky.journal;
      },
    });
    await townHall.joinWith('noise-bylaw', 'nobody').refused();
    expect(await metric('realtime_refused_total{code="not-authenticated"}')).toBe(1);
    const alice = await (await townHall.join('noise-bylaw')).synced();
    (flaky.journal as FlakyJournal).isFull = true;
    alice.type('Noise', '!');
    await until(
      'a failure is counted',
      async () => (await metric('realtime_failures_total{dependency="journal"}')) ?? 0,
    );
    expect(await metric('realtime_unsaved_rooms')).toBe(1);
    (flaky.journal as FlakyJournal).isFull = false;
  });

  it('[O3] never has the name of a document or a user in it', async () => {
    townHall = await TownHall.open();
    const alice = await (await townHall.join('noise-bylaw')).synced();
    alice.type('Noise', '!');
    await alice.saved();
    const text = await (await get('/metrics')).text();
    expect(text).not.toContain('noise-bylaw');
    expect(text).not.toContain('alice');
  });

  it('[O4] are for this machine, and not for who comes through a proxy on it', async () => {
    townHall = await TownHall.open();
    expect((await get('/metrics')).status).toBe(200);
    expect((await get('/metrics', { 'x-forwarded-for': '203.0.113.9' })).status).toBe(401);
  });

  it('[O4] are for whoever has metrics.token, when there is one', async () => {
    const token = 'a token of 24 characters!'.replaceAll(' ', '-');
    townHall = await TownHall.open({ settings: { 'metrics.token': token } });
    expect((await get('/metrics')).status).toBe(401);
    expect((await get('/metrics', { authorization: `Bearer ${token}x` })).status).toBe(401);
    expect((await get('/metrics', { authorization: `Bearer ${token}` })).status).toBe(200);
  });
});
