/**
 * Real Tiptap editors on every text: opening a document sends nothing, and a word that is typed changes one line.
 */

import type { Node } from '@tiptap/pm/model';
import { describe, expect, it } from 'vitest';
import { applyUpdate, Doc } from 'yjs';
import { jsonOf, open, rebase, seedUpdate } from '../../markdown/index.ts';
import { keyOf } from '../../markdown/tidy.ts';
import { bases } from '../editors/bases.ts';
import { editorKinds, mountEditor } from '../editors/mount.ts';
import { readingOf } from '../editors/reading.ts';
import { sayable } from '../editors/sayable.ts';
import { changedLines } from './helpers/lines.ts';

/** Those that people have; the others are the fuzzer's. */
const names = ['starterKit', 'demo'] as const;

describe.each(names)('an editor with the extensions of %s', (name) => {
  const kind = editorKinds[name];
  const typed: Record<'minimal' | 'all', number> = { minimal: 0, all: 0 };

  it.each([...bases.keys()])('[M4] [M6] opens and edits: %s', (base) => {
    const markdown = bases.get(base) as string;
    const document = open(markdown, kind);
    const ydoc = new Doc();
    applyUpdate(ydoc, seedUpdate(document.json, base));
    let updates = 0;
    ydoc.on('update', () => {
      updates += 1;
    });
    const editor = mountEditor(ydoc, kind);
    editor.commands.focus('start');
    editor.commands.setTextSelection(editor.state.doc.content.size);
    editor.commands.selectAll();
    expect(updates).toBe(0);

    let saved = document.base;
    const words = wordsOnceIn(markdown, editor.state.doc);
    for (const word of new Set([words.at(0), words.at(words.length / 2), words.at(-1)])) {
      if (!word) continue;
      editor.view.dispatch(editor.state.tr.insertText('Edited', placeOf(word, editor.state.doc) + 1));
      const live = jsonOf(ydoc);
      const before = saved;
      saved = rebase({ json: live, base: before });
      const again = open(saved.markdown, kind).json;
      const { doc: expected, approximations } = sayable(live, saved);
      expect(keyOf(again)).toBe(keyOf(expected));
      expect(readingOf(again)).toEqual(readingOf(expected));
      // A word that breaks the tag of a source block makes other blocks of it.
      if (approximations.size > 0) break;
      typed.all += 1;
      const { removed, added } = changedLines(before.markdown, saved.markdown);
      if (removed === 1 && added === 1) typed.minimal += 1;
      else console.info(`${name}, ${base}, "${word}": ${removed} lines became ${added}`);
    }
    editor.destroy();
  });

  it('[M6] types words that change one line', () => {
    console.info(`${name}: ${typed.minimal} of ${typed.all} typed words change one line`);
    expect(typed.minimal).toBe(typed.all);
  });
});

/** Words that the text has once, and so on one line. */
function wordsOnceIn(markdown: string, doc: Node): string[] {
  const words: string[] = [];
  doc.descendants(({ text = '' }) => {
    for (const [word] of text.matchAll(/[\p{L}\p{N}]{3,}/gu)) {
      if (markdown.split(word).length === 2) words.push(word);
    }
  });
  return words;
}

function placeOf(word: string, doc: Node): number {
  let place = 0;
  doc.descendants(({ text = '' }, position) => {
    if (text.includes(word)) place = position + text.indexOf(word);
  });
  return place;
}
