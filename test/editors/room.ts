/**
 * Several editors of one document, each with its own copy. Updates travel late, out of order, and not at all while
 * an editor is offline, so that edits are truly concurrent; the seed decides, and nothing else.
 */

import type { Editor } from '@tiptap/core';
import { applyUpdate, Doc, type UndoManager } from 'yjs';
import { jsonOf, type NodeJson, seedUpdate } from '../../markdown/index.ts';
import { stableString } from '../../markdown/json.ts';
import type { Random } from '../markdown/helpers/random.ts';
import { type EditorKind, mountEditor } from './mount.ts';

/** Editors that repair what they were sent answer with updates; so many rounds, and they quarrel for ever. */
const maxRounds = 20;

/** Somebody at an editor. */
export class Clerk {
  readonly doc = new Doc();
  editor: Editor;
  /** Nothing comes or goes before this tick. */
  offlineUntil = 0;
  reloads = 0;
  readonly #kind: EditorKind;

  constructor(id: number, seed: Uint8Array, kind: EditorKind) {
    this.doc.clientID = id;
    applyUpdate(this.doc, seed);
    this.#kind = kind;
    this.editor = this.#mounted();
  }

  /**
   * Does something in the editor. Where Tiptap trips over it, the clerk loads the page again; y-tiptap 3.0.9 does,
   * for one, at a caret that stood behind the end of what a remote edit has left.
   */
  does<T>(action: (editor: Editor) => T): T | undefined {
    try {
      return action(this.editor);
    } catch {
      this.reloads += 1;
      this.editor.destroy();
      this.editor = this.#mounted();
      return undefined;
    }
  }

  undoAll(): void {
    for (let left = 10_000; left > 0 && undoManagerOf(this.editor).undoStack.length > 0; left -= 1)
      this.does((editor) => undoManagerOf(editor).undo());
  }

  close(): void {
    this.editor.destroy();
    this.doc.destroy();
  }

  #mounted(): Editor {
    const editor = mountEditor(this.doc, this.#kind);
    // By the clock, some steps of an undo would be taken together and some not.
    undoManagerOf(editor).captureTimeout = 0;
    return editor;
  }
}

function undoManagerOf({ state }: Editor): UndoManager & { captureTimeout: number } {
  const plugin = state.plugins.find(
    ({ spec }) => (spec.key as { key?: string } | undefined)?.key === 'y-undo$',
  );
  return plugin?.getState(state).undoManager;
}

interface Letter {
  readonly from: Clerk;
  readonly to: Clerk;
  readonly update: Uint8Array;
  readonly dueAt: number;
}

const byPost = 'post';

export class Room {
  readonly clerks: readonly Clerk[];
  readonly #random: Random;
  #now = 0;
  #letters: Letter[] = [];

  constructor(json: NodeJson, kind: EditorKind, random: Random, size = 3) {
    this.#random = random;
    const seed = seedUpdate(json, 'fuzz');
    this.clerks = Array.from({ length: size }, (_, index) => new Clerk(index + 1, seed, kind));
    for (const clerk of this.clerks) {
      clerk.doc.on('update', (update: Uint8Array, origin: unknown) => {
        if (origin !== byPost) this.#send(clerk, update);
      });
    }
  }

  get doc(): Doc {
    return (this.clerks[0] as Clerk).doc;
  }

  /** Time goes on: somebody may go offline, and what is due arrives. */
  tick(): void {
    this.#now += 1;
    const clerk = this.clerks[this.#random(this.clerks.length)] as Clerk;
    if (this.#random(12) === 0) clerk.offlineUntil = this.#now + 2 + this.#random(10);
    const isOnline = ({ offlineUntil }: Clerk) => offlineUntil <= this.#now;
    this.#deliver((letter) => letter.dueAt <= this.#now && isOnline(letter.from) && isOnline(letter.to));
  }

  /** Everybody comes online, and everything arrives. */
  settle(): void {
    for (const clerk of this.clerks) clerk.offlineUntil = 0;
    for (let round = 0; this.#letters.length > 0; round += 1) {
      if (round === maxRounds) throw new Error('the editors answer each other for ever');
      this.#deliver(() => true);
    }
    const [first, ...others] = this.clerks.map(({ doc }) => stableString(jsonOf(doc)));
    const other = others.find((copy) => copy !== first);
    if (other !== undefined) throw new Error(`the copies differ: ${first} and ${other}`);
  }

  close(): void {
    for (const clerk of this.clerks) clerk.close();
  }

  #send(from: Clerk, update: Uint8Array): void {
    for (const to of this.clerks) {
      if (to !== from) this.#letters.push({ from, to, update, dueAt: this.#now + this.#random(6) });
    }
  }

  #deliver(isDue: (letter: Letter) => boolean): void {
    const due = this.#letters.filter(isDue);
    this.#letters = this.#letters.filter((letter) => !due.includes(letter));
    while (due.length > 0) {
      const [letter] = due.splice(this.#random(due.length), 1);
      letter?.to.does(() => applyUpdate(letter.to.doc, letter.update, byPost));
    }
  }
}
