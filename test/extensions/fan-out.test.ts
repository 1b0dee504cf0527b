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
  /** What sending has taken so far, in ms, and what it takes for each one. */
  let spentMs = 0;
  let sendMs = 0;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const pretended = performance.now.bind(performance);
    spentMs = 0;
    sendMs = 0.008;
    vi.spyOn(performance, 'now').mockImplementation(() => pretended() + spentMs);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  type Person = ReturnType<typeof join>;

  function crowd(size: number): [alice: Person, bob: Person] {
    const people = Array.from({ length: size }, join);
    for (const { connection } of people) {
      const { send } = connection;
      connection.send = (frame) => {
        spentMs += sendMs;
        send(frame);
      };
    }
    return people as unknown as [Person, Person];
  }

  /** Edits, as long after each other as is said, and what of them has been sent when the next one comes. */
  async function type(count: number, pauseMs: number, [alice, bob]: [Person, Person]): Promise<string[]> {
    const seen = new Y.Doc();
    const texts: string[] = [];
    let known = bob.received.length;
    for (const update of editsBy(1, ...Array.from({ length: count }, () => 'x'))) {
      edit(update, alice.connection);
      // The turn in which it comes.
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      for (; known < bob.received.length; known += 1) Y.applyUpdate(seen, bob.received[known] as Uint8Array);
      texts.push(seen.getText('text').toString());
      vi.advanceTimersByTime(pauseMs);
    }
    return texts;
  }

  const everyOne = (count: number) => Array.from({ length: count }, (_, index) => 'x'.repeat(index + 1));

  it('[F2] sends each edit at once where five type before a hundred', async () => {
    expect(await type(50, 20, crowd(100))).toEqual(everyOne(50));
  });

  it('[F2] lets nobody wait in a small room, however fast they type', async () => {
    expect(await type(50, 1, crowd(5))).toEqual(everyOne(50));
  });

  it('[F2] sends what one types at once, also in a large room', async () => {
    expect(await type(5, 100, crowd(1_000))).toEqual(everyOne(5));
  });

  it('[F2] gathers what would take more than a tenth of the time, for fifty milliseconds at most', async () => {
    sendMs = 0.04;
    const [alice, bob] = crowd(200);
    const texts = await type(200, 10, [alice, bob]);
    // Eight milliseconds for each, and so many in two seconds.
    expect(bob.received.length).toBeLessThanOrEqual(2_000 / 50 + 2);
    expect(bob.received.length).toBeGreaterThan(2_000 / 80 - 2);
    for (const [index, text] of texts.entries()) expect(index + 1 - text.length).toBeLessThanOrEqual(5);
    vi.advanceTimersByTime(50);
    const seen = new Y.Doc();
    for (const update of bob.received) Y.applyUpdate(seen, update);
    expect(seen.getText('text').toString()).toBe('x'.repeat(200));
    expect(alice.received).toEqual([]);
  });

  it('[F2] gathers sooner where sending takes longer', async () => {
    sendMs = 0.08;
    const [alice, bob] = crowd(100);
    await type(100, 20, [alice, bob]);
    expect(bob.received.length).toBeLessThanOrEqual(2_000 / 50 + 2);
  });

  it('[F2] does not gather more than a megabyte', async () => {
    const [alice, bob] = crowd(1_000);
    await type(2, 0, [alice, bob]);
    const sent = bob.received.length;
    edit(editsBy(2, 'b'.repeat(1_100_000))[0] as Uint8Array, alice.connection);
    expect(bob.received).toHaveLength(sent + 1);
  });
});
