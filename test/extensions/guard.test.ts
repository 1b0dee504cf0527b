/**
 * Updates that must not be taken.
 */
import { afterEach, expect, it } from 'vitest';
import { messageYjsSyncStep1, messageYjsUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { errors } from '../../server/errors.ts';
import type { Clerk } from '../helpers/clerk.ts';
import { crafted, plainText } from '../helpers/crafted-updates.ts';
import { flakySnapshots } from '../helpers/flaky-snapshots.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

it('[L5] refuses an editor that holds a document which grew from another text, and doubles nothing', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 0 } });
  await townHall.createDraftOnly('plan', '# Plan\n\nThe first text.\n');
  const alice = await (await townHall.join('plan')).synced();
  alice.socket.disconnect();
  await until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);
  await townHall.putDraft('plan', '# Plan\n\nThe second text.\n');

  const bob = await (await townHall.join('plan', 'bob')).synced();
  await alice.socket.connect();
  expect(await alice.refused()).toBe(errors['document-replaced'].reason);
  expect(bob.text).toBe('PlanThe second text.');
  bob.type('second', ' and last');
  await bob.noticed('saved');
  expect(await townHall.draftOf('plan')).toBe('# Plan\n\nThe second and last text.\n');
});

it('[L3] lets an editor in that holds the same text from before', async () => {
  townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 0 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const { text } = alice;
  alice.socket.disconnect();
  await until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  await alice.socket.connect();
  await alice.synced();
  bob.type('Noise', ' TOGETHER');
  await alice.sees('TOGETHER');
  expect(bob.text).toBe(text.replace('Noise', 'Noise TOGETHER'));
});

it('[L6] refuses an update that cannot be read, and does not acknowledge it', async () => {
  const flaky = flakySnapshots();
  townHall = await TownHall.open({ snapshots: flaky.snapshots });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  const { text } = bob;
  alice.sendRaw(messageYjsUpdate, Uint8Array.from([1, 255, 255, 255, 3]));
  expect(await alice.refused()).toBe(errors['invalid-update'].reason);
  bob.type('Noise', ' UNHARMED');
  await bob.saved();
  expect(bob.text).toBe(text.replace('Noise', 'Noise UNHARMED'));
});

/** An update of somebody who holds the same document and does this to it. */
function updateOf(clerk: Clerk, change: (fragment: Y.XmlFragment) => void): Uint8Array {
  const document = new Y.Doc();
  Y.applyUpdate(document, Y.encodeStateAsUpdate(clerk.document));
  const before = Y.encodeStateVector(document);
  document.transact(() => change(document.getXmlFragment('default')));
  return Y.encodeStateAsUpdate(document, before);
}

function nested(depth: number): Y.XmlElement {
  const outermost = new Y.XmlElement('blockquote');
  let innermost = outermost;
  for (let level = 1; level < depth; level += 1) {
    const inner = new Y.XmlElement('blockquote');
    innermost.insert(0, [inner]);
    innermost = inner;
  }
  return outermost;
}

it('[L8] refuses what nests too deeply, at once or little by little, and takes what honest people nest', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  alice.sendRaw(
    messageYjsUpdate,
    updateOf(alice, (fragment) => fragment.insert(0, [nested(400)])),
  );
  expect(await alice.refused()).toBe(errors['invalid-update'].reason);

  for (let round = 0; round < 3 && bob.refusals.length === 0; round += 1) {
    const before = bob.fragment.length;
    bob.document.transact(() => {
      let innermost: Y.XmlFragment | Y.XmlElement = bob.fragment;
      while (
        innermost.get(0) instanceof Y.XmlElement &&
        (innermost.get(0) as Y.XmlElement).nodeName === 'blockquote'
      )
        innermost = innermost.get(0) as Y.XmlElement;
      innermost.insert(0, [nested(90)]);
    });
    if (round < 2) await bob.saved();
    expect(bob.fragment.length).toBeGreaterThanOrEqual(before);
  }
  expect(await bob.refused()).toBe(errors['invalid-update'].reason);
});

function firstText(fragment: Y.XmlFragment): Y.XmlText {
  return (fragment.get(0) as Y.XmlElement).get(0) as Y.XmlText;
}

