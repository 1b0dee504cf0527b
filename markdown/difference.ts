/** What leads from one sequence of tokens to another: Myers' shortest edit script, in time that stays linear. */

/** `length` tokens at `at` became `tokens`. */
export interface Hunk {
  at: number;
  length: number;
  tokens: readonly string[];
}

/** The shortest script as long as it is short; of texts that differ much, one that is nearly as short. */
export function difference(before: readonly string[], after: readonly string[]): Hunk[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  return hunksOf(equalRuns(a, b), a, b).map((hunk) => ({ ...hunk, at: hunk.at + start }));
}

/**
 * The same, but no word gives way to punctuation: the words are compared first, and then what stands between those that
 * are equal. Two spellings of one text have the same words, so nearly all the work is done in short pieces.
 */
export function differenceByWords(before: readonly string[], after: readonly string[]): Hunk[] {
  const [old, now] = [wordsAt(before), wordsAt(after)];
  const hunks: Hunk[] = [];
  let [at, from] = [0, 0];
  const compareUntil = (nextAt: number, nextFrom: number) => {
    for (const hunk of difference(before.slice(at, nextAt), after.slice(from, nextFrom)))
      hunks.push({ ...hunk, at: hunk.at + at });
    [at, from] = [nextAt, nextFrom];
  };
  const words = (tokens: readonly string[], places: readonly number[]) =>
    places.map((place) => tokens[place] as string);
  for (const [oldWord, word] of equalPairs(words(before, old), words(after, now))) {
    compareUntil(old[oldWord] as number, now[word] as number);
    at += 1;
    from += 1;
  }
  compareUntil(before.length, after.length);
  return hunks;
}

function wordsAt(tokens: readonly string[]): number[] {
  return tokens.flatMap((token, index) => (/^[\p{L}\p{N}]/u.test(token) ? [index] : []));
}

/** The items of two sequences that are the same, with those between which they stand. */
function* equalPairs(before: readonly string[], after: readonly string[]): Generator<[number, number]> {
  let [old, now] = [0, 0];
  for (const { at, length, tokens } of difference(before, after)) {
    while (old < at) yield [old++, now++];
    old += length;
    now += tokens.length;
  }
  while (old < before.length) yield [old++, now++];
}

/** A diagonal run: `length` equal tokens at `a` and `b`. */
interface Run {
  a: number;
  b: number;
  length: number;
}

function hunksOf(runs: readonly Run[], before: readonly string[], after: readonly string[]): Hunk[] {
  const hunks: Hunk[] = [];
  let [a, b] = [0, 0];
  for (const run of [...runs, { a: before.length, b: after.length, length: 0 }]) {
    if (run.a > a || run.b > b) hunks.push({ at: a, length: run.a - a, tokens: after.slice(b, run.b) });
    [a, b] = [run.a + run.length, run.b + run.length];
  }
  return hunks;
}

/** Time and memory grow with the square of this, and then the search goes on from the furthest that it came. */
const maxDifferences = 400;

function equalRuns(before: readonly string[], after: readonly string[]): Run[] {
  const runs: Run[] = [];
  let from = { a: 0, b: 0 };
  while (from.a < before.length || from.b < after.length) {
    const path = furthestPath(before, after, from);
    runs.push(...path.runs);
    from = path.end;
  }
  return runs;
}

interface Point {
  a: number;
  b: number;
}

/** The shortest path to the end, or as far as it comes with so many differences. */
function furthestPath(
  before: readonly string[],
  after: readonly string[],
  from: Point,
): { runs: Run[]; end: Point } {
  const size = { a: before.length - from.a, b: after.length - from.b };
  // rows[d][k + d]: how far in `before` d differences lead on the diagonal k.
  const rows: Int32Array[] = [];
  let end: Point = { a: 0, b: 0 };
  for (let d = 0; d <= maxDifferences; d += 1) {
    const last = rows[d - 1];
    const row = new Int32Array(2 * d + 1).fill(nowhere);
    rows.push(row);
    end = { a: 0, b: 0 };
    for (let k = -d; k <= d; k += 2) {
      let x = last ? stepTo(last, d, k, size).x : 0;
      if (x === nowhere) continue;
      while (x < size.a && x - k < size.b && before[from.a + x] === after[from.b + x - k]) x += 1;
      row[k + d] = x;
      if (2 * x - k >= end.a + end.b) end = { a: x, b: x - k };
    }
    if (end.a === size.a && end.b === size.b) break;
  }
  const runs = runsBack(rows, end, size);
  return {
    runs: runs.map((run) => ({ ...run, a: run.a + from.a, b: run.b + from.b })),
    end: { a: from.a + end.a, b: from.b + end.b },
  };
}

const nowhere = -1;

/** One more difference: a token of `after` inserted (from the diagonal above), or one of `before` deleted. */
function stepTo(last: Int32Array, d: number, k: number, size: Point): { x: number; isInsertion: boolean } {
  const inserted = k + d < last.length ? (last[k + d] as number) : nowhere;
  const above = k > -d ? (last[k + d - 2] as number) : nowhere;
  const deleted = above === nowhere || above === size.a ? nowhere : above + 1;
  const isInsertion = inserted !== nowhere && inserted - k <= size.b && inserted >= deleted;
  return { x: isInsertion ? inserted : deleted, isInsertion };
}

function runsBack(rows: readonly Int32Array[], end: Point, size: Point): Run[] {
  const runs: Run[] = [];
  let [x, y] = [end.a, end.b];
  for (let d = rows.length - 1; d >= 0; d -= 1) {
    const k = x - y;
    const last = rows[d - 1];
    const step = last ? stepTo(last, d, k, size) : { x: 0, isInsertion: false };
    if (x > step.x) runs.push({ a: step.x, b: step.x - k, length: x - step.x });
    x = step.isInsertion ? step.x : step.x - 1;
    y = step.isInsertion ? step.x - k - 1 : step.x - k;
  }
  return runs.reverse();
}
