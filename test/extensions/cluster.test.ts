/**
 * Several nodes in one room, each a whole server, on one Redis.
 */

import { afterAll, afterEach, expect, it } from 'vitest';
import { allFeatures, type Base } from '../../markdown/index.ts';
import { WorkerConverter } from '../../server/conversion/converter.ts';
import { RealtimeError } from '../../server/errors.ts';
import { Admin } from '../helpers/admin.ts';
import type { Clerk } from '../helpers/clerk.ts';
import { ClusterTown, type ClusterTownOptions, type TownNode } from '../helpers/cluster-town.ts';
import { until } from '../helpers/until.ts';

let town: ClusterTown;
const converter = new WorkerConverter({
  markdown: { dialect: 'tiptap', features: [...allFeatures] },
  deadlineMs: 5_000,
});
afterAll(() => converter.close());
afterEach(() => town.close());

async function opened(options: ClusterTownOptions = {}): Promise<ClusterTown> {
  town = await ClusterTown.open(options);
  return town;
}

async function allEqual(clerks: readonly Clerk[], ...texts: string[]): Promise<void> {
  const [first, ...others] = clerks as [Clerk, ...Clerk[]];
  await until(
    'everybody sees the same',
    () => texts.every((text) => first.text.includes(text)) && others.every(({ text }) => text === first.text),
  );
  // Once, and not twice.
  for (const text of texts) expect(first.text.split(text)).toHaveLength(2);
}

it('[K5] shows everybody what is typed at any node, and it is in the draft, written once', async () => {
  await opened({ nodes: 3 });
  const clerks = await Promise.all([0, 1, 2].map(async (node) => (await town.join(node)).synced()));
  for (const [who, clerk] of clerks.entries()) clerk.type('Noise', ` «${who}»`);
  await Promise.all(clerks.map((clerk) => clerk.saved()));
  await allEqual(clerks, '«0»', '«1»', '«2»');
  await until('the draft has it', async () => (await town.draftOf())?.includes('«1»'));
  const late = await (await town.join(await town.addNode())).synced();
  expect(late.text).toBe(clerks[0]?.text);
  expect(town.nodes.filter(({ redis }) => redis.leases.holds('record:noise-bylaw'))).toHaveLength(1);
});

it('[K5] begins a record once that two nodes open at the same time', async () => {
  await opened();
  const [one, other] = [await town.join(0), await town.join(1, 'noise-bylaw', 'bob')];
  await Promise.all([one.synced(), other.synced()]);
  one.type('Noise', ' «1»');
  other.type('Respecting', ' «2»');
  await Promise.all([one.saved(), other.saved()]);
  await allEqual([one, other], '«1»', '«2»');
  const next = await (await town.join(await town.addNode())).synced();
  await allEqual([one, other, next], '«1»', '«2»', 'Respecting');
});

it('[K5] opens what another node has begun while the record was being read', async () => {
  await opened({ nodes: 1 });
  let goOn = () => undefined as unknown;
  const held = new Promise((resolve) => {
    goOn = () => resolve(undefined);
  });
  let isAsked = false;
  const slow = await town.addNode((real) => ({
    writeDraft: (...args) => real.writeDraft(...args),
    async read(recordId) {
      isAsked = true;
      await held;
      return real.read(recordId);
    },
  }));
  const late = await town.join(slow, 'noise-bylaw', 'bob');
  await until('it reads the record', () => isAsked);
  const alice = await (await town.join(0)).synced();
  alice.type('Noise', ' «1»');
  await until('the draft has it', async () => (await town.draftOf())?.includes('«1»'));
  goOn();
  await late.synced();
  alice.type('«1»', ' «2»');
  late.type('Respecting', ' «3»');
  await allEqual([alice, late], '«1»', '«2»', '«3»');
  expect({ refusals: late.refusals, closeCodes: late.closeCodes }).toEqual({ refusals: [], closeCodes: [] });
});

it('[K5] brings nodes together again that were cut off and went on, without another edit', async () => {
  await opened();
  const [one, other] = [await (await town.join(0)).synced(), await (await town.join(1)).synced()];
  const { line } = town.nodes[1] as TownNode;
  for (const mode of ['cut', 'silent'] as const) {
    line.mode = mode;
    one.type('Noise', ` «a ${mode}»`);
    other.type('Respecting', ` «b ${mode}»`);
    await one.saved();
    expect(other.provider.unsyncedChanges).toBeGreaterThan(0);
    line.mode = 'pass';
    await until('the same is everywhere', () => one.text === other.text && one.text.includes(`«b ${mode}»`));
    await other.saved();
    await allEqual([one, other], `«a ${mode}»`, `«b ${mode}»`);
  }
});

