/**
 * Which acknowledgements reach an editor, and when.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { Acknowledgements } from '../../server/acknowledgements.ts';
import { readUpdate } from '../../server/update-facts.ts';

const address = 'record:plan';

/** One editor's socket, with a disk that writes when it is told to. */
class Editor {
  sent = 0;
  readonly document = new Y.Doc();
  readonly #updates: Uint8Array[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly acknowledgements = new Acknowledgements({
    whenDurable: (_documentName, then) => void this.#waiting.push(then),
    send: () => {
      this.sent += 1;
    },
  });

  constructor() {
    this.document.on('update', (update: Uint8Array) => this.#updates.push(update));
  }

  /** Types, or deletes, and keeps the message back. */
  insert(text: string): Uint8Array {
    this.document.getText().insert(0, text);
    return this.#updates.at(-1) as Uint8Array;
  }

  erase(): Uint8Array {
    this.document.getText().delete(0, 1);
    return this.#updates.at(-1) as Uint8Array;
  }

  beginExchange(): void {
    this.acknowledgements.exchangeBegins(address, Y.encodeStateVector(this.document));
  }

  endExchange(): void {
    this.acknowledgements.exchangeEnds(address);
    this.acknowledgements.take(address);
  }

  arrive(update: Uint8Array, comesAgain = false): void {
    this.acknowledgements.editComes(address, readUpdate(update), comesAgain);
    this.acknowledgements.take(address);
  }

  /** Everything that came so far is on disk. */
  becomeDurable(): void {
    for (const then of this.#waiting.splice(0)) then();
  }
}

let editor: Editor;
beforeEach(() => {
  vi.useFakeTimers();
  editor = new Editor();
});
afterEach(() => {
  editor.acknowledgements.forget();
  vi.useRealTimers();
});

describe('an acknowledgement', () => {
  it('[J2] waits until the edit is durable', () => {
    editor.beginExchange();
    editor.endExchange();
    editor.becomeDurable();
    expect(editor.sent).toBe(1);
    editor.arrive(editor.insert('a'));
    expect(editor.sent).toBe(1);
    editor.becomeDurable();
    expect(editor.sent).toBe(2);
  });

  it('[J4] for an edit from before the exchange is left out, wherever it comes', () => {
    const offline = [editor.insert('a'), editor.insert('b')];
    editor.beginExchange();
    const typed = editor.insert('c');
    editor.arrive(typed);
    for (const update of offline) editor.arrive(update);
    editor.becomeDurable();
    expect(editor.sent).toBe(0);
    editor.endExchange();
    editor.becomeDurable();
    // One for the exchange, one for what was typed since it began.
    expect(editor.sent).toBe(2);
  });

  it('[J4] for a deletion during the exchange goes when the editor has paused', () => {
    editor.insert('ab');
    editor.beginExchange();
    editor.arrive(editor.erase());
    editor.endExchange();
    editor.becomeDurable();
    expect(editor.sent).toBe(1);
    vi.advanceTimersByTime(900);
    editor.arrive(editor.insert('c'));
    vi.advanceTimersByTime(900);
    editor.becomeDurable();
    expect(editor.sent).toBe(2);
    vi.advanceTimersByTime(200);
    editor.becomeDurable();
    expect(editor.sent).toBe(3);
  });

  it('[J4] for an edit that comes again with the exchange waits for that, also over a slow line', () => {
    editor.insert('a');
    editor.beginExchange();
    editor.arrive(editor.insert('b'), true);
    vi.advanceTimersByTime(60_000);
    editor.becomeDurable();
    expect(editor.sent).toBe(0);
    editor.endExchange();
    editor.becomeDurable();
    expect(editor.sent).toBe(2);
  });

  it('[J4] for a deletion waits for the exchange, however long the silence before it', () => {
    editor.insert('ab');
    const offline = editor.erase();
    editor.beginExchange();
    editor.arrive(offline);
    vi.advanceTimersByTime(60_000);
    editor.becomeDurable();
    expect(editor.sent).toBe(0);
  });

  it('[J4] for an edit from before the exchange is left out, also when the exchange is late', () => {
    const offline = editor.insert('a');
    editor.beginExchange();
    vi.advanceTimersByTime(60_000);
    editor.arrive(offline);
    editor.becomeDurable();
    expect(editor.sent).toBe(0);
    editor.endExchange();
    editor.becomeDurable();
    expect(editor.sent).toBe(1);
  });

  it('[J4] that was owed before another exchange began is not sent', () => {
    editor.beginExchange();
    editor.endExchange();
    editor.becomeDurable();
    editor.arrive(editor.insert('a'));
    vi.advanceTimersByTime(3_000);
    editor.beginExchange();
    editor.becomeDurable();
    expect(editor.sent).toBe(1);
    editor.endExchange();
    editor.becomeDurable();
    expect(editor.sent).toBe(2);
  });

  it('[J4] that may arrive when another exchange has begun is made up for, until the editor pauses', () => {
    editor.beginExchange();
    editor.endExchange();
    editor.arrive(editor.insert('a'));
    editor.becomeDurable();
    expect(editor.sent).toBe(2);
    editor.beginExchange();
    editor.endExchange();
    for (const letter of 'bcd') editor.arrive(editor.insert(letter));
    editor.becomeDurable();
    // Two of the four may be there already.
    expect(editor.sent).toBe(2 + 2);
    vi.advanceTimersByTime(1_000);
    editor.becomeDurable();
    expect(editor.sent).toBe(2 + 4);
  });

  it('[J4] for edits that were gathered since before the exchange is left out', () => {
    const gathered = [editor.insert('a')];
    editor.beginExchange();
    gathered.push(editor.insert('b'));
    editor.endExchange();
    editor.arrive(Y.mergeUpdates(gathered));
    editor.becomeDurable();
    expect(editor.sent).toBe(1);
  });

  it('[J4] for the answer to an exchange that was begun anew meanwhile is left out', () => {
    editor.beginExchange();
    editor.insert('a');
    editor.beginExchange();
    editor.endExchange();
    editor.becomeDurable();
    expect(editor.sent).toBe(0);
    editor.endExchange();
    editor.becomeDurable();
    expect(editor.sent).toBe(1);
  });

  it('[J4] for an edit from offline is left out also behind an exchange that was to begin offline', () => {
    const vectorOffline = Y.encodeStateVector(editor.document);
    const offline = editor.insert('a');
    editor.beginExchange();
    editor.acknowledgements.exchangeBegins(address, vectorOffline);
    editor.arrive(offline);
    editor.endExchange();
    editor.endExchange();
    editor.becomeDurable();
    expect(editor.sent).toBe(1);
  });

  it('[J2] reaches a client that answers no exchange, a little later', () => {
    editor.beginExchange();
    editor.arrive(editor.insert('a'));
    editor.becomeDurable();
    expect(editor.sent).toBe(0);
    vi.advanceTimersByTime(3_000);
    editor.becomeDurable();
    expect(editor.sent).toBe(1);
  });

  it('is not sent to a socket that is closed', () => {
    editor.beginExchange();
    editor.endExchange();
    editor.acknowledgements.forget();
    editor.becomeDurable();
    vi.advanceTimersByTime(5_000);
    expect(editor.sent).toBe(0);
  });
});
