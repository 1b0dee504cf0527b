/**
 * A three-way merge of texts that grew from one, token by token.
 *
 * `ancestor` is what the printer makes of the old block, `source` what its author wrote, `edited` what the printer
 * makes of the new block. So the difference between the first two is the author's hand, that between the first and
 * the last is the edit, and the merge has both.
 */

/** A word, white space, a line break, a run of `-` or `=` (its length means nothing), or one other character. */
export function tokensOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}\p{M}]+|\n|[^\S\n]+|-+|=+|[\s\S]/gu) ?? [];
}

export function linesIn(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** `length` tokens at `at` of the ancestor became `tokens`. */
export interface Hunk {
  at: number;
  length: number;
  tokens: readonly string[];
}

/** How the edit and the author's hand go together where they come close without overlapping. */
export interface Meeting {
  /** Of two insertions at one place, such as a word and a backslash. */
  first: 'edit' | 'source';
  /** So many things that the author wrote, the nearest to each edit, are not kept. */
  drops?: number;
  /** But line breaks and indentation are. */
  keepsWraps?: boolean;
}

/** @returns `undefined` when the texts differ too much to be compared in reasonable time */
export function merge(
  ancestor: readonly string[],
  source: readonly string[],
  edited: readonly string[],
  meeting: Meeting,
): string | undefined {
  const hand = difference(ancestor, source)?.flatMap((hunk) => wrapApart(hunk, ancestor));
  const found = hand && difference(ancestor, edited);
  if (!hand || !found) return undefined;
  const edits = found.map((edit) => slide(ancestor, edit, hand));
  const dropped = new Set(edits.flatMap((edit) => droppedBy(edit, hand, ancestor, meeting)));
  const kept = hand
    .filter((hunk) => !dropped.has(hunk))
    .map((hunk) => (hunk.tokens[0] === '\n' ? indented(hunk, ancestor, edits) : hunk));
  return apply(ancestor, meeting.first === 'edit' ? [...edits, ...kept] : [...kept, ...edits]);
}

/** @param hunks of those at one place, the first comes first */
function apply(ancestor: readonly string[], hunks: readonly Hunk[]): string {
  let result = '';
  let at = 0;
  for (const hunk of hunks.toSorted((a, b) => a.at - b.at || a.length - b.length)) {
    result += ancestor.slice(at, hunk.at).join('') + hunk.tokens.join('');
    at = Math.max(at, hunk.at + hunk.length);
  }
  return result + ancestor.slice(at).join('');
}

/** A wrapped line in a paragraph that has come into a list or quote, or out of it, is indented as the new place wants. */
function indented(wrap: Hunk, ancestor: readonly string[], edits: readonly Hunk[]): Hunk {
  const start = ancestor.slice(0, wrap.at).lastIndexOf('\n') + 1;
  const before = ancestor.slice(start, wrap.at);
  const inLine = edits.filter(({ at, length }) => at >= start && at + length <= wrap.at);
  const after = apply(
    before,
    inLine.map((edit) => ({ ...edit, at: edit.at - start })),
  );
  const indent = continuationOf(after.slice(after.lastIndexOf('\n') + 1));
  return indent === continuationOf(before.join('')) ? wrap : { ...wrap, tokens: ['\n', indent] };
}

/** What the next line begins with, to stand in the same containers. */
function continuationOf(line: string): string {
  const [containers = ''] = /^ *(?:(?:>|[-*+]|\d{1,9}[.)]) +)*/.exec(line) ?? [];
  return containers.replace(/[^> ]/g, ' ');
}

/** What the edit leaves no room for. */
function droppedBy(edit: Hunk, hand: readonly Hunk[], ancestor: readonly string[], meeting: Meeting): Hunk[] {
  const { drops = 0, keepsWraps = false } = meeting;
  const distance = (hunk: Hunk) =>
    Math.max(hunk.at - edit.at - edit.length, edit.at - hunk.at - hunk.length, 0);
  const near = hand
    .filter((hunk) => drops > 0 && !(keepsWraps && isWrap(hunk, ancestor)))
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, drops);
  return [...hand.filter((hunk) => overlap(edit, hunk)), ...near];
}

/** The line break at the end of a hunk as a hunk of its own: it stays when the rest has to go. */
function wrapApart(hunk: Hunk, ancestor: readonly string[]): Hunk[] {
  const { at, length, tokens } = hunk;
  const wrap = tokens.lastIndexOf('\n');
  const space = at + length - 1;
  const isWrapped = length > 1 && wrap >= 0 && /^[ \t]+$/.test(ancestor[space] ?? '');
  if (!isWrapped || !tokens.slice(wrap).every(isBlankOrQuote)) return [hunk];
  return [
    { at, length: length - 1, tokens: tokens.slice(0, wrap) },
    { at: space, length: 1, tokens: tokens.slice(wrap) },
  ];
}

function isBlankOrQuote(token: string): boolean {
  return /^(?:\s+|>)$/.test(token);
}

/** A line break in place of a space, with the indentation or the mark of a quote that follows it. */
function isWrap({ at, length, tokens }: Hunk, ancestor: readonly string[]): boolean {
  return [...tokens, ...ancestor.slice(at, at + length)].every(isBlankOrQuote);
}