it('[K5] waits for no pause with what it could not append, once Redis is back', async () => {
  await opened({ nodes: 1, settings: { 'saving.retry_min_ms': 120_000, 'saving.retry_max_ms': 120_000 } });
  const alice = await (await town.join(0)).synced();
  const { line } = town.nodes[0] as TownNode;
  line.mode = 'cut';
  alice.type('Noise', ' «1»');
  await alice.noticed('could-not-save');
  line.mode = 'pass';
  await alice.saved();
});

it('[K5] opens a document anew at a node that was away for longer than the journal goes back', async () => {
  await opened({ settings: { 'snapshots.max_updates': 2 } });
  const [one, other] = [await (await town.join(0)).synced(), await (await town.join(1)).synced()];
  one.type('Noise', ' «before»');
  await other.sees('«before»');
  await until('the first one keeps it', () => town.keeperOf() === town.nodes[0]);
  const { line } = town.nodes[1] as TownNode;
  line.mode = 'cut';
  other.type('Respecting', ' «apart»');
  for (let round = 1; round <= 4; round += 1) {
    one.type('Noise', ` «${round}»`);
    await one.saved();
    await until(
      'it is in a snapshot',
      async () => (await town.snapshots.list('record:noise-bylaw')).length > round,
    );
  }
  line.mode = 'pass';
  await other.sees('«4»');
  await other.saved();
  await allEqual([one, other], '«before»', '«1»', '«4»', '«apart»');
  const isAnew = town.nodes[1]?.log.lines.some(({ message }) => message === 'a document is opened anew');
  expect(isAnew).toBe(true);
});

it('[K6] has one node write drafts and snapshots, and the next one when that is cut off', async () => {
  await opened();
  const [one, other] = [await (await town.join(0)).synced(), await (await town.join(1)).synced()];
  const keeper = await until('somebody keeps it', () => town.keeperOf());
  const [kept, apart] = keeper === town.nodes[0] ? [one, other] : [other, one];
  kept.type('Noise', ' «1»');
  await apart.saved();
  await until('the draft has it', async () => (await town.draftOf())?.includes('«1»'));
  keeper.line.mode = 'silent';
  apart.type('Respecting', ' «2»');
  await apart.saved();
  await until('the successor writes it', async () => (await town.draftOf())?.includes('«2»'));
  expect(town.keeperOf()).not.toBe(keeper);
  keeper.line.mode = 'pass';
  kept.type('Bylaw', ' «3»');
  await until('what comes from there is written, too', async () => (await town.draftOf())?.includes('«3»'));
  await allEqual([one, other], '«1»', '«2»', '«3»');
  // Nobody has taken the other's draft for a change from outside.
  for (const { notices } of [one, other]) {
    expect(notices.map(({ event }) => event)).not.toContain('changed-outside');
  }
});

it('[K6] loses nothing when nodes are replaced one by one while people type, and hands over at once', async () => {
  await opened();
  for (let round = 0; round < 2; round += 1) {
    const [old] = town.nodes as [TownNode];
    const clerk = await (await town.join(1)).synced();
    const leaving = await (await town.join(0)).synced();
    leaving.type('Noise', ` «old ${round}»`);
    await leaving.saved();
    expect(await old.stop()).toEqual([]);
    clerk.type('Respecting', ` «${round}»`);
    await clerk.saved();
    await until('somebody keeps it', () => town.keeperOf() === town.nodes[1], 4_000);
    await allEqual([clerk], `«old ${round}»`, `«${round}»`);
    town.nodes.shift();
    await town.addNode();
  }
  const late = await (await town.join(1)).synced();
  await allEqual([late], '«old 0»', '«0»', '«old 1»', '«1»');
  await until('the draft has it', async () => (await town.draftOf())?.includes('«1»'));
});

it('[K6] finishes what a node left behind that nobody else had open', async () => {
  await opened({ settings: { 'writeback.after_ms': 1_000, 'writeback.at_latest_ms': 1_000 } });
  const alice = await (await town.join(0)).synced();
  await until('it is kept', () => town.keeperOf() === town.nodes[0]);
  alice.type('Noise', ' «1»');
  await alice.saved();
  (town.nodes[0] as TownNode).line.mode = 'cut';
  await until('the other one writes it', async () => (await town.draftOf())?.includes('«1»'));
  expect(town.keeperOf()).toBe(town.nodes[1]);
});

