/**
 * Random edits, saved after each one or two: the text reads as the live document, untouched blocks keep their
 * bytes, a second save changes nothing, and undoing everything gives the first text back.
 *
 * A seed that fails becomes a case in reconcile.test.ts, where it can be read.
 *
 * `MARKDOWN_FUZZ=2000 npx vitest run test/markdown/fuzz` tries so many seeds, from `MARKDOWN_SEED` on.
 */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeApart, textOf } from '../../markdown/apart.ts';
import { Definitions } from '../../markdown/definitions.ts';
import { featureSet } from '../../markdown/features.ts';
import { type NodeJson, open, rebase, save } from '../../markdown/index.ts';
import { parseWithin } from '../../markdown/parse.ts';
import { keyOf } from '../../markdown/tidy.ts';
import { hard } from './fixtures/hard.ts';
import { editAtRandom } from './helpers/edits.ts';
import { randomFrom } from './helpers/random.ts';

const folder = join(import.meta.dirname, '../../../shared/corpus');
const corpus = (existsSync(folder) ? globSync('*/**/*.md', { cwd: folder }).sort() : [])
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .filter((markdown) => markdown.length < 15_000);
const texts = [hard, hard.replaceAll('\n', '\r\n'), ...corpus];

const first = Number(process.env.MARKDOWN_SEED ?? 1);
const count = Number(process.env.MARKDOWN_FUZZ ?? 40);
const steps = 6;

describe('random edits', () => {
  it(
    `[M7] seeds ${first} to ${first + count - 1}`,
    () => {
      for (let seed = first; seed < first + count; seed += 1) live(seed);
    },
    count * 5_000,
  );
});

function live(seed: number): void {
  const random = randomFrom(seed);
  const markdown = texts[random(texts.length)] as string;
  let { json, base } = open(markdown);
  const opened = { json: structuredClone(json), base };
  for (let step = 0; step < steps; step += 1) {
    const names = [editAtRandom(json, random), ...(random(2) === 0 ? [editAtRandom(json, random)] : [])];
    const at = `seed ${seed}, step ${step}: ${names.join(', ')}`;
    const next = rebase({ json, base });
    expect(keyOf(open(next.markdown).json), at).toBe(keyOf(json));
    expect(readAtOnce(next.markdown), at).toEqual(blocksOf(next.markdown));
    expect(lostBlocks(base.markdown, json, next.markdown), at).toEqual([]);
    expect(save({ json: structuredClone(json), base: { ...next } }), at).toBe(next.markdown);
    expect(save(opened), at).toBe(markdown);
    base = next;
  }
}

/** Equal blocks whose bytes are gone; a list may need another marker when it comes to stand beside another. */
function lostBlocks(before: string, json: NodeJson, after: string): string[] {
  const source = takeApart(before, {});
  const liveKeys = new Set(json.content?.map(keyOf));
  const isOnlyOne = (key: string) => source.blocks.filter(({ node }) => keyOf(node) === key).length === 1;
  return source.blocks.flatMap((block) => {
    const isList = block.node.type.endsWith('List') || block.node.type === 'codeBlock';
    const key = keyOf(block.node);
    const text = textOf(source, block).trimEnd();
    if (isList || !liveKeys.has(key) || !isOnlyOne(key)) return [];
    return after.replaceAll('\r\n', '\n').includes(text) ? [] : [text];
  });
}

/** The blocks as one parse of the whole text finds them, without slices. */
function readAtOnce(markdown: string): NodeJson[] {
  const text = takeApart(markdown, {}).lines.join('');
  return parseWithin(text, new Definitions([]), featureSet()).blocks.map(({ node }) => node);
}

function blocksOf(markdown: string): NodeJson[] {
  return takeApart(markdown, {}).blocks.map(({ node }) => node);
}