/** Whether two ranges of the ancestor intersect; side by side they do not. */
function overlap(a: Hunk, b: Hunk): boolean {
  const start = Math.max(a.at, b.at);
  const end = Math.min(a.at + a.length, b.at + b.length);
  return start < end || (start === end && (isInside(a, b) || isInside(b, a)));
}

function isInside({ at, length }: Hunk, outer: Hunk): boolean {
  return length === 0 && outer.at < at && at < outer.at + outer.length;
}

/**
 * Deleting the first "the " of "the the " or the second is the same edit: it goes where it leaves the author's
 * line breaks alone, if there is such a place.
 */
function slide(ancestor: readonly string[], edit: Hunk, hand: readonly Hunk[]): Hunk {
  const places = [edit];
  for (const step of [back, forth]) {
    for (let moved = step(ancestor, edit); moved; moved = step(ancestor, moved)) places.push(moved);
  }
  const free = places.filter((place) => !hand.some((hunk) => overlap(place, hunk)));
  const atLineStart = ({ at }: Hunk) => at === 0 || ancestor[at - 1] === '\n';
  return free.find(atLineStart) ?? free[0] ?? places.find(atLineStart) ?? edit;
}

function forth(ancestor: readonly string[], { at, length, tokens }: Hunk): Hunk | undefined {
  const next = ancestor[at + length];
  if (next === undefined) return undefined;
  if (tokens.length === 0) return next === ancestor[at] ? { at: at + 1, length, tokens } : undefined;
  if (length > 0 || next !== tokens[0]) return undefined;
  return { at: at + 1, length, tokens: [...tokens.slice(1), next] };
}

function back(ancestor: readonly string[], { at, length, tokens }: Hunk): Hunk | undefined {
  const previous = ancestor[at - 1];
  if (previous === undefined) return undefined;
  if (tokens.length === 0)
    return previous === ancestor[at + length - 1] ? { at: at - 1, length, tokens } : undefined;
  if (length > 0 || previous !== tokens.at(-1)) return undefined;
  return { at: at - 1, length, tokens: [previous, ...tokens.slice(0, -1)] };
}

/** A merge of lines; lines that were replaced one for one are compared one by one. */
export function mergeLines(ancestor: string, source: string, edited: string): string | undefined {
  const [before, written, after] = [ancestor, source, edited].map(linesIn) as [string[], string[], string[]];
  const hand = difference(before, written);
  const edits = hand && difference(before, after);
  if (!hand || !edits) return undefined;
  const changes = edits.flatMap(lineByLine);
  const kept = hand.flatMap(lineByLine).filter((hunk) => !changes.some((edit) => overlap(edit, hunk)));
  return apply(before, [...changes, ...kept]);
}

function lineByLine(hunk: Hunk): Hunk[] {
  if (hunk.length !== hunk.tokens.length) return [hunk];
  return hunk.tokens.map((line, index) => ({ at: hunk.at + index, length: 1, tokens: [line] }));
}

/** More differences than this, and the comparison takes longer than an editor wants to wait. */
const maxDifferences = 1_200;

/** Myers' shortest edit script, as hunks; `undefined` when there are too many differences. */
export function difference(before: readonly string[], after: readonly string[]): Hunk[] | undefined {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  const path = shortestPath(a, b);
  return path && hunksOf(path, a, b).map((hunk) => ({ ...hunk, at: hunk.at + start }));
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

function shortestPath(before: readonly string[], after: readonly string[]): Run[] | undefined {
  const most = Math.min(before.length + after.length, maxDifferences);
  // furthest[d][k + d]: how far in `before` d differences lead on the diagonal k.
  const furthest: Int32Array[] = [];
  for (let d = 0; d <= most; d += 1) {
    const last = furthest[d - 1];
    const row = new Int32Array(2 * d + 1);
    furthest.push(row);
    for (let k = -d; k <= d; k += 2) {
      let x = last ? step(last, d, k) : 0;
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x += 1;
      row[k + d] = x;
      if (x >= before.length && x - k >= after.length) return runsBack(furthest, before.length, after.length);
    }
  }
  return undefined;
}

/** One more difference: a token of `after` inserted (from the diagonal above), or one of `before` deleted. */
function step(last: Int32Array, d: number, k: number): number {
  return inserts(last, d, k) ? (last[k + d] as number) : (last[k + d - 2] as number) + 1;
}

function inserts(last: Int32Array, d: number, k: number): boolean {
  return k === -d || (k !== d && (last[k + d - 2] as number) < (last[k + d] as number));
}

function runsBack(furthest: readonly Int32Array[], a: number, b: number): Run[] {
  const runs: Run[] = [];
  let [x, y] = [a, b];
  for (let d = furthest.length - 1; d >= 0; d -= 1) {
    const k = x - y;
    const last = furthest[d - 1];
    const start = last ? step(last, d, k) : 0;
    if (x > start) runs.push({ a: start, b: start - k, length: x - start });
    x = start;
    y = start - k;
    if (!last) break;
    if (inserts(last, d, k)) y -= 1;
    else x -= 1;
  }
  return runs.reverse();
}