/** `[[[…]]]` */
function nestedValue(depth: number): unknown[] {
  let value: unknown[] = [];
  for (let level = 1; level < depth; level += 1) value = [value];
  return value;
}

it.each<[string, (fragment: Y.XmlFragment) => void]>([
  ['a mark', (fragment) => firstText(fragment).format(0, 1, { bold: nestedValue(2_000) })],
  ['an embed', (fragment) => firstText(fragment).insertEmbed(0, nestedValue(2_000))],
  [
    'an attribute',
    (fragment) => (fragment.get(0) as Y.XmlElement).setAttribute('x', nestedValue(1_000) as never),
  ],
])(
  '[L8] refuses %s whose value nests too deeply, and loses nothing that others type',
  async (_what, change) => {
    townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': 0 } });
    const alice = await (await townHall.join('noise-bylaw')).synced();
    const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
    alice.sendRaw(messageYjsUpdate, updateOf(alice, change));
    expect(await alice.refused()).toBe(errors['invalid-update'].reason);
    bob.type('Noise', ' UNHARMED');
    await bob.saved();
    for (const clerk of [alice, bob]) clerk.leave();
    await until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);
    const carol = await (await townHall.join('noise-bylaw', 'carol')).synced();
    expect(carol.text).toContain('UNHARMED');
  },
);

it.each([
  ['stands in itself', crafted.inItself(5_000)],
  ['stands beside one that stands beside it', crafted.besideEachOther(5_000)],
])('[L6] refuses an update of which a part %s', async (_what, update) => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.sendRaw(messageYjsUpdate, update);
  expect(await alice.refused()).toBe(errors['invalid-update'].reason);
  const { store } = townHall.server.hocuspocus.documents.get('record:noise-bylaw') as Y.Doc;
  expect(store.pendingStructs).toBeNull();
});

it('[L8] refuses very many clients at once', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const updates = Array.from({ length: 5_001 }, (_, client) => {
    const document = new Y.Doc();
    document.clientID = client + 1;
    document.getXmlFragment('default').insert(0, [new Y.XmlText()]);
    return Y.encodeStateAsUpdate(document);
  });
  alice.sendRaw(messageYjsUpdate, Y.mergeUpdates(updates));
  expect(await alice.refused()).toBe(errors['invalid-update'].reason);
});

it.each([
  [
    'names very many clients',
    Y.encodeStateVector(new Map(Array.from({ length: 40_001 }, (_, id) => [id, 1]))),
  ],
  ['cannot be read', Uint8Array.from([3, 1])],
])('[L8] refuses a question that %s', async (_what, stateVector) => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.sendRaw(messageYjsSyncStep1, stateVector);
  expect(await alice.refused()).toBe(errors['invalid-update'].reason);
});

it('[L11] refuses an update that would hold up everybody, and goes on', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  alice.sendRaw(messageYjsUpdate, plainText(300_000));
  await until('the text is there', () => bob.text.includes('xxx'));
  alice.sendRaw(messageYjsUpdate, crafted.farApart(10_000, 5_000));
  expect(await alice.refused()).toBe(errors['too-intricate'].reason);
  bob.type('Noise', ' UNHARMED');
  await bob.saved();
  expect(bob.text.split('UNHARMED')).toHaveLength(2);
});

it('[L13] refuses more in one update than people make, and acknowledges none of it', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  alice.sendRaw(messageYjsUpdate, plainText(300_000));
  await until('the text is there', () => bob.text.includes('xxx'));
  const { text } = bob;
  alice.sendRaw(messageYjsUpdate, crafted.holes(140_000, 5_000));
  expect(await alice.refused()).toBe(errors['too-intricate'].reason);
  expect(bob.text).toBe(text);
});

it('[L11] takes a large paste, and what is deleted of it, once each', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  const fragment = alice.document.getXmlFragment('default');
  const before = fragment.length;
  const pasted = Array.from({ length: 5_000 }, (_, index) => {
    const paragraph = new Y.XmlElement('paragraph');
    paragraph.insert(0, [new Y.XmlText(`Paragraph ${index}.`)]);
    return paragraph;
  });
  fragment.insert(0, pasted);
  await alice.saved();
  fragment.delete(0, 4_999);
  await alice.saved();
  await until('bob sees what is left', () => bob.document.getXmlFragment('default').length === before + 1);
  expect(bob.text).toBe(alice.text);
});

