/**
 * Versions through the running server: making, reading, comparing and restoring them while clerks are in the room.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import * as Y from 'yjs';
import { errors } from '../../server/errors.ts';
import type { Events } from '../../server/ports.ts';
import { Admin } from '../helpers/admin.ts';
import { flakyJournal } from '../helpers/flaky-journal.ts';
import { TownHall, type TownHallOptions } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

/** Spelled as no printer of Markdown would: whatever is printed anew can be told from what is kept. */
const plan = `Plan
====

*  First   point
*  Second __point__

Closing words,
as they were.
`;

async function open(options: TownHallOptions = {}, text = plan) {
  townHall = await TownHall.open(options);
  await townHall.createDraftOnly('plan', text);
  const alice = await (await townHall.join('plan')).synced();
  const admin = new Admin(townHall.url, 'plan', await townHall.tokenOf('alice'));
  return { alice, admin };
}

const draftIs = (text: string) =>
  until('the draft is as expected', async () => (await townHall.draftOf('plan')) === text);

it('[V7] makes a version on demand, and none when nothing changed since the newest', async () => {
  const { alice, admin } = await open();
  const before = Date.now();
  const first = (await admin.post('snapshot')).body;
  expect(first).toEqual({ snapshotCreated: true, version: 1, timestamp: expect.any(Number) });
  expect(first.timestamp as number).toBeGreaterThanOrEqual(before);
  expect((await admin.post('snapshot')).body).toMatchObject({ snapshotCreated: false, version: null });

  alice.type('Closing', '!');
  await alice.saved();
  expect((await admin.post('snapshot')).body).toMatchObject({ snapshotCreated: true, version: 2 });
});

it('[V7] makes a version of a record that nobody has open', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 0 } });
  const admin = new Admin(townHall.url, 'noise-bylaw', await townHall.tokenOf('alice'));
  expect((await admin.post('snapshot')).body).toMatchObject({ snapshotCreated: true, version: 1 });
  await until('the room is gone again', () => townHall.server.hocuspocus.documents.size === 0);
});

it('[V8] lists versions newest first, and gives each as the Markdown that it saves to, or as Yjs', async () => {
  const { alice, admin } = await open();
  await admin.snapshot();
  const bob = await (await townHall.join('plan', 'bob')).synced();
  alice.type('Closing', ' ALICE');
  bob.type('First', ' BOB');
  await Promise.all([alice.saved(), bob.saved()]);
  await admin.snapshot();

  const versions = await admin.versions();
  expect(versions.map(({ revision }) => revision)).toEqual([2, 1]);
  expect(versions[0]?.contributors.map(({ name }) => name).sort()).toEqual(['alice', 'bob']);
  expect(versions[1]).toMatchObject({ contributors: [], name: null, byteSize: expect.any(Number) });
  expect(versions[0]?.at).toBeGreaterThanOrEqual(versions[1]?.at as number);

  expect(await admin.markdown(1)).toBe(plan);
  expect((await admin.get('versions/1?format=markdown')).type).toBe('text/markdown; charset=utf-8');
  const edited = plan.replace('Closing', 'Closing ALICE').replace('First', 'First BOB');
  expect(await admin.markdown(2)).toBe(edited);

  const headers = { authorization: `Bearer ${await townHall.tokenOf('alice')}` };
  const response = await fetch(`${townHall.url}/api/v1/realtime/records/plan/versions/2?format=yjs`, {
    headers,
  });
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  const document = new Y.Doc();
  Y.applyUpdate(document, new Uint8Array(await response.arrayBuffer()));
  expect(document.getXmlFragment('default').toString()).toBe(alice.fragment.toString());
});

it('[V8] names a version, and takes the name away', async () => {
  const { admin } = await open();
  await admin.snapshot();
  const answer = await admin.put('versions/1/name', { name: 'As read to the council' });
  expect(answer.body).toEqual({ revision: 1, name: 'As read to the council' });
  expect((await admin.versions())[0]?.name).toBe('As read to the council');
  await admin.put('versions/1/name', { name: null });
  expect((await admin.versions())[0]?.name).toBeNull();
});