it('[K6] restores a version at whatever node it is asked for', async () => {
  await opened();
  const [one, other] = [await (await town.join(0)).synced(), await (await town.join(1)).synced()];
  const keeper = await until('somebody keeps it', () => town.keeperOf());
  const elsewhere = town.nodes.find((node) => node !== keeper) as TownNode;
  const admin = new Admin(elsewhere.url, 'noise-bylaw', await town.tokenOf('alice'));
  const before = one.text;
  one.type('Noise', ' «1»');
  await other.sees('«1»');
  expect((await admin.post('snapshot')).status).toBe(200);
  expect(town.keeperOf()).toBe(elsewhere);
  one.erase(' «1»');
  await until('it is gone', () => other.text === before);
  const back = new Admin(keeper.url, 'noise-bylaw', await town.tokenOf('alice'));
  expect((await back.post('versions/1/restore')).status).toBe(200);
  await allEqual([one, other], '«1»');
  await until('the draft has it', async () => (await town.draftOf())?.includes('«1»'));
});

it('[K6] [V10] writes the bytes of a version that was restored at a node which left before its record had them', async () => {
  await opened({ nodes: 1, settings: { 'shutdown.deadline_seconds': 1 } });
  let refuses = false;
  const first = await town.addNode((real) => ({
    read: (recordId) => real.read(recordId),
    async writeDraft(...args) {
      if (refuses) throw new RealtimeError('civicpress-unavailable');
      return real.writeDraft(...args);
    },
  }));
  // Only the restored text says how it was spelled: the document and the record do not.
  const plan = 'Plan\n====\n\n*  First   point\n*  Second __point__\n';
  const respelled = plan.replace('__point__', '**point**').replace('Plan\n====', '# Plan');
  await town.putDraft('noise-bylaw', plan);
  const alice = await (await town.join(first)).synced();
  const admin = new Admin(first.url, 'noise-bylaw', await town.tokenOf('alice'));
  const version = await admin.snapshot();
  expect(town.keeperOf()).toBe(first);
  await town.putDraft('noise-bylaw', respelled);
  alice.replace('First', 'Premier');
  const edited = respelled.replace('First', 'Premier');
  await until('the draft has both', async () => (await town.draftOf()) === edited);
  refuses = true;
  await admin.restore(version);
  await alice.sees('First');
  expect(await town.draftOf()).toBe(edited);
  expect(await first.stop()).toEqual(['record:noise-bylaw']);
  await until('the successor writes it', async () => (await town.draftOf()) === plan);
  expect(town.keeperOf()).toBe(town.nodes[0]);
});

it('[K5] begins a document anew for everybody when one node does', async () => {
  await opened();
  const one = await (await town.join(0)).synced();
  one.type('Noise', ' «1»');
  await one.saved();
  // As a node does that was started with other features: the text is the same, its history is not.
  const journal = town.nodes[1]?.redis.journal;
  const { entries } = (await journal?.read('record:noise-bylaw', null)) ?? { entries: [] };
  const base = { ...(entries[0]?.base as Base), markdown: 'Another text.\n' };
  const { state } = await converter.seed('Another text.\n', 'noise-bylaw');
  await journal?.append('record:noise-bylaw', [{ update: state, base, user: null, at: Date.now() }]);
  expect(await one.refused()).toMatch('opened this record anew');
  const late = await (await town.join(0, 'noise-bylaw', 'bob')).synced();
  expect(late.text).toBe('Another text.');
});

/** The names of those whom this clerk sees, other than themselves. */
function seenBy(clerk: Clerk): string[] {
  const { awareness } = clerk.provider;
  const others = [...(awareness?.getStates() ?? [])].filter(([id]) => id !== clerk.document.clientID);
  return others.map(([, state]) => (state as { user?: { name?: string } }).user?.name ?? '').sort();
}

async function sees(clerk: Clerk, ...names: string[]): Promise<void> {
  await until(`they see ${names}`, () => seenBy(clerk).join() === names.join());
}