it('[L9] lets a document have no more elements than memory allows, however short they are', async () => {
  townHall = await TownHall.open({ settings: { 'limits.document_bytes': 131_072 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const fragment = alice.document.getXmlFragment('default');
  const rule = () => new Y.XmlElement('horizontalRule');
  fragment.insert(0, Array.from({ length: 3_000 }, rule));
  await alice.saved();
  fragment.delete(0, 2_900);
  await alice.saved();
  fragment.insert(0, Array.from({ length: 2_700 }, rule));
  await alice.saved();
  fragment.insert(0, [rule()]);
  expect(await alice.refused()).toBe(errors['document-too-large'].reason);
});

it('[L8] refuses documents within a document', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const within = (fragment: Y.XmlFragment) => {
    const element = new Y.XmlElement('paragraph');
    fragment.insert(0, [element]);
    (element as unknown as Y.XmlElement<{ inner: Y.Doc }>).setAttribute('inner', new Y.Doc());
  };
  alice.sendRaw(messageYjsUpdate, updateOf(alice, within));
  expect(await alice.refused()).toBe(errors['invalid-update'].reason);
});

it('[L9] takes no more than a document may hold, but for deletions', async () => {
  townHall = await TownHall.open({ settings: { 'limits.document_bytes': 65_536 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', '!');
  alice.replace('Noise', 'x'.repeat(30_000));
  await alice.saved();
  alice.replace('xxx', 'y'.repeat(40_000));
  expect(await alice.refused()).toBe(errors['document-too-large'].reason);

  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  bob.erase('x'.repeat(20_000));
  await bob.saved();
  bob.replace('xxx', 'z'.repeat(30_000));
  await bob.saved();
  const draft = await until('the draft has it', async () => {
    const text = await townHall.draftOf('noise-bylaw');
    return text?.includes('zzz') ? text : null;
  });
  expect(draft).not.toContain('yyy');
});

it('[J2] takes no edit into a document that Hocuspocus let go while somebody came in', async () => {
  townHall = await TownHall.open();
  const alice = await (await townHall.join('noise-bylaw')).synced();
  await alice.saved();
  const { documents } = townHall.server.hocuspocus;
  const left = documents.get('record:noise-bylaw');
  documents.delete('record:noise-bylaw');
  left?.destroy();
  alice.type('Noise', ' KEPT');
  await until('the socket is closed', () => alice.closeCodes.length > 0);
  expect(alice.provider.unsyncedChanges).toBeGreaterThan(0);
  await alice.saved();
  expect(documents.get('record:noise-bylaw')?.getXmlFragment('default').toString()).toContain('KEPT');
});

it.each([
  ['tiptap', 'bullet_list', 'strong'],
  ['civicpress', 'bulletList', 'bold'],
] as const)('[M12] refuses an editor that speaks another dialect than %s', async (dialect, node, mark) => {
  const features = dialect === 'civicpress' ? { 'document.features': 'table,image,civicRef' } : {};
  townHall = await TownHall.open({ settings: { 'document.dialect': dialect, ...features } });
  const alice = await (await townHall.join('noise-bylaw', 'alice')).synced();
  const before = alice.text;
  const stranger = async (edit: (clerk: Clerk) => void) => {
    const clerk = await (await townHall.join('noise-bylaw', 'bob')).synced();
    edit(clerk);
    expect(await clerk.refused()).toBe(errors['wrong-dialect'].reason);
    expect(clerk.provider.unsyncedChanges).toBeGreaterThan(0);
    clerk.leave();
  };
  await stranger(({ fragment }) => fragment.insert(0, [new Y.XmlElement(node)]));
  await stranger(({ fragment }) => {
    const text = (fragment.get(0) as Y.XmlElement).get(0) as Y.XmlText;
    text.format(0, 1, { [mark]: {} });
  });
  // What no dialect knows is somebody's own.
  alice.fragment.insert(0, [new Y.XmlElement('map')]);
  await alice.saved();
  expect(alice.text).toBe(before);
});
