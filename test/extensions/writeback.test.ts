/**
 * What reaches the record's draft, when, and what never does.
 */
import { afterEach, expect, it } from 'vitest';
import { errors } from '../../server/errors.ts';
import type { Clerk } from '../helpers/clerk.ts';
import type { FlakyMode } from '../helpers/flaky-proxy.ts';
import { flakySnapshots } from '../helpers/flaky-snapshots.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const puts = () => townHall.wire.requests.filter(({ method }) => method === 'PUT');
/** A town hall that ended before its draft could say this. */
async function endOwing(word: string): Promise<void> {
  townHall = await TownHall.open({ settings: { 'shutdown.deadline_seconds': 0 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.wire.mode = 'error500';
  alice.type('Noise', ` ${word}`);
  await alice.noticed('could-not-save');
  await townHall.close({ keepFolder: true });
}

const draftWith = (text: string, recordId = 'noise-bylaw') =>
  until(
    `the draft says "${text}"`,
    async () => {
      const draft = await townHall.draftOf(recordId);
      return draft?.includes(text) ? draft : null;
    },
    5_000,
  );

it('[W1] makes no request for an edit that was taken back', async () => {
  townHall = await TownHall.open({ settings: { 'writeback.after_ms': 100 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const { text } = alice;
  alice.replace('Noise', 'Silence');
  alice.replace('Silence', 'Noise');
  await alice.noticed('saved');
  expect(alice.text).toBe(text);
  expect(puts()).toEqual([]);
});

it('[W2] makes a draft with every field of the record', async () => {
  townHall = await TownHall.open();
  const { title, type, metadata } = await townHall.recordOf('noise-bylaw');
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', ' EDITED');
  await draftWith('EDITED');
  expect(await townHall.recordOf('noise-bylaw')).toMatchObject({ title, type, metadata, isDraft: true });
});

it.each<FlakyMode>(['error500', 'busy429', 'silent', 'refuse'])(
  '[W3] while CivicPress answers with "%s", editing goes on, and the draft is written when it is back',
  async (mode) => {
    townHall = await TownHall.open({ settings: { 'civicpress.timeout_ms': 600 } });
    const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
    const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
    townHall.wire.mode = mode;
    alice.type('Noise', ' MEANWHILE');
    await alice.saved();
    await bob.sees('MEANWHILE');
    const { reason, layer } = await alice.noticed('could-not-save');
    expect(layer).toBe('writeback');
    expect(Object.values(errors).map((entry) => entry.reason)).toContain(reason);

    townHall.wire.mode = 'pass';
    await draftWith('MEANWHILE');
    await alice.noticed('saved-again');
  },
);

it('[W3] keeps the room until the draft is written, even when everyone has left', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 0 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.wire.mode = 'error500';
  alice.type('Noise', ' OWED');
  await alice.noticed('could-not-save');
  alice.leave();
  const tries = townHall.wire.requests.length;
  await until('it was tried again', () => townHall.wire.requests.length > tries + 2);
  expect(townHall.server.hocuspocus.documents.size).toBe(1);

  townHall.wire.mode = 'pass';
  await draftWith('OWED');
  await until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);
});

it('[W3] leaves CivicPress alone until its Retry-After is over', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.wire.mode = 'busy429';
  townHall.wire.retryAfterSeconds = 1;
  townHall.wire.requests.length = 0;
  alice.type('Noise', ' PATIENT');
  await alice.noticed('could-not-save');
  townHall.wire.mode = 'pass';
  await draftWith('PATIENT');
  // The refused one, then read, read and write.
  expect(townHall.wire.requests.length).toBeLessThanOrEqual(4);
});

it('[W4] signs in again when the session of the service user has ended', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.civicpress.revokeSessions('realtime');
  alice.type('Noise', ' RENEWED');
  await draftWith('RENEWED');
});

it('[W5] writes after a start what was owed when the process ended', async () => {
  await endOwing('SURVIVOR');

  townHall = await TownHall.open({ folder: townHall.folder });
  await draftWith('SURVIVOR');
  expect(puts()).toHaveLength(1);
});

it('[W6] writes once for many edits', async () => {
  townHall = await TownHall.open({
    settings: { 'writeback.after_ms': 200, 'writeback.at_latest_ms': 60_000 },
  });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  for (const word of ['one', 'two', 'three', 'four']) {
    alice.type('Noise', ` ${word}`);
    await alice.saved();
  }
  await draftWith('four three two one');
  expect(puts()).toHaveLength(1);
});

it('[W6] writes what is owed when the last one leaves', async () => {
  const never = { 'writeback.after_ms': 600_000, 'writeback.at_latest_ms': 600_000 };
  townHall = await TownHall.open({ settings: never });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', ' GOODBYE');
  await alice.saved();
  expect(puts()).toEqual([]);
  alice.leave();
  await draftWith('GOODBYE');
});

it('[W7] writes so many drafts of all rooms in a minute, what is asked for at once, and all of them at a stop', async () => {
  townHall = await TownHall.open({ settings: { 'writeback.drafts_per_minute': 1 } });
  const recordIds = ['noise-bylaw', 'zoning-bylaw', 'privacy-policy'];
  const clerks = await Promise.all(
    recordIds.map(async (recordId) => (await townHall.join(recordId, recordId)).synced()),
  );
  const [alice, bob, carol] = clerks as [Clerk, Clerk, Clerk];
  const typeAnywhere = (clerk: Clerk, word: string) => clerk.type(clerk.text.slice(0, 4), word);
  typeAnywhere(alice, 'FIRST');
  await alice.noticed('saved');
  typeAnywhere(bob, 'SECOND');
  typeAnywhere(carol, 'THIRD');
  await Promise.all([bob.saved(), carol.saved()]);
  const unsaved = () => townHall.server.rooms().flatMap(({ unsavedSince }) => unsavedSince ?? []);
  await until('both wait for a turn', () => unsaved().length === 2);
  expect(puts()).toHaveLength(1);

  await townHall.server.openRooms.flush('zoning-bylaw');
  await bob.noticed('saved');
  expect(await townHall.draftOf('zoning-bylaw')).toContain('SECOND');
  expect([puts().length, unsaved().length]).toEqual([2, 1]);

  expect(await townHall.server.stop()).toEqual([]);
  expect(await townHall.draftOf('privacy-policy')).toContain('THIRD');
});

/** Alice types EARLY and then LATE instead; the draft with EARLY got no answer and arrives behind the other. */
async function earlyDraftArrivesLate() {
  townHall = await TownHall.open({ settings: { 'civicpress.timeout_ms': 500 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.wire.only = (method) => method === 'PUT';
  townHall.wire.mode = 'silent';
  alice.type('Noise', ' EARLY');
  await alice.noticed('could-not-save');
  const published = String((await townHall.recordOf('noise-bylaw')).content);
  alice.replace('EARLY', 'LATE');
  townHall.wire.mode = 'pass';
  await draftWith('Noise LATE');
  await townHall.putDraft('noise-bylaw', `${published.replace('Noise', 'Noise EARLY')}\n`);
  return alice;
}

it('[E2] takes no draft of its own that arrives late for an edit of somebody else', async () => {
  const alice = await earlyDraftArrivesLate();
  alice.type('LATE', ' AND MORE');
  expect(await draftWith('LATE AND MORE')).not.toContain('EARLY');
  expect(alice.text).toContain('Noise LATE AND MORE');
});

it('[E2] writes the draft again that one of its own overwrote, when somebody comes in', async () => {
  const alice = await earlyDraftArrivesLate();
  const wasFreshAt = performance.now();
  alice.leave();
  await until('the record is read again', () => performance.now() - wasFreshAt > 2_000);
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  await draftWith('Noise LATE');
  expect(bob.text).not.toContain('EARLY');
});

it('[W5] writes all that is owed, also when not all rooms can be open at once', async () => {
  townHall = await TownHall.open({ settings: { 'shutdown.deadline_seconds': 0 } });
  const recordIds = ['noise-bylaw', 'privacy-policy', 'zoning-bylaw'];
  const clerks = await Promise.all(recordIds.map(async (id) => (await townHall.join(id)).synced()));
  townHall.wire.mode = 'error500';
  clerks[0]?.type('Noise', ' OWED');
  clerks[1]?.type('Policy', ' OWED');
  clerks[2]?.type('Zoning', ' OWED');
  await Promise.all(clerks.map((clerk) => clerk.noticed('could-not-save')));
  await townHall.close({ keepFolder: true });

  townHall = await TownHall.open({
    folder: townHall.folder,
    settings: { 'rooms.max_rooms': 1, 'rooms.cleanup_timeout': 0 },
  });
  for (const recordId of recordIds) await draftWith('OWED', recordId);
});

it('[W5] starts although what owes a draft cannot be read', async () => {
  await endOwing('OWED');

  const flaky = flakySnapshots({ isUnreadable: true });
  townHall = await TownHall.open({ folder: townHall.folder, snapshots: flaky.snapshots });
  await until('it was tried', () => flaky.store().reads > 0);
  flaky.store().isUnreadable = false;
  await draftWith('OWED');
});

it('[W5] opens a document that owes a draft also when another one has to go for it', async () => {
  await endOwing('OWED');

  const flaky = flakySnapshots({ isUnreadable: true });
  townHall = await TownHall.open({
    folder: townHall.folder,
    snapshots: flaky.snapshots,
    // Not tried again before somebody comes.
    settings: { 'rooms.max_rooms': 1, 'saving.retry_max_ms': 60_000 },
  });
  await until('it was tried', () => flaky.store().reads > 0);
  flaky.store().isUnreadable = false;
  const bob = await (await townHall.join('zoning-bylaw', 'bob')).synced();
  bob.leave();
  await until('everybody has left', () => townHall.server.hocuspocus.getConnectionsCount() === 0);
  await (await townHall.join('noise-bylaw')).synced();
  await draftWith('OWED');
});

it('[W3] is back within 3 s of CivicPress’ return with the settings that everybody has', async () => {
  townHall = await TownHall.open({ settings: { 'saving.retry_min_ms': 500, 'saving.retry_max_ms': 2_000 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.wire.mode = 'error500';
  alice.type('Noise', ' BACK');
  await until('it was tried some times', () => townHall.wire.requests.length > 5, 15_000);
  townHall.wire.mode = 'pass';
  await until(
    'the draft is written',
    async () => (await townHall.draftOf('noise-bylaw'))?.includes('BACK'),
    3_000,
  );
});

it('[W1] takes back what was written when the answer to it was lost', async () => {
  townHall = await TownHall.open({ settings: { 'civicpress.timeout_ms': 500 } });
  const published = `${(await townHall.recordOf('noise-bylaw')).content}\n`;
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.wire.only = (method) => method === 'PUT';
  townHall.wire.mode = 'silent';
  alice.replace('Noise', 'Silence');
  await alice.noticed('could-not-save');
  await townHall.putDraft('noise-bylaw', published.replace('Noise', 'Silence'));
  alice.replace('Silence', 'Noise');
  await alice.saved();
  townHall.wire.mode = 'pass';
  await until('the draft is as published', async () => (await townHall.draftOf('noise-bylaw')) === published);
});

it('[N2] tells the room that its record is gone, and keeps what was typed', async () => {
  let isGone = false;
  townHall = await TownHall.open({
    records: (real) => ({
      read: async (recordId) => (isGone ? null : real.read(recordId)),
      writeDraft: (...args) => real.writeDraft(...args),
    }),
  });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  isGone = true;
  alice.type('Noise', ' KEPT');
  expect(await alice.noticed('could-not-save')).toMatchObject({ reason: errors['no-such-record'].reason });
  expect(townHall.server.rooms()[0]?.unsavedSince).toBeTypeOf('number');
});

it('[N2] tells the room that the server may not write', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  townHall.civicpress.setRole('realtime', 'public');
  alice.type('Noise', ' KEPT');
  expect(await alice.noticed('could-not-save')).toMatchObject({ reason: errors['service-refused'].reason });
  townHall.civicpress.setRole('realtime', 'clerk');
  await draftWith('KEPT');
});
