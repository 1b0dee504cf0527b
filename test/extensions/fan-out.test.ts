/**
 * Who hears of an edit, and how soon.
 */
import { type Connection, Document } from '@hocuspocus/server';
import { createDecoder, readVarString, readVarUint, readVarUint8Array } from 'lib0/decoding';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { FanOut } from '../../extensions/fan-out.ts';
import { until } from '../helpers/until.ts';

let document: Document;
beforeEach(async () => {
  document = new Document('record:bylaw');
  await new FanOut().afterLoadDocument({ document } as never);
});

/** Somebody in the room, and the updates that they are sent. */
function join(): { connection: Connection; received: Uint8Array[] } {
  const received: Uint8Array[] = [];
  const send = (frame: Uint8Array) => {
    const decoder = createDecoder(frame);
    readVarString(decoder);
    expect([readVarUint(decoder), readVarUint(decoder)]).toEqual([0, 2]);
    received.push(readVarUint8Array(decoder));
  };
  const connection = { messageAddress: 'record:bylaw', document, send } as unknown as Connection;
  document.addConnection(connection);
  return { connection, received };
}

const edit = (update: Uint8Array, connection: Connection) =>
  Y.applyUpdate(document, update, { source: 'connection', connection });

/** Edits that build on each other, by one who works elsewhere. */
function editsBy(clientId: number, ...texts: string[]): Uint8Array[] {
  const updates: Uint8Array[] = [];
  const editor = new Y.Doc();
  editor.clientID = clientId;
  editor.on('update', (update: Uint8Array) => updates.push(update));
  for (const text of texts) editor.getText('text').insert(editor.getText('text').length, text);
  return updates;
}

describe('who hears of it', () => {
  it('[F1] sends an edit to everybody but its author', async () => {
    const [alice, bob] = [join(), join()];
    const [update] = editsBy(1, 'a') as [Uint8Array];
    edit(update, alice.connection);
    await until('bob hears of it', () => bob.received.length === 1);
    expect(bob.received).toEqual([update]);
    expect(alice.received).toEqual([]);
  });

  it('[F1] sends what two have typed at the same moment to both', async () => {
    const [alice, bob] = [join(), join()];
    edit(editsBy(1, 'a')[0] as Uint8Array, alice.connection);
    edit(editsBy(2, 'b')[0] as Uint8Array, bob.connection);
    await until('both hear of it', () => alice.received.length === 1 && bob.received.length === 1);
    expect(alice.received).toEqual(bob.received);
  });

  it('[F1] sends what the server has edited to everybody', async () => {
    const alice = join();
    document.getText('text').insert(0, 'from the server');
    await until('alice hears of it', () => alice.received.length === 1);
  });

  it('[F1] sends an edit that had to wait to whoever brought what it waited for', async () => {
    const [alice, bob] = [join(), join()];
    const [first, second] = editsBy(1, 'a', 'b') as [Uint8Array, Uint8Array];
    edit(second, alice.connection);
    edit(first, bob.connection);
    await until('bob hears of it', () => bob.received.length === 1);
    const seen = new Y.Doc();
    Y.applyUpdate(seen, bob.received[0] as Uint8Array);
    expect(seen.getText('text').toString()).toBe('ab');
  });
});

describe('how soon', () => {
  /** Lets one edit go out, and the turn in which it does. */
  async function send(update: Uint8Array, by: Connection): Promise<void> {
    edit(update, by);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('[F2] sends what comes after a pause at once, also in a large room', async () => {
    const people = Array.from({ length: 400 }, join);
    const [first, second] = editsBy(1, 'a', 'b') as [Uint8Array, Uint8Array];
    const [alice, bob] = people as [(typeof people)[0], (typeof people)[0]];
    await send(first, alice.connection);
    expect(bob.received).toEqual([first]);
    vi.advanceTimersByTime(50);
    await send(second, alice.connection);
    expect(bob.received).toEqual([first, second]);
  });

  it('[F2] gathers, in a large room, what comes right behind another edit', async () => {
    const people = Array.from({ length: 400 }, join);
    const [alice, bob] = people as [(typeof people)[0], (typeof people)[0]];
    const [one, two, three] = editsBy(1, 'a', 'b', 'c') as [Uint8Array, Uint8Array, Uint8Array];
    await send(one, alice.connection);
    vi.advanceTimersByTime(10);
    await send(two, alice.connection);
    vi.advanceTimersByTime(39);
    await send(three, alice.connection);
    expect(bob.received).toEqual([one]);
    vi.advanceTimersByTime(1);
    expect(bob.received).toHaveLength(2);
    const seen = new Y.Doc();
    for (const update of bob.received) Y.applyUpdate(seen, update);
    expect(seen.getText('text').toString()).toBe('abc');
    expect(alice.received).toEqual([]);
  });

  it('[F2] lets nobody wait where two are alone', async () => {
    const [alice, bob] = [join(), join()];
    const [one, two] = editsBy(1, 'a', 'b') as [Uint8Array, Uint8Array];
    await send(one, alice.connection);
    await send(two, alice.connection);
    expect(bob.received).toEqual([one, two]);
  });

  it('[F2] does not gather more than a megabyte', async () => {
    const people = Array.from({ length: 400 }, join);
    const [alice, bob] = people as [(typeof people)[0], (typeof people)[0]];
    const [first, long] = editsBy(1, 'a', 'b'.repeat(1_100_000)) as [Uint8Array, Uint8Array];
    await send(first, alice.connection);
    edit(long, alice.connection);
    expect(bob.received).toHaveLength(2);
  });
});
