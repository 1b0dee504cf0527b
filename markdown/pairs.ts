/**
 * Which nodes of two sequences belong together: equal ones, in order or moved, and those that one grew into.
 * Keys are costly, and only computed for what differs between the equal beginning and the equal end.
 */

import { keptItems, movedItems, pairAlike, rangesBetween } from './align.ts';
import type { NodeJson } from './json.ts';
import { isSame, keyOf } from './tidy.ts';

/** For each node, the equal one of `before` that it is, in order; `undefined` for others. */
export function keptNodes(before: readonly NodeJson[], after: readonly NodeJson[]): (number | undefined)[] {
  const [oldKey, newKey] = [keysOf(before), keysOf(after)];
  const isKept = (old: number, index: number) => isSame(before[old] as NodeJson, after[index] as NodeJson);
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isKept(start, start)) start += 1;
  let end = 0;
  while (end < shorter - start && isKept(before.length - 1 - end, after.length - 1 - end)) end += 1;
  const [olds, news] = [before.length - end - start, after.length - end - start];
  // That two are different is known by now.
  const inner =
    olds === 1 && news === 1
      ? [undefined]
      : keptItems(range(start, olds).map(oldKey), range(start, news).map(newKey));
  return after.map((_, index) => {
    if (index < start) return index;
    if (index >= after.length - end) return before.length - after.length + index;
    const old = inner[index - start];
    return old === undefined ? undefined : old + start;
  });
}

function keysOf(nodes: readonly NodeJson[]): (index: number) => string {
  const known = new Map<number, string>();
  return (index) => {
    const key = known.get(index) ?? keyOf(nodes[index] as NodeJson);
    known.set(index, key);
    return key;
  };
}

/** Nodes that are not kept but stand elsewhere in `before`. */
export function movedNodes(
  before: readonly NodeJson[],
  after: readonly NodeJson[],
  kept: readonly (number | undefined)[],
): Map<number, number> {
  const taken = new Set(kept);
  // Within one range, equal nodes would have been kept.
  if (rangesBetween(kept, before.length).length < 2) return new Map();
  return movedItems(
    before.map((node, index) => (taken.has(index) ? '' : keyOf(node))),
    after.map((node, index) => (kept[index] === undefined ? keyOf(node) : '')),
    kept,
  );
}

/** Which old node each new one is: equal ones wherever they stand, then those that are alike. */
export function pairNodes(before: readonly NodeJson[], after: readonly NodeJson[]): (number | undefined)[] {
  if (before.length === 1 && after.length === 1) return pairAlike(before, after);
  const pairs = keptNodes(before, after);
  const moved = movedNodes(before, after, pairs);
  const taken = new Set([...pairs, ...moved.values()]);
  for (const { at, length, from, count } of rangesBetween(pairs, before.length)) {
    const olds = range(at, length).filter((index) => !taken.has(index));
    const lives = range(from, count).filter((index) => !moved.has(index));
    const alike = pairAlike(
      olds.map((index) => before[index] as NodeJson),
      lives.map((index) => after[index] as NodeJson),
    );
    for (const [index, pair] of alike.entries())
      if (pair !== undefined) pairs[lives[index] as number] = olds[pair];
  }
  for (const [index, from] of moved) pairs[index] = from;
  return pairs;
}

function range(start: number, length: number): number[] {
  return Array.from({ length }, (_, index) => start + index);
}