it('[K9] shows everybody at every node, to those who come later as well, and nobody who left', async () => {
  await opened();
  const alice = await (await town.join(0, 'noise-bylaw', 'alice')).synced();
  const bob = await (await town.join(1, 'noise-bylaw', 'bob')).synced();
  for (const clerk of [alice, bob]) clerk.provider.setAwarenessField('cursor', 1);
  await sees(alice, 'bob');
  await sees(bob, 'alice');
  const carol = await (await town.join(await town.addNode(), 'noise-bylaw', 'carol')).synced();
  carol.provider.setAwarenessField('cursor', 1);
  await sees(carol, 'alice', 'bob');
  await sees(alice, 'bob', 'carol');
  bob.provider.setAwarenessField('cursor', 7);
  await until('the cursor moves', () =>
    [...(carol.provider.awareness?.getStates().values() ?? [])].some((state) => state.cursor === 7),
  );
  // Whose line was lost sees at once who has said nothing meanwhile: long before a window says that it is still there.
  alice.socket.disconnect();
  await sees(alice);
  await sees(carol, 'bob');
  await alice.socket.connect();
  await until('everybody is back', () => seenBy(alice).join() === 'bob,carol', 8_000);
  bob.leave();
  await sees(carol, 'alice');
  await sees(alice, 'carol');
});

it('[K9] shows nobody at a node that is silent for ten seconds, and everybody again when it speaks', async () => {
  await opened();
  const alice = await (await town.join(0, 'noise-bylaw', 'alice')).synced();
  const bob = await (await town.join(1, 'noise-bylaw', 'bob')).synced();
  for (const clerk of [alice, bob]) clerk.provider.setAwarenessField('cursor', 1);
  await sees(alice, 'bob');
  await sees(bob, 'alice');
  const { line } = town.nodes[1] as TownNode;
  line.mode = 'silent';
  const silentSince = performance.now();
  await sees(alice);
  expect(performance.now() - silentSince).toBeLessThan(11_000);
  await sees(bob);
  line.mode = 'pass';
  await sees(alice, 'bob');
  await sees(bob, 'alice');
});

it('[K10] tells the room at every node what the one that keeps it has to say', async () => {
  await opened();
  const [one, other] = [await (await town.join(0)).synced(), await (await town.join(1)).synced()];
  await until('somebody keeps it', () => town.keeperOf());
  one.type('Noise', ' «1»');
  await Promise.all([one.noticed('saved'), other.noticed('saved')]);

  // Whoever comes in looks at the record, wherever they come in.
  await town.putDraft('noise-bylaw', (await town.draftOf())?.replace('«1»', '«from outside»') ?? '');
  const elsewhere = town.keeperOf() === town.nodes[0] ? 1 : 0;
  await until('whoever comes in brings it', async () => {
    const late = await (await town.join(elsewhere, 'noise-bylaw', 'bob')).synced();
    late.leave();
    return one.text.includes('«from outside»');
  });
  await Promise.all([one.noticed('changed-outside'), other.noticed('changed-outside')]);
});

it('[K10] takes nothing more at any node into a record that is gone, whatever node finds out', async () => {
  await opened({ settings: { 'admin.token': 'operators-of-the-cluster-tests' } });
  const [one, other] = [await (await town.join(0)).synced(), await (await town.join(1)).synced()];
  const keeper = await until('somebody keeps it', () => town.keeperOf());
  await town.removeRecord('noise-bylaw');
  const elsewhere = town.nodes.find((node) => node !== keeper) as TownNode;
  await until('another node is asked to look', async () => {
    const admin = new Admin(elsewhere.url, 'noise-bylaw', 'operators-of-the-cluster-tests');
    return (await admin.post('check')).status === 200;
  });
  await Promise.all([one.noticed('record-gone'), other.noticed('record-gone')]);
  other.type('Noise', ' «after»');
  await until('they may only read', () => other.provider.authorizedScope === 'readonly');
  expect(one.text).not.toContain('«after»');
});

it('[K8] is not ready while Redis is away, lets nobody in, and becomes ready by itself', async () => {
  await opened({ nodes: 1 });
  const { url, line } = town.nodes[0] as TownNode;
  const statusOf = async (path: string) => (await fetch(`${url}${path}`)).status;
  line.mode = 'cut';
  const clerk = await town.join(0);
  expect(await clerk.refused()).toMatch('could not be opened');
  expect(await statusOf('/ready')).toBe(503);
  expect(await statusOf('/health')).toBe(200);
  line.mode = 'pass';
  await until('it is ready', async () => (await statusOf('/ready')) === 200);
  await clerk.synced();
});
