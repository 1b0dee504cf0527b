/**
 * A deployment whose editors learn something, or forget it: stored documents follow, and their records do not change.
 */
import { afterEach, expect, it } from 'vitest';
import { XmlElement } from 'yjs';
import { allFeatures, featuresHeldBy } from '../../markdown/index.ts';
import { errors } from '../../server/errors.ts';
import type { Clerk } from '../helpers/clerk.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const plan = '# Plan\n\n| Zone | *Noise*  |\n|------|----------|\n| A    | 45 dB    |\n\nA ~~quiet~~ town.\n';
const changed = (from: string, to: string) => plan.replace(from, to);
const written = () => townHall.wire.requests.filter(({ method }) => method === 'PUT');
const blocksOf = (clerk: Clerk) =>
  clerk.fragment.toArray().map((child) => (child instanceof XmlElement ? child.nodeName : 'text'));

/** Opens the plan, edits it and stops the server. */
async function editAndStop(features: string, edit: (alice: Clerk) => Promise<void>): Promise<void> {
  townHall = await TownHall.open({ settings: { 'document.features': features } });
  await townHall.createDraftOnly('plan', plan);
  const alice = await (await townHall.join('plan')).synced();
  await edit(alice);
  await townHall.close({ keepFolder: true });
}

async function startAgain(features: string, dialect = 'tiptap'): Promise<Clerk> {
  const settings = { 'document.features': features, 'document.dialect': dialect };
  townHall = await TownHall.open({ settings, folder: townHall.folder });
  return (await townHall.join('plan')).synced();
}

const rename = async (alice: Clerk) => {
  alice.replace('Plan', 'Map');
  await alice.noticed('saved');
};

it('[M8] gives editors that learned something what a stored document holds of it, and writes nothing', async () => {
  await editAndStop('strike', rename);
  const alice = await startAgain(allFeatures.join());
  expect(blocksOf(alice)).toEqual(['heading', 'table', 'paragraph']);
  expect(alice.text).toContain('Map');
  await until('nothing is owed', () => townHall.server.rooms().every((room) => room.unsavedSince === null));
  expect(written()).toEqual([]);
  expect(await townHall.draftOf('plan')).toBe(changed('Plan', 'Map'));

  alice.replace('45', '50');
  const louder = changed('Plan', 'Map').replace('45', '50');
  await until('the draft has it', async () => (await townHall.draftOf('plan')) === louder);
});

it('[M8] takes from a stored document what editors no longer know, and writes nothing', async () => {
  await editAndStop(allFeatures.join(), rename);
  const alice = await startAgain('image');
  expect(blocksOf(alice)).toEqual(['heading', 'codeBlock', 'paragraph']);
  expect(alice.text).toContain('A ~~quiet~~ town.');
  await until('nothing is owed', () => townHall.server.rooms().every((room) => room.unsavedSince === null));
  expect(written()).toEqual([]);
  expect(await townHall.draftOf('plan')).toBe(changed('Plan', 'Map'));
});

it("[M10] gives CivicPress' own editor a stored document under its names, and writes nothing but its edit", async () => {
  await editAndStop(allFeatures.join(), rename);
  const alice = await startAgain(featuresHeldBy('civicpress').join(), 'civicpress');
  expect(blocksOf(alice)).toEqual(['heading', 'table', 'paragraph']);
  expect(alice.fragment.toString()).toMatch(/<table_cell [^>]*><paragraph>45 dB/);
  expect(alice.fragment.toString()).toContain('<em>Noise</em>');
  await until('nothing is owed', () => townHall.server.rooms().every((room) => room.unsavedSince === null));
  expect(written()).toEqual([]);

  alice.replace('45', '50');
  const louder = changed('Plan', 'Map').replace('45', '50');
  await until('the draft has it', async () => (await townHall.draftOf('plan')) === louder);
  await townHall.putDraft('plan', louder.replace('quiet', 'busy'));
  alice.replace('50', '60');
  const both = louder.replace('quiet', 'busy').replace('50', '60');
  await until('the draft has both', async () => (await townHall.draftOf('plan')) === both);
  expect(alice.text).toContain('A ~~busy~~ town.');
});

it('[M8] brings an edit that was not written yet into the draft, and nothing beside it', async () => {
  await editAndStop('strike', async (alice) => {
    townHall.wire.only = (method) => method === 'PUT';
    townHall.wire.mode = 'error500';
    alice.replace('town', 'village');
    await alice.saved();
    await alice.noticed('could-not-save');
  });
  const alice = await startAgain(allFeatures.join());
  expect(blocksOf(alice)).toEqual(['heading', 'table', 'paragraph']);
  await until(
    'the draft has it',
    async () => (await townHall.draftOf('plan')) === changed('town', 'village'),
  );
});

it('[M8] merges such an edit with what changed in the record meanwhile', async () => {
  await editAndStop('strike', async (alice) => {
    townHall.wire.only = (method) => method === 'PUT';
    townHall.wire.mode = 'error500';
    alice.replace('town', 'village');
    await alice.noticed('could-not-save');
    await townHall.putDraft('plan', changed('45', '55'));
  });
  const alice = await startAgain(allFeatures.join());
  const both = changed('town', 'village').replace('45', '55');
  await until('the draft has both', async () => (await townHall.draftOf('plan')) === both);
  await alice.sees('55');
});

it('[M8] goes on with a document that reads the same: editors that hold it may come back', async () => {
  const words = '# Plan\n\nA quiet town.\n';
  townHall = await TownHall.open({ settings: { 'document.features': 'strike' } });
  await townHall.createDraftOnly('words', words);
  const alice = await (await townHall.join('words')).synced();
  alice.replace('quiet', 'loud');
  await alice.noticed('saved');
  await townHall.close({ keepFolder: true });

  townHall = await TownHall.open({ folder: townHall.folder });
  const bob = await townHall.join('words', 'bob');
  bob.holds(alice);
  await bob.synced();
  bob.replace('loud', 'lively');
  await bob.noticed('saved');
  expect(await townHall.draftOf('words')).toBe('# Plan\n\nA lively town.\n');
});

it('[L5] refuses an editor that comes back with the document as it was before', async () => {
  let before: Clerk | undefined;
  await editAndStop('strike', async (alice) => {
    before = alice;
    await rename(alice);
  });
  const alice = await startAgain(allFeatures.join());
  const bob = await townHall.join('plan', 'bob');
  bob.holds(before as Clerk);
  expect(await bob.refused()).toBe(errors['document-replaced'].reason);
  expect(blocksOf(alice)).toEqual(['heading', 'table', 'paragraph']);
});
