/**
 * Where documents come from, and that no edit leaves memory before it is stored.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { errors } from '../../server/errors.ts';
import type { SnapshotStore } from '../../server/ports.ts';
import { Admin } from '../helpers/admin.ts';
import { flakySnapshots } from '../helpers/flaky-snapshots.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const document = 'record:noise-bylaw';

it('[L1] begins with the published text, and with the draft where there is one', async () => {
  townHall = await TownHall.open();
  await townHall.putDraft('privacy-policy', 'A draft of somebody.\n');
  const onDraft = await (await townHall.join('privacy-policy')).synced();
  const onPublished = await (await townHall.join('noise-bylaw')).synced();
  expect(onDraft.text).toBe('A draft of somebody.');
  expect(onPublished.text).toContain('Noise');
});

it('[L1] goes on from the newest snapshot', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', ' SNAPSHOT');
  await alice.saved();
  await townHall.close({ keepFolder: true });

  townHall = await TownHall.open({ folder: townHall.folder });
  const later = await (await townHall.join('noise-bylaw')).synced();
  expect(later.text).toContain('SNAPSHOT');
  expect(townHall.wire.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
});

it('[L2] seeds a document once for clients who arrive at the same time', async () => {
  townHall = await TownHall.open();
  const clerks = await Promise.all(
    ['alice', 'bob', 'carol', 'dan'].map((name) => townHall.join('noise-bylaw', name)),
  );
  await Promise.all(clerks.map((clerk) => clerk.synced()));
  expect(new Set(clerks.map((clerk) => clerk.text)).size).toBe(1);
  expect(clerks[0]?.text.split('Bylaw 2025-14 Respecting Noise')).toHaveLength(2);
  const reads = townHall.wire.requests.filter(({ path }) => path.includes('/records/noise-bylaw'));
  expect(reads).toHaveLength(1);
});

it('[L2] lets nobody in before all of a long record is there', async () => {
  townHall = await TownHall.open();
  const paragraphs = Array.from({ length: 4_000 }, (_, index) => `Paragraph *${index}*.\n\n`).join('');
  await townHall.createDraftOnly('long', `${paragraphs}The end.\n`);
  const clerks = await Promise.all(['alice', 'bob'].map((name) => townHall.join('long', name)));
  for (const clerk of clerks) {
    await clerk.synced(20_000);
    expect(clerk.text).toContain('The end.');
    expect(clerk.fragment.length).toBe(4_001);
  }
});

it('[L4] leaves nothing behind when a load fails, and loads at the next attempt', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({ snapshots: flaky.snapshots });
  flaky.store().isUnreadable = true;
  const alice = await townHall.join('noise-bylaw');
  expect(await alice.refused()).toBe(errors['document-not-loaded'].reason);
  expect(townHall.server.hocuspocus.documents.size).toBe(0);
  expect(townHall.server.hocuspocus.loadingDocuments.size).toBe(0);

  flaky.store().isUnreadable = false;
  await alice.synced(10_000);
});

it('[S2] writes nothing anywhere for a document that is opened and left', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({ snapshots: flaky.snapshots, settings: { 'rooms.cleanup_timeout': 0 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.leave();
  await until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);
  expect(flaky.store().writes).toBe(0);
  expect(townHall.wire.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
});

it('[P1] makes a snapshot when the interval after an edit is over, whatever is typed meanwhile', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({ snapshots: flaky.snapshots, settings: { 'snapshots.interval': 1 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const startedAt = performance.now();
  await until('it is stored in the midst of typing', async () => {
    alice.type('Noise', 'x');
    return flaky.store().writes > 0;
  });
  expect(performance.now() - startedAt).toBeGreaterThan(900);
});

it('[P1] makes a snapshot at once after so many updates', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({ snapshots: flaky.snapshots, settings: { 'snapshots.max_updates': 5 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', 'four');
  await alice.saved();
  expect(flaky.store().writes).toBe(0);
  alice.type('Noise', '!');
  await until('five edits are stored', () => flaky.store().writes === 1);
});

it('[P1] makes snapshots of a long document after the more updates', async () => {
  const flaky = flakySnapshots();
  const settings = { 'snapshots.max_updates': 5, 'rooms.cleanup_timeout': 0 };
  townHall = await TownHall.open({ snapshots: flaky.snapshots, settings });
  const frontmatter = '---\nid: long\ntitle: Long\ntype: bylaw\nstatus: published\n---\n\n';
  // Nothing makes this shorter.
  const text = `Long ${randomBytes(60_000).toString('base64url')}\n`;
  await writeFile(join(townHall.folder, 'records', 'long.md'), frontmatter + text);

  const alice = await (await townHall.join('long')).synced();
  alice.type('Long', 'first');
  await until('nothing is known of its length', () => flaky.store().writes === 1);
  const [first] = await until('it is there', async () => {
    const infos = await flaky.store().list('record:long');
    return infos.length > 0 ? infos : null;
  });
  const rounds = Math.ceil((first?.byteSize ?? 0) / 32_768);
  expect(rounds).toBeGreaterThan(1);
  alice.type('Long', 'x'.repeat(5 * rounds - 1));
  await alice.saved();
  expect(flaky.store().writes).toBe(1);
  alice.type('Long', '!');
  await until('it is stored', () => flaky.store().writes === 2);

  alice.leave();
  await until('it is closed', () => !townHall.server.hocuspocus.documents.has('record:long'));
  const { writes } = flaky.store();
  const bob = await (await townHall.join('long', 'bob')).synced();
  bob.type('Long', '12345');
  await bob.saved();
  expect(flaky.store().writes).toBe(writes);
});

it('[P1] counts for the next snapshot what came while one is made, and not what that one holds', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({ snapshots: flaky.snapshots, settings: { 'snapshots.max_updates': 5 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const { promise, resolve: release } = Promise.withResolvers<void>();
  flaky.store().held = promise;
  alice.type('Noise', 'five!');
  await until('it is being stored', () => flaky.store().writes === 1);
  alice.type('Noise', 'two');
  await alice.saved();
  release();
  await until('it is there', async () => (await flaky.store().list(document)).length === 1);
  alice.type('Noise', '#');
  await until('the draft has it', async () =>
    String((await townHall.recordOf('noise-bylaw')).markdownBody).includes('#two'),
  );
  expect(flaky.store().writes).toBe(1);
  alice.type('Noise', '5');
  await until('it is stored', () => flaky.store().writes === 2);
});

it('[P1] makes a snapshot when the last one leaves', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({ snapshots: flaky.snapshots });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  alice.type('Noise', ' LAST');
  await alice.noticed('saved');
  alice.leave();
  await bob.sees('LAST');
  expect(flaky.store().writes).toBe(0);
  bob.leave();
  await until('it is stored', () => flaky.store().writes === 1);
  expect(townHall.server.hocuspocus.documents.has(document)).toBe(true);
});

it('[P3] says in a snapshot who edited since the one before', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({ snapshots: flaky.snapshots, settings: { 'snapshots.max_updates': 2 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  for (const [index, clerk] of [alice, bob].entries()) {
    clerk.type('Noise', 'xy');
    await until('it is stored', () => flaky.store().writes === index + 1);
  }
  const [newest, before] = await until('both are listed', async () => {
    const infos = await flaky.store().list(document);
    return infos.length === 2 ? infos : null;
  });
  expect(newest).toMatchObject({ revision: 2, contributors: [{ name: 'bob' }], name: null });
  expect(before).toMatchObject({ revision: 1, contributors: [{ name: 'alice' }] });
});

it('[P2] keeps a room whose snapshot could not be stored, even when everyone has left, and tries again', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({
    snapshots: flaky.snapshots,
    settings: { 'rooms.cleanup_timeout': 0, 'snapshots.max_updates': 1 },
  });
  flaky.store().isFull = true;
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', ' NEVER LOST');
  expect(await alice.noticed('could-not-save')).toMatchObject({ layer: 'snapshot' });
  await alice.saved();
  alice.leave();
  await until('it was tried again', () => flaky.store().writes >= 4);
  expect(townHall.server.hocuspocus.documents.has(document)).toBe(true);
  await until('the draft has it', async () =>
    (await townHall.draftOf('noise-bylaw'))?.includes('NEVER LOST'),
  );

  flaky.store().isFull = false;
  await until('the room is gone', () => !townHall.server.hocuspocus.documents.has(document));
});

it('[P2] stores what was typed while the store before was failing', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({ snapshots: flaky.snapshots, settings: { 'snapshots.max_updates': 1 } });
  flaky.store().isFull = true;
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', ' FIRST');
  await alice.noticed('could-not-save');
  alice.type('Noise', ' SECOND');
  await alice.saved();
  flaky.store().isFull = false;
  await alice.noticed('saved-again');
  await townHall.close({ keepFolder: true });
  townHall = await TownHall.open({ folder: townHall.folder });
  const later = await (await townHall.join('noise-bylaw')).synced();
  expect(later.text).toContain('SECOND FIRST');
});

it('[P4] saves everything on a stop, and names what it could not save', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({
    snapshots: flaky.snapshots,
    settings: { 'writeback.after_ms': 60_000, 'writeback.at_latest_ms': 60_000 },
  });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('privacy-policy', 'bob')).synced();
  alice.type('Noise', ' LAST WORD');
  bob.type('Privacy', ' LAST WORD');
  await Promise.all([alice.saved(), bob.saved()]);
  expect(flaky.store().writes).toBe(0);
  expect(await townHall.server.stop()).toEqual([]);
  expect(flaky.store().writes).toBe(2);
  expect(await townHall.draftOf('noise-bylaw')).toContain('LAST WORD');
  expect(await townHall.draftOf('privacy-policy')).toContain('LAST WORD');
});

it('[P4] ends at the deadline when the disk is full, and names the document', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({
    snapshots: flaky.snapshots,
    settings: { 'shutdown.deadline_seconds': 1 },
  });
  flaky.store().isFull = true;
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', ' x');
  await alice.saved();
  const startedAt = performance.now();
  expect(await townHall.server.stop()).toEqual([document]);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

it('[V5] keeps the two newest snapshots alone where versions are off', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({
    snapshots: flaky.snapshots,
    settings: { 'snapshots.max_updates': 1, 'snapshots.enabled': 'false' },
  });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  for (let count = 1; count <= 4; count += 1) {
    alice.type('Noise', 'x');
    await until('it is stored', () => flaky.store().writes === count);
  }
  await until('the older ones are gone', async () => {
    const revisions = (await flaky.store().list(document)).map(({ revision }) => revision);
    return revisions.join() === '4,3';
  });
});

it('[V2] loses nothing when a version that was asked for is newer than the snapshot behind it', async () => {
  const listing = Promise.withResolvers<void>();
  let isSlow = false;
  townHall = await TownHall.open({
    settings: { 'snapshots.max_updates': 1 },
    snapshots: (real) => ({
      keepsVersions: real.keepsVersions,
      async list(documentName) {
        if (isSlow) await listing.promise;
        return real.list(documentName);
      },
      newest: (...args) => real.newest(...args),
      read: (...args) => real.read(...args),
      write: (...args) => real.write(...args),
      rename: (...args) => real.rename(...args),
      remove: (...args) => real.remove(...args),
      documents: () => real.documents(),
      close: () => real.close(),
    }),
  });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const admin = new Admin(townHall.url, 'noise-bylaw', await townHall.tokenOf('alice'));
  isSlow = true;
  const asked = admin.post('snapshot');
  await delay(50);
  alice.type('Noise', ' FIRST');
  await alice.saved();
  await delay(50);
  alice.type('FIRST', ' SECOND');
  await alice.saved();
  listing.resolve();
  expect((await asked).status).toBe(200);
  await townHall.close({ keepFolder: true });

  townHall = await TownHall.open({ folder: townHall.folder });
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  expect(bob.text).toContain('Noise FIRST SECOND');
});

it('[P4] ends also when the store for snapshots answers nothing any more', async () => {
  const silent = () => new Promise<never>(() => undefined);
  const snapshots: SnapshotStore = {
    keepsVersions: true,
    list: async () => [],
    newest: async () => null,
    read: async () => null,
    write: silent,
    rename: async () => false,
    remove: silent,
    documents: async () => [],
    close: silent,
  };
  townHall = await TownHall.open({
    snapshots: () => snapshots,
    settings: { 'shutdown.deadline_seconds': 1 },
  });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', ' x');
  await alice.noticed('saved');
  const startedAt = performance.now();
  expect(await townHall.server.stop()).toEqual([document]);
  expect(performance.now() - startedAt).toBeLessThan(6_000);
});
