/**
 * One word changed, inserted or deleted all over the corpus: one line of the file changes.
 *
 * A sample of words here; `MARKDOWN_WORDS=7 npx vitest run test/markdown/words` takes every seventh word of all files.
 */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type NodeJson, open, save } from '../../markdown/index.ts';
import { keyOf } from '../../markdown/tidy.ts';
import { changedLines } from './helpers/lines.ts';

const folder = join(import.meta.dirname, '../../../shared/corpus');
const files = existsSync(folder) ? globSync('*/**/*.md', { cwd: folder }).sort() : [];
const everyWord = Number(process.env.MARKDOWN_WORDS ?? 601);

const edits: Record<string, (before: string, word: string, after: string) => string | undefined> = {
  changed: (before, _word, after) => `${before}Edited${after}`,
  inserted: (before, word, after) =>
    after.startsWith(' ') ? `${before}${word} inserted${after}` : undefined,
  deleted: (before, _word, after) =>
    /(?:^|\S )$/.test(before) && /^ \S/.test(after) ? before + after.slice(1) : undefined,
};

it(
  '[M6] a word changed, inserted or deleted changes one line',
  () => {
    let seen = 0;
    const counts: Record<string, number> = {};
    const wide: string[] = [];
    for (const file of files) {
      const markdown = readFileSync(join(folder, file), 'utf8');
      const { json, base } = open(markdown);
      for (const node of textsOf(json)) {
        const text = node.text ?? '';
        for (const { 0: word, index } of text.matchAll(/[\p{L}\p{N}]{2,}/gu)) {
          seen += 1;
          if (seen % everyWord !== 0) continue;
          for (const [kind, edit] of Object.entries(edits)) {
            const next = edit(text.slice(0, index), word, text.slice(index + word.length));
            if (!next || next === text) continue;
            node.text = next;
            const saved = save({ json, base });
            counts[kind] = (counts[kind] ?? 0) + 1;
            const changed = changedLines(markdown, saved);
            if (changed.removed > 1 || changed.added > 1) {
              wide.push(`${file}: ${word} ${kind}, in "${text.slice(0, 60)}"`);
            }
            expect(keyOf(open(saved).json), `${file}: ${word} ${kind}`).toBe(keyOf(json));
          }
          node.text = text;
        }
      }
    }
    console.info(`words: ${JSON.stringify(counts)} edits, ${wide.length} change more than one line`);
    expect(Object.keys(counts)).toEqual(Object.keys(edits));
    expect(wide).toEqual([]);
  },
  process.env.MARKDOWN_WORDS ? 3_600_000 : 300_000,
);

function textsOf(node: NodeJson): NodeJson[] {
  return node.text !== undefined ? [node] : (node.content ?? []).flatMap(textsOf);
}
