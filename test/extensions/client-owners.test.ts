/**
 * Whose client is an edit made in?
 */
import { afterEach, describe, expect, it, onTestFailed } from 'vitest';
import { messageYjsSyncStep2, messageYjsUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { errors } from '../../server/errors.ts';
import type { Clerk } from '../helpers/clerk.ts';
import { flakySnapshots } from '../helpers/flaky-snapshots.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';
import { randomFrom } from '../markdown/helpers/random.ts';
import { Visitor } from '../server/visitor.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

/** An edit in a client, made by somebody who has what `clerk` has. */
function editIn(clientId: number, clerk: Clerk, text = 'FORGED'): Uint8Array {
  const document = new Y.Doc();
  Y.applyUpdate(document, Y.encodeStateAsUpdate(clerk.document));
  document.clientID = clientId;
  const before = Y.encodeStateVector(document);
  const paragraph = new Y.XmlElement('paragraph');
  paragraph.insert(0, [new Y.XmlText(text)]);
  document.getXmlFragment('default').insert(0, [paragraph]);
  return Y.encodeStateAsUpdate(document, before);
}

async function aliceAndBob(settings: Record<string, string | number> = {}): Promise<[Clerk, Clerk]> {
  townHall = await TownHall.open({ settings });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  return [alice, bob];
}

const open = () => townHall.server.hocuspocus.documents.get('record:noise-bylaw') as Y.Doc;

const ways = { 'an edit': messageYjsUpdate, 'an exchange of states': messageYjsSyncStep2 };

describe.each(Object.entries(ways))('[L10] refuses somebody else’s client in %s', (_way, type) => {
  async function isRefused(bob: Clerk, update: Uint8Array): Promise<void> {
    bob.sendRaw(type, update);
    await until('bob is sent away', () => bob.refusals.length + bob.closeCodes.length > 0);
    expect(open().getXmlFragment('default').toString()).not.toContain('FORGED');
  }

  it('while they type', async () => {
    const [alice, bob] = await aliceAndBob();
    alice.type('Noise', ' FIRST');
    await bob.sees('Noise FIRST');
    await isRefused(bob, editIn(alice.document.clientID, bob));
    alice.type('FIRST', ' SECOND');
    await alice.saved();
    expect(alice.text).toContain('Noise FIRST SECOND');
    expect(alice.refusals).toEqual([]);
    const carol = await (await townHall.join('noise-bylaw', 'carol')).synced();
    expect(carol.text).toContain('Noise FIRST SECOND');
  });

  it('before they have typed anything', async () => {
    const [alice, bob] = await aliceAndBob();
    await until('alice is announced', () => bob.provider.awareness?.getStates().has(alice.document.clientID));
    await isRefused(bob, editIn(alice.document.clientID, bob));
    alice.type('Noise', ' MINE');
    await alice.saved();
    expect(open().getXmlFragment('default').toString()).toContain('MINE');
  });

  it('when they have left, and takes what they typed meanwhile', async () => {
    const [alice, bob] = await aliceAndBob();
    alice.type('Noise', ' FIRST');
    await bob.sees('Noise FIRST');
    alice.socket.disconnect();
    await until('alice is offline', () => alice.socket.status === 'disconnected');
    alice.type('FIRST', ' OFFLINE');
    await isRefused(bob, editIn(alice.document.clientID, bob));
    await alice.socket.connect();
    await alice.synced();
    await alice.saved();
    expect(open().getXmlFragment('default').toString()).toContain('FIRST OFFLINE');
  });

  it('hidden behind what is their own', async () => {
    const [alice, bob] = await aliceAndBob();
    alice.type('Noise', ' FIRST');
    await bob.sees('Noise FIRST');
    const own = editIn(bob.document.clientID, bob, 'GENUINE');
    await isRefused(bob, Y.mergeUpdates([own, editIn(alice.document.clientID, bob)]));
  });

  it('and the server’s own', async () => {
    const [, bob] = await aliceAndBob();
    await isRefused(bob, editIn(open().clientID, bob));
  });

  it('and that of the record’s text', async () => {
    const [, bob] = await aliceAndBob();
    const seed = [...open().store.clients.keys()].find((clientId) => clientId >= 2 ** 32);
    await isRefused(bob, editIn(seed as number, bob));
  });
});

it('[L10] lets a user go on in a client of theirs, from a second window or after a break', async () => {
  const [alice, bob] = await aliceAndBob();
  alice.type('Noise', ' ONE');
  await alice.saved();
  const again = await (await townHall.join('noise-bylaw')).synced();
  again.sendRaw(messageYjsUpdate, editIn(alice.document.clientID, again, 'TWO'));
  await bob.sees('TWO');
  expect(again.closeCodes).toEqual([]);
});

it.each([
  { what: 'the journal', areSnapshotsTaken: false },
  { what: 'a snapshot', areSnapshotsTaken: true },
])('[L10] knows from $what whose clients there were before a restart', async ({ areSnapshotsTaken }) => {
  const flaky = flakySnapshots();
  const settings = { 'shutdown.deadline_seconds': 1 };
  townHall = await TownHall.open({ snapshots: flaky.snapshots, settings });
  flaky.store().isFull = !areSnapshotsTaken;
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  alice.type('Noise', ' FIRST');
  await alice.saved();
  await bob.sees('FIRST');
  const { folder } = townHall;
  await townHall.close({ keepFolder: true });
  townHall = await TownHall.open({ folder });
  const later = await (await townHall.join('noise-bylaw', 'bob')).synced();
  later.sendRaw(messageYjsUpdate, editIn(alice.document.clientID, later));
  await until('bob is sent away', () => later.closeCodes.includes(errors['foreign-edit'].closeCode));
});

it('[L10] takes from others what somebody had typed and a crash has lost', async () => {
  const [alice, bob] = await aliceAndBob();
  alice.type('Noise', ' KEPT');
  await alice.saved();
  await bob.sees('KEPT');
  const { folder } = townHall;
  await townHall.close({ keepFolder: true });
  townHall = await TownHall.open({ folder });
  // What alice had typed last is in bob's window alone: he has seen it, and the journal had not yet kept it.
  Y.applyUpdate(bob.document, editIn(alice.document.clientID, bob, 'SHOWN BUT NOT STORED'));
  const again = await townHall.join('noise-bylaw', 'bob');
  again.holds(bob);
  await (await again.synced()).saved();
  expect(again.refusals).toEqual([]);
  expect(open().getXmlFragment('default').toString()).toContain('SHOWN BUT NOT STORED');
  // And it stays hers.
  again.sendRaw(messageYjsUpdate, editIn(alice.document.clientID, again));
  await until('bob is sent away', () => again.closeCodes.includes(errors['foreign-edit'].closeCode));
});

it('[L10] takes what was lost also when its author has sent what came behind it already', async () => {
  const [alice, bob] = await aliceAndBob();
  const { folder } = townHall;
  await townHall.close({ keepFolder: true });
  townHall = await TownHall.open({ folder });
  Y.applyUpdate(bob.document, editIn(alice.document.clientID, bob, 'SHOWN BUT NOT STORED'));
  const behind = editIn(alice.document.clientID, bob, 'BEHIND IT');
  // Her provider sends what was typed last ahead of what it had before.
  const visitor = await new Visitor(`${townHall.url}/realtime`).entered();
  visitor.authenticate('record:noise-bylaw', await townHall.tokenOf('alice', 'clerk'));
  await until('she is let in', () => visitor.frames > 0);
  visitor.edit('record:noise-bylaw', behind);
  const again = await townHall.join('noise-bylaw', 'bob');
  again.holds(bob);
  await (await again.synced()).saved();
  expect(again.refusals).toEqual([]);
  const text = () => open().getXmlFragment('default').toString();
  expect(text()).toContain('SHOWN BUT NOT STORED');
  visitor.ws.terminate();
  const back = await townHall.join('noise-bylaw', 'alice');
  back.holds(again);
  Y.applyUpdate(back.document, behind);
  await (await back.synced()).saved();
  expect(text()).toMatch(/BEHIND IT.*SHOWN BUT NOT STORED/);
});

it('[L10] refuses nothing in a session of honest people who come, go and type offline', async () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  onTestFailed(() => console.error(`the seed was ${seed}`));
  const below = randomFrom(seed);
  const random = () => below(1_000_000) / 1_000_000;
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
  townHall = await TownHall.open({ settings: { 'rate_limiting.messages_per_second': 1_000 } });
  const names = ['alice', 'bob', 'carol', 'alice'];
  const windows: { name: string; clerk: Clerk; undo: Y.UndoManager; isOnline: boolean }[] = [];
  const openWindow = async (name: string, before?: Clerk) => {
    const clerk = await townHall.join('noise-bylaw', name);
    // As with a copy of the document that the browser has kept.
    if (before) clerk.holds(before);
    await clerk.synced();
    const undo = new Y.UndoManager(clerk.fragment, { captureTimeout: 0 });
    windows.push({ name, clerk, undo, isOnline: true });
  };
  for (const name of names) await openWindow(name);
  const doSomething = async () => {
    const window = pick(windows);
    const { clerk, undo } = window;
    const dice = random();
    if (dice < 0.75) edit(clerk, random);
    else if (dice < 0.85) undo.undo();
    else if (dice < 0.88) undo.redo();
    else if (dice < 0.94) {
      if (window.isOnline) {
        clerk.socket.disconnect();
        await until('it is offline', () => clerk.socket.status === 'disconnected');
      } else await clerk.socket.connect();
      window.isOnline = !window.isOnline;
    } else if (dice < 0.96) {
      // A reload: with what is in the browser's own storage, or without, once everything is saved.
      if (!window.isOnline) return;
      const keeps = random() < 0.5;
      if (!keeps) await clerk.saved();
      clerk.leave();
      windows.splice(windows.indexOf(window), 1);
      await openWindow(window.name, keeps ? clerk : undefined);
    } else await new Promise((resolve) => setTimeout(resolve, 5));
  };
  for (let step = 0; step < 1_000; step += 1) await doSomething();
  for (const { clerk, isOnline } of windows) if (!isOnline) await clerk.socket.connect();
  for (const { clerk } of windows) await (await clerk.synced()).saved();
  const [first, ...others] = windows.map(({ clerk }) => clerk);
  for (const other of others) await until('all say the same', () => other.text === first?.text);
  const refusals = windows.flatMap(({ clerk }) => clerk.refusals);
  const closings = windows.flatMap(({ clerk }) => clerk.closeCodes.filter((code) => code >= 4_000));
  expect({ seed, refusals, closings }).toEqual({ seed, refusals: [], closings: [] });
}, 120_000);

function edit({ fragment, document }: Clerk, random: () => number): void {
  const below = (most: number) => Math.floor(random() * most);
  if (random() < 0.1 && fragment.length > 3) return fragment.delete(below(fragment.length), 1);
  const paragraph = fragment.get(below(fragment.length));
  const text = paragraph instanceof Y.XmlElement ? paragraph.get(0) : null;
  if (!(text instanceof Y.XmlText) || random() < 0.1) {
    const fresh = new Y.XmlElement('paragraph');
    fresh.insert(0, [new Y.XmlText(`a paragraph of ${document.clientID}`)]);
    return fragment.insert(below(fragment.length), [fresh]);
  }
  const at = below(text.length);
  if (random() < 0.3 && text.length > at) text.delete(at, 1);
  else text.insert(at, 'word ');
}
