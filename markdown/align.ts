/** Which items of two sequences belong together: equal ones, moved ones, and those that resemble each other. */

import { diffIndices } from 'node-diff3';
import { type NodeJson, plainText } from './json.ts';

/** `length` items at `at` in the first sequence stand against `count` items at `from` in the second. */
export interface Change {
  at: number;
  length: number;
  from: number;
  count: number;
}

/** The longest common subsequence, told as the ranges between. */
export function changesBetween(before: readonly string[], after: readonly string[]): Change[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const inner = diffIndices(before.slice(start, before.length - end), after.slice(start, after.length - end));
  return inner.map(({ buffer1: [at, length], buffer2: [from, count] }) => ({
    at: at + start,
    length,
    from: from + start,
    count,
  }));
}

/** For each item of `after`, the equal item of `before` that it is, in order: `undefined` when there is none. */
export function keptItems(before: readonly string[], after: readonly string[]): (number | undefined)[] {
  const kept: (number | undefined)[] = [];
  let next = 0;
  for (const { at, length, from, count } of changesBetween(before, after)) {
    while (kept.length < from) kept.push(next++);
    for (let index = 0; index < count; index += 1) kept.push(undefined);
    next = at + length;
  }
  while (kept.length < after.length) kept.push(next++);
  return kept;
}

/** Equal items that are not in order: each of `after` that is not kept takes the first of `before` that is free. */
export function movedItems(
  before: readonly string[],
  after: readonly string[],
  kept: readonly (number | undefined)[],
): Map<number, number> {
  const taken = new Set(kept);
  const free = new Map<string, number[]>();
  for (const [index, key] of before.entries()) {
    if (!taken.has(index)) free.set(key, [...(free.get(key) ?? []), index]);
  }
  const moved = new Map<number, number>();
  for (const [index, key] of after.entries()) {
    const from = kept[index] === undefined ? free.get(key)?.shift() : undefined;
    if (from !== undefined) moved.set(index, from);
  }
  return moved;
}

/** The ranges between kept items. */
export function rangesBetween(kept: readonly (number | undefined)[], length: number): Change[] {
  const ranges: Change[] = [];
  let [at, from] = [0, 0];
  const close = (nextAt: number, nextFrom: number) => {
    if (nextAt > at || nextFrom > from)
      ranges.push({ at, length: nextAt - at, from, count: nextFrom - from });
    [at, from] = [nextAt + 1, nextFrom + 1];
  };
  for (const [index, old] of kept.entries()) if (old !== undefined) close(old, index);
  close(length, kept.length);
  return ranges;
}

/** More pairs than this are not weighed against each other. */
const maxPairs = 4_000;

/**
 * Pairs each new node with the old one that it grew from, in order: the most alike, a node of the same type
 * rather than of another.
 */
export function pairAlike(before: readonly NodeJson[], after: readonly NodeJson[]): (number | undefined)[] {
  const isOfOneType = before[0]?.type === after[0]?.type;
  if (before.length === 1 && after.length === 1 && isOfOneType) return [0];
  if (before.length * after.length > maxPairs) {
    return after.map((node, index) => (before[index]?.type === node.type ? index : undefined));
  }
  const words = before.map(wordsOf);
  const likeness = after.map((node) => {
    const own = wordsOf(node);
    return before.map((old, index) => likenessOf(old, words[index] ?? [], node, own));
  });
  return bestPairs(likeness, before.length);
}

/** best[i][j]: the most likeness to be had from `after` since i and `before` since j. */
function bestPairs(likeness: readonly (readonly number[])[], length: number): (number | undefined)[] {
  const best = Array.from({ length: likeness.length + 1 }, () => new Float64Array(length + 1));
  const at = (i: number, j: number) => best[i]?.[j] ?? 0;
  for (let i = likeness.length - 1; i >= 0; i -= 1) {
    for (let j = length - 1; j >= 0; j -= 1) {
      const paired = likeness[i]?.[j] ? (likeness[i]?.[j] ?? 0) + at(i + 1, j + 1) : 0;
      (best[i] as Float64Array)[j] = Math.max(paired, at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: (number | undefined)[] = [];
  for (let i = 0, j = 0; i < likeness.length; i += 1) {
    while (j < length && at(i, j + 1) === at(i, j)) j += 1;
    const isPaired = j < length && at(i, j) > at(i + 1, j);
    pairs.push(isPaired ? j : undefined);
    if (isPaired) j += 1;
  }
  return pairs;
}

/** 0 when the two have nothing to do with each other. */
function likenessOf(
  old: NodeJson,
  oldWords: readonly string[],
  live: NodeJson,
  liveWords: readonly string[],
): number {
  const known = new Set(oldWords);
  const shared = liveWords.filter((word) => known.has(word)).length;
  const share = (2 * shared) / Math.max(1, oldWords.length + liveWords.length);
  if (old.type === live.type) return 0.5 + share;
  return share > 0.4 ? share : 0;
}

function wordsOf(node: NodeJson): string[] {
  return plainText(node).match(/[\p{L}\p{N}]+/gu) ?? [];
}
