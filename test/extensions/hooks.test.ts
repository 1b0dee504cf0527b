/**
 * What CivicPress hears: every event that an ordinary day has, as documented.
 */
import { afterEach, expect, it } from 'vitest';
import { type EventName, eventSchemas } from '../../server/events.ts';
import { flakySnapshots } from '../helpers/flaky-snapshots.ts';
import { TownHall, type TownHallOptions } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

interface Heard {
  readonly name: EventName;
  readonly data: Record<string, unknown>;
}

async function listen(options: TownHallOptions = {}) {
  const heard: Heard[] = [];
  townHall = await TownHall.open({
    ...options,
    events: { emit: (name, data) => void heard.push({ name, data: { ...data } }) },
  });
  const all = (name: EventName) => heard.filter((event) => event.name === name).map(({ data }) => data);
  const first = (name: EventName) => until(`${name} is heard`, () => all(name)[0]);
  return { heard, all, first };
}

const room = { roomId: 'record:noise-bylaw', roomType: 'record', recordId: 'noise-bylaw' };

it('[H1] tells who comes and goes, in the order in which it happens', async () => {
  const { heard, first, all } = await listen({ settings: { 'rooms.cleanup_timeout': 0 } });
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  const public_ = await (await townHall.join('noise-bylaw', 'paul', 'public')).synced();
  alice.leave();
  public_.leave();
  expect(await first('realtime:room:destroyed')).toMatchObject({ ...room, reason: 'left' });
  expect(heard.map(({ name }) => name.split(':').slice(1).join(' '))).toEqual([
    'room created',
    'client connected',
    'client connected',
    'client disconnected',
    'client disconnected',
    'room destroyed',
  ]);
  const [aliceCame, paulCame] = all('realtime:client:connected');
  expect(aliceCame).toMatchObject({ ...room, userName: 'alice', role: 'clerk', access: 'edit' });
  expect(paulCame).toMatchObject({ ...room, userName: 'paul', role: 'public', access: 'read' });
  const aliceLeft = all('realtime:client:disconnected').find(({ userName }) => userName === 'alice');
  expect(aliceLeft?.clientId).toBe(aliceCame?.clientId);
  expect(aliceLeft?.correlationId).toBe(aliceCame?.correlationId);
  expect(aliceCame?.correlationId).not.toBe(paulCame?.correlationId);
});

it('[H1] tells of a snapshot who wrote it', async () => {
  const { first, heard } = await listen({ settings: { 'snapshots.max_updates': 1 } });
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  alice.type('Noise', '!');
  const saved = await first('realtime:snapshot:saved');
  expect(saved).toMatchObject({ ...room, version: 1, contributors: [{ name: 'alice' }] });
  expect(saved.bytes).toBeGreaterThan(100);
  for (const { name, data } of heard) expect(eventSchemas[name].parse(data)).toEqual(data);
});

it('[H2] tells once of something that cannot be stored, and again when it comes back', async () => {
  const { snapshots, store } = flakySnapshots();
  const { all, first } = await listen({ snapshots, settings: { 'snapshots.max_updates': 1 } });
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  const failed = 'realtime:snapshot:writeback-failed';
  for (const times of [1, 2]) {
    store().isFull = true;
    const before = store().writes;
    alice.type('Noise', '!');
    await until('it has been tried thrice', () => store().writes >= before + 3);
    expect(all(failed)).toHaveLength(times);
    store().isFull = false;
    await until('it is stored', () => all('realtime:snapshot:saved').length === times);
    await until(
      'the room hears of it',
      () => alice.notices.filter(({ event }) => event === 'saved-again').length === times,
    );
  }
  expect(await first(failed)).toMatchObject({ ...room, stage: 'snapshot', error: 'not-saved' });
});

it('[H2] tells of words on which room and record do not agree', async () => {
  const { first } = await listen({ settings: { 'writeback.after_ms': 300, 'writeback.at_latest_ms': 300 } });
  await townHall.createDraftOnly('plan', 'One line of the plan.\n');
  const alice = await (await townHall.join('plan', 'alice')).synced();
  alice.replace('line', 'sentence');
  await townHall.putDraft('plan', 'One paragraph of the plan.\n');
  expect(await first('realtime:document:conflict')).toMatchObject({ roomId: 'record:plan', conflicts: 1 });
});

it('[H2] tells once of a document that is full', async () => {
  const { all, first } = await listen({ settings: { 'limits.document_bytes': 65_536 } });
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  for (const clerk of [alice, bob]) {
    clerk.replace('Noise', 'N'.repeat(70_000));
    await clerk.refused();
  }
  const oversize = 'realtime:snapshot:oversize';
  expect(await first(oversize)).toMatchObject({ ...room, limit: 65_536 });
  expect(all(oversize)).toHaveLength(1);
});

it('[H1] tells of a room that ends with the server', async () => {
  const { first } = await listen();
  await (await townHall.join('noise-bylaw', 'alice')).synced();
  await townHall.server.stop();
  expect(await first('realtime:room:destroyed')).toMatchObject({ ...room, reason: 'shutdown' });
});

it('[H2] tells whose rights have gone, and what is left of them', async () => {
  const { all } = await listen();
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  await (await townHall.join('noise-bylaw', 'bob')).synced();
  const revoked = () => all('realtime:access:revoked');
  townHall.civicpress.setRole('bob', 'public');
  townHall.civicpress.revokeSessions('alice');
  await townHall.server.revoke({ recordId: 'noise-bylaw' });
  const ids = all('realtime:client:connected').map(({ userId }) => userId);
  await until('both are told', () => revoked().length === 2);
  expect(
    revoked()
      .map(({ userId, access }) => [userId, access])
      .toSorted(),
  ).toEqual(
    [
      [ids[0], 'none'],
      [ids[1], 'read'],
    ].toSorted(),
  );
  await until('alice is sent away', () => alice.closeCodes.includes(4001));
});