it('[V9] compares two versions, and a version with the live document, as a unified diff', async () => {
  const { alice, admin } = await open();
  await admin.snapshot();
  alice.replace('First', 'Premier');
  await alice.saved();
  await admin.snapshot();
  alice.replace('Closing', 'Final');
  await alice.saved();

  const { text, type } = await admin.get('compare?from=1&to=2');
  expect(type).toBe('text/x-diff; charset=utf-8');
  expect(text).toBe(
    [
      '--- version 1',
      '+++ version 2',
      '@@ -1,8 +1,8 @@',
      ' Plan',
      ' ====',
      ' ',
      '-*  First   point',
      '+*  Premier   point',
      ' *  Second __point__',
      ' ',
      ' Closing words,',
      ' as they were.',
      '',
    ].join('\n'),
  );
  const live = (await admin.get('compare?from=1')).text;
  expect(live).toContain('+++ now\n');
  expect(live.match(/^[-+](?![-+]{2} ).*/gm)).toEqual([
    '-*  First   point',
    '+*  Premier   point',
    '-Closing words,',
    '+Final words,',
  ]);
  expect((await admin.get('compare?from=2&to=2')).text).toBe('');
});

it('[V10] restores a version for everybody at once, with its own bytes, and restoring the one before undoes it', async () => {
  const { alice, admin } = await open();
  const bob = await (await townHall.join('plan', 'bob')).synced();
  const first = await admin.snapshot();

  alice.erase('Second point');
  alice.replace('Closing words,', 'No more words,');
  bob.replace('First', 'Only');
  await Promise.all([alice.saved(), bob.saved()]);
  await until('the draft has the edit', async () => (await townHall.draftOf('plan'))?.includes('No more'));
  const edited = (await townHall.draftOf('plan')) as string;
  const editedText = alice.text;

  const carol = new Admin(townHall.url, 'plan', await townHall.tokenOf('carol'));
  const restored = await carol.restore(first);
  expect(restored).toEqual({ restored: first, before: 2, revision: 3 });
  for (const clerk of [alice, bob]) {
    await clerk.sees('Second point');
    await clerk.sees('Closing words,');
    expect(clerk.text).not.toContain('Only');
    expect(await clerk.noticed('restored')).toEqual({ revision: first, by: 'carol' });
  }
  expect(alice.fragment.toString()).toBe(bob.fragment.toString());
  const [after, before] = await admin.versions();
  expect(after?.contributors.map(({ name }) => name)).toEqual(['carol']);
  expect(before?.contributors.map(({ name }) => name).sort()).toEqual(['alice', 'bob']);
  expect(await admin.markdown(3)).toBe(plan);
  expect(await admin.markdown(2)).toBe(edited);
  await draftIs(plan);

  // Nothing was typed since: the state before this restore is the version that the other one made.
  expect(await admin.restore(restored.before)).toEqual({ restored: 2, before: 3, revision: 4 });
  await alice.sees('No more words,');
  await until('both see the same', () => alice.text === bob.text);
  expect(alice.text).toBe(editedText);
  await draftIs(edited);
});

it('[V10] leaves alone what says it already, so that an edit there and a restore go together', async () => {
  const { alice, admin } = await open();
  await admin.snapshot();
  alice.replace('First', 'Premier');
  await alice.saved();
  const closing = alice.fragment.get(2);
  const [heading, closingText] = [alice.fragment.get(0), (closing as Y.XmlElement).get(0)];

  await admin.restore(1);
  await alice.sees('First');
  expect(alice.fragment.get(0)).toBe(heading);
  expect((alice.fragment.get(2) as Y.XmlElement).get(0)).toBe(closingText);
});

