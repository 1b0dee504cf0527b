/**
 * Which edits go straight into their document, and which go Hocuspocus' way.
 */
import { type Connection, Document } from '@hocuspocus/server';
import { createEncoder, toUint8Array, writeVarString, writeVarUint, writeVarUint8Array } from 'lib0/encoding';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { messageYjsSyncStep2, messageYjsUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { StraightEdits } from '../../extensions/straight-edits.ts';
import { RealtimeError } from '../../server/errors.ts';
import { TownHall } from '../helpers/town-hall.ts';

const address = 'record:bylaw';

let document: Document;
let edits: StraightEdits;
const judge = vi.fn<() => boolean>();
const refused = vi.fn(() => ({ code: 4_000, reason: 'no' }));
beforeEach(async () => {
  document = new Document(address);
  judge.mockReset().mockReturnValue(true);
  refused.mockClear();
  edits = new StraightEdits({ guard: { judge }, tracing: null, onRefused: refused });
  await edits.afterLoadDocument({ document } as never);
});

let townHall: TownHall | undefined;
afterEach(async () => {
  await townHall?.close();
  townHall = undefined;
});

/** Somebody in the room; `said` is what happens on their connection. */
function join(messageAddress = address, { readOnly = false } = {}) {
  const said: string[] = [];
  const acknowledgements = {
    isExchanged: () => true,
    editComes: () => said.push('comes'),
    take: () => said.push('acknowledged'),
  };
  const socket = { acknowledgements };
  const messageQueue: Uint8Array[] = [];
  const connection = {
    messageAddress,
    document,
    readOnly,
    context: { socket },
    messageQueue,
    onClose: () => undefined,
    send: () => undefined,
    close: ({ code, reason }: { code: number; reason: string }) => said.push(`closed ${code} ${reason}`),
  } as unknown as Connection;
  document.addConnection(connection);
  const send = (frame: Uint8Array) => edits.take(socket as never, frame);
  return { said, messageQueue, send };
}

function frameOf(content: Uint8Array, { to = address, step = messageYjsUpdate as number } = {}): Uint8Array {
  const encoder = createEncoder();
  writeVarString(encoder, to);
  writeVarUint(encoder, 0);
  writeVarUint(encoder, step);
  writeVarUint8Array(encoder, content);
  return toUint8Array(encoder);
}

function typed(text: string): Uint8Array {
  const editor = new Y.Doc();
  editor.getText('text').insert(0, text);
  return Y.encodeStateAsUpdate(editor);
}

const text = () => document.getText('text').toString();

it('an edit goes into its document at once, and its acknowledgement behind it', () => {
  const alice = join();
  expect(alice.send(frameOf(typed('A bylaw.')))).toBe(true);
  expect(text()).toBe('A bylaw.');
  expect(alice.said).toEqual(['comes', 'acknowledged']);
});

it('who made it stands in the origin, as Hocuspocus says it', () => {
  const origins: unknown[] = [];
  document.on('update', (_update: Uint8Array, origin: unknown) => origins.push(origin));
  join().send(frameOf(typed('A bylaw.')));
  const [connection] = document.getConnections();
  expect(origins).toEqual([{ source: 'connection', connection }]);
});

it('an edit for one of several addresses goes to that one', () => {
  const session = `${address}\0session`;
  const alice = join(session);
  expect(alice.send(frameOf(typed('no'), { to: address }))).toBe(false);
  expect(alice.send(frameOf(typed('A bylaw.'), { to: session }))).toBe(true);
  expect(text()).toBe('A bylaw.');
});

it.each([
  ['the answer in an exchange of states', frameOf(typed('a'), { step: messageYjsSyncStep2 })],
  ['what cannot be read', frameOf(Uint8Array.of(1, 255, 255, 255, 3))],
  ['an edit that is cut off', frameOf(typed('a')).subarray(0, -1)],
  ['an edit of another document', frameOf(typed('a'), { to: 'record:other' })],
])('leaves to Hocuspocus %s', (_what, frame) => {
  const alice = join();
  expect(alice.send(frame)).toBe(false);
  expect(alice.said).toEqual([]);
  expect(text()).toBe('');
});

it('leaves to Hocuspocus what comes behind a message that is still being handled', () => {
  const alice = join();
  alice.messageQueue.push(Uint8Array.of(1));
  expect(alice.send(frameOf(typed('a')))).toBe(false);
  alice.messageQueue.length = 0;
  expect(alice.send(frameOf(typed('a')))).toBe(true);
});

it('leaves to Hocuspocus what is to be tried elsewhere first', () => {
  judge.mockReturnValue(false);
  const alice = join();
  expect(alice.send(frameOf(typed('a')))).toBe(false);
  expect(alice.said).toEqual([]);
});

it('leaves to Hocuspocus what a reader sends, and who has left', () => {
  expect(join(address, { readOnly: true }).send(frameOf(typed('a')))).toBe(false);
  const alice = join();
  document.connections.clear();
  expect(alice.send(frameOf(typed('a')))).toBe(false);
  const bob = join();
  document.destroy();
  expect(bob.send(frameOf(typed('a')))).toBe(false);
  expect(text()).toBe('');
});

it('[L8] what is refused is neither applied nor acknowledged, and its connection closed', () => {
  const error = new RealtimeError('invalid-update');
  judge.mockImplementation(() => {
    throw error;
  });
  const alice = join();
  expect(alice.send(frameOf(typed('a')))).toBe(true);
  expect(text()).toBe('');
  expect(refused).toHaveBeenCalledWith(expect.objectContaining({ document, documentName: address }), error);
  expect(alice.said).toEqual(['closed 4000 no']);
});

it('what cannot be applied is not acknowledged', () => {
  document.on('update', () => {
    throw new Error('a listener failed');
  });
  const alice = join();
  expect(alice.send(frameOf(typed('a')))).toBe(true);
  expect(alice.said).toEqual(['comes', 'closed 4000 no']);
});

it('what somebody types meets no hook of Hocuspocus', async () => {
  townHall = await TownHall.open();
  // Each connection takes the hooks along that there are when it comes.
  const hooks = vi.spyOn(townHall.server.hocuspocus, 'hooks');
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  // Behind the exchanges of states, which go Hocuspocus' way.
  await alice.saved();
  await bob.saved();
  hooks.mockClear();
  alice.type('Noise', ' STRAIGHT');
  await bob.sees('STRAIGHT');
  await alice.saved();
  expect(hooks.mock.calls.map(([name]) => name)).toEqual([]);
});
