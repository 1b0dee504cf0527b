/**
 * What must be true after a crash, seen from outside.
 */

import type { NodeJson } from '../../markdown/index.ts';
import { tokenPattern } from './edits.ts';
import { blocksOf } from './record-text.ts';
import type { Promised, Writer } from './writer.ts';

/** As much of a writer as a verdict needs. */
type Author = Pick<Writer, 'typedTokens' | 'hasDeleted'>;

/** Tokens that the server had acknowledged and that are not there, or whose deletion is undone. */
export function lostIn(json: NodeJson, promised: readonly Promised[], authors: readonly Author[]): string[] {
  const found = new Set(tokensIn(json));
  const isTouched = (token: string) => authors.some((author) => author.hasDeleted(token));
  const gone = promised.flatMap(({ present }) =>
    present.filter((token) => !found.has(token) && !isTouched(token)),
  );
  const back = promised.flatMap(({ absent }) => absent.filter((token) => found.has(token)));
  return [...gone, ...back.map((token) => `deleted ${token}`)];
}

/** Everything else that is wrong with a document, in sentences. */
export function faultsIn(json: NodeJson, original: NodeJson, authors: readonly Author[]): string[] {
  const typed = new Set(authors.flatMap((author) => author.typedTokens));
  const found = tokensIn(json);
  const twice = found.filter((token, index) => found.indexOf(token) !== index);
  const strange = found.filter((token) => !typed.has(token));
  const words = wordsIn(json);
  const isText = words.join('\n') === wordsIn(original).join('\n');
  return [
    ...twice.map((token) => `${token} is there twice`),
    ...strange.map((token) => `nobody has typed ${token}`),
    ...(isText ? [] : [`the record's own text changed: ${firstDifference(wordsIn(original), words)}`]),
  ];
}

/** Texts that CivicPress was given twice in a row. */
export function repeatedDrafts(drafts: readonly string[]): number {
  return drafts.filter((draft, index) => index > 0 && draft === drafts[index - 1]).length;
}

function tokensIn(json: NodeJson): string[] {
  return blocksOf(json).flatMap((block) => block.match(tokenPattern) ?? []);
}

/** The record without what was typed into it. */
function wordsIn(json: NodeJson): string[] {
  const blocks = blocksOf(json).map((block) => block.replace(tokenPattern, ''));
  // A paragraph of tokens only was made by a writer.
  return blocks.filter((block) => !block.endsWith(': '));
}

function firstDifference(expected: readonly string[], actual: readonly string[]): string {
  const at = expected.findIndex((block, index) => block !== actual[index]);
  const index = at < 0 ? expected.length : at;
  return `instead of "${expected[index] ?? 'the end'}" stands "${actual[index] ?? 'the end'}"`;
}