it('[V10] keeps in the version before what was typed while the restore was made', async () => {
  const { alice, admin } = await open();
  await admin.snapshot();
  alice.replace('First', 'Premier');
  await alice.saved();

  const restoring = admin.restore(1);
  let typed = '';
  for (let count = 0; count < 2_000 && alice.text.includes('Premier'); count += 1) {
    const character = String.fromCharCode(97 + (count % 26));
    alice.type(`Premier${typed}`, character);
    typed += character;
    await delay(1);
  }
  const { before } = await restoring;
  await alice.saved();
  const inVersionBefore = /Premier([a-z]*)/.exec(await admin.markdown(before))?.[1] ?? '';
  const [, left = '', right = ''] = /Plan([a-z]*)First([a-z]*)/.exec(alice.text) ?? [];
  expect(typed.length).toBeGreaterThan(0);
  expect(typed).toContain(inVersionBefore);
  expect(left + right).toContain(typed.slice(inVersionBefore.length));
});

it('[V10] restores once when two do it at the same time', async () => {
  const { alice, admin } = await open();
  await admin.snapshot();
  alice.erase('Closing words,');
  await alice.saved();
  const restored = await Promise.all([admin.restore(1), admin.restore(1)]);
  // The one that comes second finds all of it done.
  expect(restored.sort((one, other) => one.before - other.before)).toEqual([
    { restored: 1, before: 2, revision: 3 },
    { restored: 1, before: 3, revision: 3 },
  ]);
  await alice.sees('Closing');
  await draftIs(plan);
  expect(alice.text.split('Closing')).toHaveLength(2);
});

it('[V10] brings back the spelling of a version, also where the words are the same', async () => {
  const { alice, admin } = await open();
  await admin.snapshot();
  const respelled = plan.replace('__point__', '**point**').replace('Plan\n====', '# Plan');
  await townHall.putDraft('plan', respelled);
  alice.type('Closing', '!');
  await until('the draft has both', async () => (await townHall.draftOf('plan'))?.includes('Closing!'));
  expect(await townHall.draftOf('plan')).toBe(respelled.replace('Closing', 'Closing!'));
  await admin.restore(1);
  await draftIs(plan);
});

it('[V10] keeps what others changed in the record before the restored text has arrived there', async () => {
  const { alice, admin } = await open();
  await admin.snapshot();
  alice.replace('First', 'Premier');
  await until('the draft has it', async () => (await townHall.draftOf('plan'))?.includes('Premier'));
  townHall.wire.only = (method) => method === 'PUT';
  townHall.wire.mode = 'error500';
  await admin.restore(1);
  await townHall.putDraft('plan', plan.replace('First', 'Premier').replace('as they were', 'as they are'));
  townHall.wire.mode = 'pass';
  await draftIs(plan.replace('as they were', 'as they are'));
});

it('[V10] is durable when it is answered, with the state before it', async () => {
  const { alice, admin } = await open();
  await admin.snapshot();
  alice.replace('First', 'Premier');
  await alice.saved();
  const { before } = await admin.restore(1);
  await townHall.close({ keepFolder: true });

  townHall = await TownHall.open({ folder: townHall.folder });
  const later = await (await townHall.join('plan')).synced();
  expect(later.text).toContain('First');
  await draftIs(plan);
  const again = new Admin(townHall.url, 'plan', await townHall.tokenOf('alice'));
  expect(await again.markdown(before)).toBe(plan.replace('First', 'Premier'));
});

it('[V10] writes the version’s own bytes also when the server ended before the draft was written', async () => {
  const { alice, admin } = await open({ settings: { 'shutdown.deadline_seconds': 0 } });
  await admin.snapshot();
  const respelled = plan.replace('__point__', '**point**').replace('Plan\n====', '# Plan');
  await townHall.putDraft('plan', respelled);
  alice.type('Closing', '!');
  await until('the draft has both', async () => (await townHall.draftOf('plan'))?.includes('Closing!'));
  townHall.wire.only = (method) => method === 'PUT';
  townHall.wire.mode = 'error500';
  await admin.restore(1);
  expect(await townHall.draftOf('plan')).toContain('Closing!');
  await townHall.close({ keepFolder: true });

  townHall = await TownHall.open({ folder: townHall.folder });
  await draftIs(plan);
});

