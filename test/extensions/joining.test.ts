/**
 * What somebody is given who comes in with nothing.
 */
import { type Connection, Document } from '@hocuspocus/server';
import { createDecoder, readVarString, readVarUint, readVarUint8Array } from 'lib0/decoding';
import { createEncoder, toUint8Array, writeVarString, writeVarUint, writeVarUint8Array } from 'lib0/encoding';
import { beforeEach, expect, it } from 'vitest';
import * as Y from 'yjs';
import { Joining } from '../../extensions/joining.ts';
import { until } from '../helpers/until.ts';

let document: Document;
let joining: Joining;
beforeEach(async () => {
  document = new Document('record:bylaw');
  document.getText('text').insert(0, 'A bylaw.');
  joining = new Joining();
  await joining.afterLoadDocument({ document } as never);
});

/** Somebody in the room: what they ask, what they are sent, and what Hocuspocus is left to handle. */
function join(messageAddress = 'record:bylaw') {
  const sent: Uint8Array[] = [];
  const left: Uint8Array[] = [];
  const begun: Uint8Array[] = [];
  const acknowledgements = {
    exchangeBegins: (_address: string, stateVector: Uint8Array) => begun.push(stateVector),
  };
  const messageQueue: Uint8Array[] = [];
  const connection = {
    messageAddress,
    document,
    context: { socket: { acknowledgements } },
    messageQueue,
    handleMessage: (frame: Uint8Array) => left.push(frame),
    send: (frame: Uint8Array) => sent.push(frame),
  } as unknown as Connection;
  document.addConnection(connection);
  const ask = (stateVector: Uint8Array) => connection.handleMessage(question(messageAddress, stateVector));
  return { sent, left, begun, messageQueue, ask, close: () => document.connections.delete(connection) };
}

function question(address: string, stateVector: Uint8Array): Uint8Array {
  const encoder = createEncoder();
  writeVarString(encoder, address);
  writeVarUint(encoder, 0);
  writeVarUint(encoder, 0);
  writeVarUint8Array(encoder, stateVector);
  return toUint8Array(encoder);
}

function answerIn(frame: Uint8Array): { address: string; step: number; content: Uint8Array } {
  const decoder = createDecoder(frame);
  const address = readVarString(decoder);
  expect(readVarUint(decoder)).toBe(0);
  return { address, step: readVarUint(decoder), content: readVarUint8Array(decoder) };
}

/** What somebody has who applies the answer. */
function textIn(frame: Uint8Array): string {
  const { step, content } = answerIn(frame);
  expect(step).toBe(1);
  const seen = new Y.Doc();
  Y.applyUpdate(seen, content);
  return seen.getText('text').toString();
}

const nothing = Y.encodeStateVector(new Y.Doc());

it('[F3] gives the whole document, and asks what they have', () => {
  const alice = join();
  alice.ask(nothing);
  expect(alice.left).toEqual([]);
  const [asked, answered] = alice.sent as [Uint8Array, Uint8Array];
  expect(answerIn(asked)).toEqual({
    address: 'record:bylaw',
    step: 0,
    content: Y.encodeStateVector(document),
  });
  expect(textIn(answered)).toBe('A bylaw.');
  expect(alice.begun).toEqual([nothing]);
});

it('[F3] encodes it once for all who come before it changes', () => {
  const [alice, bob] = [join(), join()];
  alice.ask(nothing);
  bob.ask(nothing);
  expect(bob.sent[1]).toBe(alice.sent[1]);
  document.getText('text').insert(0, 'Now: ');
  const carol = join();
  carol.ask(nothing);
  expect(textIn(carol.sent[1] as Uint8Array)).toBe('Now: A bylaw.');
});

it('[F3] answers a provider with an address of its own at that address', () => {
  const [alice, bob] = [join(), join('record:bylaw\0window-2')];
  alice.ask(nothing);
  bob.ask(nothing);
  const frame = bob.sent[1] as Uint8Array;
  expect(answerIn(frame).address).toBe('record:bylaw\0window-2');
  expect(textIn(frame)).toBe('A bylaw.');
});

it('leaves every other question, and what comes behind others, to Hocuspocus', () => {
  const alice = join();
  alice.ask(Y.encodeStateVector(document));
  alice.ask(Uint8Array.of());
  alice.messageQueue.push(Uint8Array.of(1));
  alice.ask(nothing);
  expect(alice.left).toHaveLength(3);
  expect(alice.sent).toEqual([]);
});

it('leaves who has left, and a document that is gone, to Hocuspocus', () => {
  const [alice, bob] = [join(), join()];
  alice.close();
  alice.ask(nothing);
  document.destroy();
  bob.ask(nothing);
  expect([...alice.left, ...bob.left]).toHaveLength(2);
});

it('[F3] does not answer very many in one turn of the event loop, and not who has left meanwhile', async () => {
  document.getText('text').insert(0, 'a'.repeat(1_500_000));
  const people = Array.from({ length: 8 }, () => join());
  for (const { ask } of people) ask(nothing);
  const answered = () => people.map(({ sent }) => sent.length / 2);
  expect(answered()).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
  people[4]?.close();
  await until('the others are answered', () => people.at(-1)?.sent.length === 2);
  expect(answered()).toEqual([1, 1, 1, 1, 0, 1, 1, 1]);
});
