/**
 * "Saved" means saved: when an editor hears it, and what has happened by then.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { messageYjsUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { errors } from '../../server/errors.ts';
import { flakyJournal } from '../helpers/flaky-journal.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../server/visitor.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const document = 'record:noise-bylaw';

it('[J2] acknowledges an edit when it is durable, and shows it to everybody before that', async () => {
  const flaky = flakyJournal();
  townHall = await TownHall.open({ journal: flaky.journal });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  await alice.saved();
  flaky.handle().stall();
  alice.type('Noise', ' AT ONCE');
  await bob.sees('AT ONCE');
  await delay(100);
  expect(alice.provider.unsyncedChanges).toBe(' AT ONCE'.length);
  flaky.handle().goOn();
  await alice.saved();
  expect(flaky.handle().appended.length).toBeGreaterThan(1);
});

it('[J7] opens a document anew in which Yjs cannot end a change, and acknowledges nothing until then', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  alice.type('Noise', ' BEFORE');
  await alice.saved();
  const broken = townHall.server.hocuspocus.documents.get(document);
  broken?.once('afterTransactionCleanup', () => {
    throw new Error('nobody foresaw this');
  });
  alice.type('Noise', ' LOST?');
  bob.type('Noise', ' THIS AS WELL?');
  await until('the document is another one', () => {
    const now = townHall.server.hocuspocus.documents.get(document);
    return now !== undefined && now !== broken;
  });
  await Promise.all([alice.saved(), bob.saved()]);
  const carol = await (await townHall.join('noise-bylaw', 'carol')).synced();
  for (const words of [' BEFORE', ' LOST?', ' THIS AS WELL?'])
    expect(carol.text.split(words)).toHaveLength(2);
});

it('[J2] says in the journal who made an edit, and with what the document began', async () => {
  const flaky = flakyJournal();
  townHall = await TownHall.open({ journal: flaky.journal });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', '!');
  await alice.saved();
  const [first, second] = flaky.handle().appended.map(({ entry }) => entry);
  expect(first?.base?.markdown).toContain('# Bylaw 2025-14 Respecting Noise');
  expect(second).toMatchObject({ base: null, user: { name: 'alice' } });
});

it('[J2] goes on from the journal when there is no snapshot', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const { text } = alice;
  alice.type('Noise', ' JOURNALED');
  await alice.saved();
  const { folder } = townHall;
  // Another server on the same folder is what a killed one leaves to the next.
  const next = await TownHall.open({ folder });
  const bob = await (await next.join('noise-bylaw', 'bob')).synced();
  expect(bob.text).toBe(text.replace('Noise', 'Noise JOURNALED'));
  await next.close({ keepFolder: true });
});

it('[J3] closes the author once when the journal fails, acknowledges nothing, and goes on by itself', async () => {
  const flaky = flakyJournal();
  townHall = await TownHall.open({ journal: flaky.journal });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  await alice.saved();
  flaky.handle().isFull = true;
  alice.type('Noise', ' KEPT');
  await until('the author is sent away', () => alice.closeCodes.includes(errors['not-durable'].closeCode));
  expect(await bob.noticed('could-not-save')).toMatchObject({ layer: 'journal' });
  await until('the author is back', () => alice.notices.length > 0, 5_000);
  alice.type('Noise', ' TOO');
  await bob.sees('TOO KEPT');
  await delay(300);
  expect(alice.provider.unsyncedChanges).toBeGreaterThan(0);
  expect(bob.closeCodes).toEqual([]);

  flaky.handle().isFull = false;
  await alice.saved();
  expect(await bob.noticed('saved-again')).toMatchObject({ layer: 'journal' });
});

it('[J3] tells the room of a journal that does not answer, and that it does again', async () => {
  const flaky = flakyJournal();
  townHall = await TownHall.open({ journal: flaky.journal });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  await alice.saved();
  flaky.handle().stall();
  const before = Date.now();
  alice.type('Noise', '!');
  const told = await until(
    'the room is told',
    () => alice.notices.find(({ event }) => event === 'could-not-save')?.data,
    20_000,
  );
  expect(told).toMatchObject({ layer: 'journal', reason: errors['not-durable'].reason });
  expect(told.since).toBeGreaterThanOrEqual(before);
  expect([alice.provider.unsyncedChanges, alice.closeCodes]).toEqual([1, []]);
  flaky.handle().goOn();
  await alice.saved();
  expect(await alice.noticed('saved-again')).toMatchObject({ layer: 'journal' });
});

it('[J3] keeps a room whose edits are not durable, even when everyone has left', async () => {
  const flaky = flakyJournal();
  townHall = await TownHall.open({ journal: flaky.journal, settings: { 'rooms.cleanup_timeout': 0 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  flaky.handle().isFull = true;
  alice.type('Noise', ' KEPT');
  await until('it was tried', () => flaky.handle().appended.length > 0);
  alice.leave();
  await delay(200);
  expect(townHall.server.hocuspocus.documents.has(document)).toBe(true);
  flaky.handle().isFull = false;
  await until('the room is gone', () => !townHall.server.hocuspocus.documents.has(document));
  expect(await townHall.draftOf('noise-bylaw')).toContain('KEPT');
});

it('[J4] counts honestly after offline edits: at zero, all of them are durable', async () => {
  const flaky = flakyJournal();
  townHall = await TownHall.open({ journal: flaky.journal });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  await alice.saved();
  alice.socket.disconnect();
  await until('alice is offline', () => !alice.provider.isSynced);
  alice.type('Noise', ' OFFLINE');
  alice.replace('OFFLINE', 'offline words');
  flaky.handle().stall();
  const counts: number[] = [];
  alice.provider.on('unsyncedChanges', ({ number }: { number: number }) => counts.push(number));
  void alice.socket.connect();
  alice.type('words', ' and more');
  await until('the server has everything', () =>
    flaky.handle().appended.some(({ entry }) => entry.user?.name === 'alice'),
  );
  await delay(200);
  expect(counts).not.toContain(0);
  flaky.handle().goOn();
  await alice.saved();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  expect(bob.text).toBe(alice.text);
  expect(bob.text).toContain('offline words and more');
});

it('[J4] reaches zero for who deletes offline and while coming back', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  await alice.saved();
  alice.socket.disconnect();
  await until('alice is offline', () => !alice.provider.isSynced);
  alice.erase('Bylaw ');
  void alice.socket.connect();
  alice.erase('Respecting ');
  await alice.synced();
  alice.erase('Noise');
  await until('everything is acknowledged', () => alice.provider.unsyncedChanges === 0, 5_000);
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  expect(bob.text).toBe(alice.text);
});

it('[L7] takes what was refused for its missing history also where the socket has other documents', async () => {
  townHall = await TownHall.open();
  const beside = await (await townHall.join('zoning-bylaw')).synced();
  const token = await townHall.tokenOf('alice');
  const alice = await townHall.joinBeside(beside, 'noise-bylaw', token).synced();
  await alice.saved();
  const elsewhere = new Y.Doc();
  elsewhere.getText().insert(0, 'a');
  const vector = Y.encodeStateVector(elsewhere);
  elsewhere.getText().insert(1, 'b');
  alice.sendRaw(messageYjsUpdate, Y.encodeStateAsUpdate(elsewhere, vector));
  alice.type('Noise', ' TYPED');
  await alice.saved();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  await bob.sees('TYPED');
});

it('[L7] refuses an edit that builds on what the server lacks, and takes it when all of it comes', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  await alice.saved();
  const elsewhere = new Y.Doc();
  Y.applyUpdate(elsewhere, Y.encodeStateAsUpdate(alice.document));
  const updates: Uint8Array[] = [];
  elsewhere.on('update', (update: Uint8Array) => updates.push(update));
  elsewhere.getXmlFragment('default').push([new Y.XmlElement('paragraph')]);
  elsewhere.getXmlFragment('default').push([new Y.XmlElement('paragraph')]);
  alice.sendRaw(messageYjsUpdate, updates[1] as Uint8Array);
  await until('the socket is closed', () => alice.closeCodes.includes(errors['history-missing'].closeCode));
  expect(townHall.server.hocuspocus.documents.get(document)?.store.pendingStructs).toBeNull();
  Y.applyUpdate(alice.document, updates[0] as Uint8Array);
  Y.applyUpdate(alice.document, updates[1] as Uint8Array);
  await alice.synced(5_000);
  await alice.saved();
});

it.each(['at once', 'behind another message'])(
  '[L12] takes nothing of an edit that overtakes what it builds on, %s: the exchange brings all of it',
  async (when) => {
    townHall = await TownHall.open();
    const alice = await (await townHall.join('noise-bylaw')).synced();
    const before = alice.text;
    const elsewhere = new Y.Doc();
    Y.applyUpdate(elsewhere, Y.encodeStateAsUpdate(alice.document));
    const vector = Y.encodeStateVector(elsewhere);
    const updates: Uint8Array[] = [];
    elsewhere.on('update', (update: Uint8Array) => updates.push(update));
    const blocks = elsewhere.getXmlFragment('default');
    blocks.push([new Y.XmlElement('paragraph')]);
    // As a paragraph is split, or moved: its words go, and come again elsewhere.
    elsewhere.transact(() => {
      const [words] = (blocks.get(0) as Y.XmlElement).toArray() as [Y.XmlText];
      words.delete(0, 5);
      (blocks.get(blocks.length - 1) as Y.XmlElement).push([new Y.XmlText('MOVED')]);
    });
    const visitor = await new Visitor(`${townHall.url}/realtime`).entered();
    visitor.authenticate('record:noise-bylaw', await townHall.tokenOf('bob'));
    await until('he is let in', () => visitor.frames > 0);
    // A question with a state takes a moment to be answered, and what comes behind it waits for that.
    if (when !== 'at once') visitor.askForAll('record:noise-bylaw', 7);
    visitor.edit('record:noise-bylaw', updates[1] as Uint8Array);
    const open = townHall.server.hocuspocus.documents.get(document);
    const answered = visitor.frames;
    visitor.askForAll('record:noise-bylaw', 9);
    await until('what came was handled', () => visitor.frames > answered);
    expect(open?.store.pendingStructs).toBeNull();
    expect(alice.text).toBe(before);
    visitor.ws.terminate();

    const bob = await townHall.join('noise-bylaw', 'bob');
    Y.applyUpdate(bob.document, Y.encodeStateAsUpdate(elsewhere, vector));
    await (await bob.synced()).saved();
    await alice.sees('MOVED');
  },
);

it('[J6] takes nothing more while too much waits for the journal, and everything once it is stored', async () => {
  const flaky = flakyJournal();
  townHall = await TownHall.open({
    journal: flaky.journal,
    settings: { 'limits.unsaved_bytes': 65_536 },
  });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  flaky.handle().isFull = true;
  alice.replace('Noise', `Noise ${'x'.repeat(70_000)} TAKEN`);
  for (const clerk of [alice, bob]) {
    await clerk.noticed('too-much-unsaved');
    await until('they may only read', () => clerk.provider.authorizedScope === 'readonly');
  }
  await bob.sees('TAKEN');
  bob.type('Respecting', ' LATER');
  const carol = await (await townHall.join('noise-bylaw', 'carol')).synced();
  await carol.noticed('too-much-unsaved');
  expect(carol.scope).toBe('readonly');
  expect(carol.text).not.toContain('LATER');

  flaky.handle().isFull = false;
  await alice.saved();
  await carol.sees('LATER');
  await bob.saved();
  await until('they may edit', () =>
    [alice, bob, carol].every(({ provider }) => provider.authorizedScope === 'read-write'),
  );
});
