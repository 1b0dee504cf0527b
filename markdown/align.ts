/** Which of two sequences' items belong together: the longest common subsequence, told as the ranges between. */

import { diffIndices } from 'node-diff3';

/** `length` items at `at` in the first sequence stand against `count` items at `from` in the second. */
export interface Change {
  at: number;
  length: number;
  from: number;
  count: number;
}

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