it('[V10] is not answered before it is durable, while everybody sees it at once', async () => {
  const flaky = flakyJournal();
  const { alice, admin } = await open({ journal: flaky.journal });
  await admin.snapshot();
  alice.replace('First', 'Premier');
  await draftIs(plan.replace('First', 'Premier'));
  flaky.handle().stall();
  let isAnswered = false;
  const restoring = admin.restore(1).finally(() => {
    isAnswered = true;
  });
  await alice.sees('First');
  await alice.noticed('restored');
  // Whatever asks the same thread behind it is answered before it.
  for (let asked = 0; asked < 5; asked += 1) await admin.get('compare?from=1&to=2');
  expect(isAnswered).toBe(false);
  expect(await townHall.draftOf('plan')).toBe(plan.replace('First', 'Premier'));
  flaky.handle().goOn();
  expect(await restoring).toMatchObject({ restored: 1 });
  await draftIs(plan);
});

it('[V11] answers for a damaged version that it is damaged, says so in an event, and goes on', async () => {
  const heard: unknown[] = [];
  const events: Events = { emit: (name, data) => void heard.push({ name, ...data }) };
  const { alice, admin } = await open({
    events,
    snapshots: (real) => ({
      ...real,
      keepsVersions: true,
      list: (name) => real.list(name),
      newest: (name) => real.newest(name),
      write: (...version) => real.write(...version),
      rename: (...version) => real.rename(...version),
      remove: (...versions) => real.remove(...versions),
      documents: () => real.documents(),
      close: () => real.close(),
      async read(name, revision) {
        const bytes = await real.read(name, revision);
        if (bytes && revision === 1) bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
        return bytes;
      },
    }),
  });
  await admin.snapshot();
  alice.type('Closing', '!');
  await alice.saved();
  await admin.snapshot();
  const { code, message } = { code: 'damaged-version', message: errors['damaged-version'].reason };
  for (const answer of [
    await admin.get('versions/1'),
    await admin.get('versions/1?format=yjs'),
    await admin.get('compare?from=1'),
    await admin.post('versions/1/restore'),
  ]) {
    expect(answer.status).toBe(422);
    expect(answer.body).toEqual({
      error: { code, message, statusCode: 422, correlationId: expect.any(String) },
    });
  }
  expect(heard).toContainEqual(
    expect.objectContaining({
      name: 'realtime:snapshot:integrity-failed',
      roomId: 'record:plan',
      version: 1,
      entries: null,
    }),
  );
  expect(await admin.markdown(2)).toBe(plan.replace('Closing', 'Closing!'));
});

it('[V12] tells who wrote each block, also after everybody has left and the server was started again', async () => {
  townHall = await TownHall.open({ settings: { 'snapshots.max_updates': 1 } });
  await townHall.createDraftOnly('shared', '# Plan\n\nOne.\n\nTwo.\n');
  const alice = await (await townHall.join('shared', 'alice')).synced();
  const bob = await (await townHall.join('shared', 'bob')).synced();
  alice.type('One', ' by Alice');
  await alice.saved();
  await bob.sees('by Alice');
  bob.type('One', ' and Bob');
  bob.type('Two', ' of Bob');
  bob.erase(' of');
  await bob.saved();
  const authors = async () => {
    const { body } = await new Admin(townHall.url, 'shared', await townHall.tokenOf('alice')).get('authors');
    const blocks = body.blocks as { text: string; authors: { name: string; characters: number }[] }[];
    return blocks.map((block) => ({
      ...block,
      authors: block.authors.map(({ name, characters }) => `${name} ${characters}`),
    }));
  };
  const expected = [
    { index: 0, text: 'Plan', authors: [], fromRecord: 4 },
    { index: 1, text: 'One and Bob by Alice.', authors: ['alice 9', 'bob 8'], fromRecord: 4 },
    { index: 2, text: 'Two Bob.', authors: ['bob 4'], fromRecord: 4 },
  ];
  expect(await authors()).toEqual(expected);
  await alice.noticed('saved');
  const { folder } = townHall;
  await townHall.close({ keepFolder: true });
  townHall = await TownHall.open({ folder });
  expect(await authors()).toEqual(expected);
});
