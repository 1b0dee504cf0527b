/**
 * A three-way merge of texts that grew from one, token by token.
 *
 * `ancestor` is what the printer makes of the old block, `source` what its author wrote, `edited` what the printer
 * makes of the new block. So the difference between the first two is the author's hand, that between the first and
 * the last is the edit, and the merge has both.
 */

import { difference, differenceByWords, type Hunk } from './difference.ts';

/** A word, white space, a line break, a run of `-` or `=` (its length means nothing), or one other character. */
export function tokensOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}\p{M}]+|\n|[^\S\n]+|-+|=+|[\s\S]/gu) ?? [];
}

export function linesIn(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** How the edit and the author's hand go together where they come close without overlapping. */
export interface Meeting {
  /** Of two insertions at one place, such as a word and a backslash. */
  first: 'edit' | 'source';
  /** So many things that the author wrote, the nearest to each edit, are not kept; or all those in its line. */
  drops?: number | 'line';
  /** But line breaks and indentation are. */
  keepsWraps?: boolean;
  /** An edit takes the line break along that is in its way: all that stood in a line has gone. */
  crossesWraps?: boolean;
  /** What is apart by nothing but punctuation is one thing: `(https://a.b)` and `[a-b]` have little in common. */
  isCoarse?: boolean;
}

/** From one line to before another. */
export interface LineRange {
  readonly firstLine: number;
  readonly endLine: number;
  /** How much of the first line stands before it, such as the marker of an item. */
  readonly offset?: number;
}

/** The ranges that lie between two lines, counted from the first of the two. */
export function linesWithin(ranges: readonly LineRange[], firstLine: number, endLine: number): LineRange[] {
  return ranges
    .filter((range) => range.firstLine >= firstLine && range.endLine <= endLine)
    .map((range) => ({
      ...range,
      firstLine: range.firstLine - firstLine,
      endLine: range.endLine - firstLine,
    }));
}

/** A difference between ancestor and source; what is hidden from the document stays, whatever the edit is. */
interface HandHunk extends Hunk {
  isHidden?: boolean;
  /** Behind a marker: it stands there, and not in lines of its own. */
  isInLine?: boolean;
}

/** Three texts that were compared, to be put together in one way or another. */
export interface Comparison {
  readonly ancestor: readonly string[];
  readonly hand: readonly HandHunk[];
  readonly coarseHand: readonly HandHunk[];
  /** Where they leave the author's line breaks alone, if they can. */
  readonly edits: readonly Hunk[];
  readonly editsAcross: readonly Hunk[];
}

/** @param hidden lines of the source that no document holds, such as link definitions */
export function compare(
  ancestor: string,
  source: string,
  edited: string,
  hidden: readonly LineRange[] = [],
): Comparison {
  const before = tokensOf(ancestor);
  const { shown, hiddenAt } = withoutHidden(source, hidden);
  const found = differenceByWords(before, shown);
  const apart = (hunks: readonly Hunk[]) =>
    [
      ...hunks.flatMap((hunk) => wrapsApart(hunk, before)).map((hunk) => withIndent(hunk, before)),
      ...hiddenAt.map(({ at, ...each }) => ({ ...each, at: placeOf(at, found), length: 0, isHidden: true })),
    ].sort((a, b) => a.at - b.at);
  const hand = apart(found);
  const editsAcross = difference(before, tokensOf(edited));
  const edits = editsAcross.map((edit) => slide(before, edit, hand));
  return { ancestor: before, hand, coarseHand: apart(coarse(found, before)), edits, editsAcross };
}

export function merged(compared: Comparison, meeting: Meeting): string {
  const { ancestor } = compared;
  const own = meeting.isCoarse ? compared.coarseHand : compared.hand;
  const edits = meeting.crossesWraps ? compared.editsAcross : compared.edits;
  const dropped = new Set(edits.flatMap((edit) => droppedBy(edit, own, ancestor, meeting)));
  const rest = own.filter((hunk) => !dropped.has(hunk) || hunk.isHidden);
  const kept = indented(dropped.size > 0 ? indentedAsNext(rest, dropped, edits) : rest, ancestor, edits);
  return apply(ancestor, meeting.first === 'edit' ? [...edits, ...kept] : [...kept, ...edits]);
}

/** The tokens of the source that the document shows, and between which of them the hidden lines stand. */
function withoutHidden(source: string, hidden: readonly LineRange[]) {
  if (hidden.length === 0) return { shown: tokensOf(source), hiddenAt: [] };
  const lines = linesIn(source);
  const shown: string[] = [];
  const hiddenAt: { at: number; tokens: string[]; isInLine?: boolean }[] = [];
  let line = 0;
  for (const { firstLine, endLine, offset } of hidden) {
    if (firstLine < line) continue;
    for (const token of tokensOf(lines.slice(line, firstLine).join(''))) shown.push(token);
    line = endLine;
    if (offset === undefined) {
      hiddenAt.push({ at: shown.length, tokens: lines.slice(firstLine, endLine) });
      continue;
    }
    const first = lines[firstLine] as string;
    for (const token of tokensOf(first.slice(0, offset))) shown.push(token);
    const at = shown.length;
    // What the item says begins with the indentation of a later line; in the document, right behind the marker.
    while (isHiddenLine(hidden, line) || /^[ \t>]*\n$/.test(lines[line] ?? '')) line += 1;
    const [indent = ''] = /^[ \t>]*(?=\S)/.exec(lines[line] ?? '') ?? [];
    const tokens = [first.slice(offset), ...lines.slice(firstLine + 1, line), indent];
    if (indent !== '') lines[line] = (lines[line] as string).slice(indent.length);
    hiddenAt.push({ at, tokens, isInLine: true });
  }
  for (const token of tokensOf(lines.slice(line).join(''))) shown.push(token);
  return { shown, hiddenAt };
}

function isHiddenLine(hidden: readonly LineRange[], line: number): boolean {
  return hidden.some(({ firstLine, endLine }) => firstLine <= line && line < endLine);
}

/** Hunks that are apart by nothing but punctuation, as one. */
function coarse(hunks: readonly Hunk[], ancestor: readonly string[]): Hunk[] {
  const joined: Hunk[] = [];
  for (const hunk of hunks) {
    const last = joined.at(-1);
    const between = last && ancestor.slice(last.at + last.length, hunk.at);
    if (last && between?.every((token) => /^[^\p{L}\p{N}\p{M}\s]/u.test(token))) {
      const tokens = [...last.tokens, ...between, ...hunk.tokens];
      joined[joined.length - 1] = { at: last.at, length: hunk.at + hunk.length - last.at, tokens };
    } else {
      joined.push(hunk);
    }
  }
  return joined;
}

/** Where in the ancestor a token of the source stands. */
function placeOf(index: number, hand: readonly Hunk[]): number {
  let [at, from] = [0, 0];
  for (const hunk of hand) {
    if (index <= from + hunk.at - at) break;
    from += hunk.at - at + hunk.tokens.length;
    at = hunk.at + hunk.length;
    if (index < from) return at;
  }
  return at + index - from;
}

/** @param hunks of those at one place, the first comes first */
function apply(ancestor: readonly string[], hunks: readonly HandHunk[]): string {
  let result = '';
  let hidden = '';
  const write = (text: string) => {
    if (hidden === '') {
      result += text;
      return;
    }
    const lineEnd = result === '' || result.endsWith('\n') ? 0 : text.indexOf('\n') + 1;
    const isFree = lineEnd > 0 || result === '' || result.endsWith('\n');
    result += isFree ? text.slice(0, lineEnd) + hidden + text.slice(lineEnd) : text;
    if (isFree) hidden = '';
  };
  let at = 0;
  for (const hunk of hunks.toSorted((a, b) => a.at - b.at || a.length - b.length)) {
    write(ancestor.slice(at, hunk.at).join(''));
    if (hunk.isHidden && !hunk.isInLine) hidden += hunk.tokens.join('');
    else write(hunk.tokens.join(''));
    at = Math.max(at, hunk.at + hunk.length);
  }
  write(ancestor.slice(at).join(''));
  return hidden === '' ? result : `${result}\n${hidden}`;
}

/** A wrapped line in a paragraph that has come into a list or quote, or out of it, is indented as the new place wants. */
function indented(hand: readonly Hunk[], ancestor: readonly string[], edits: readonly Hunk[]): Hunk[] {
  const sorted = edits.toSorted((a, b) => a.at - b.at);
  // The line of the ancestor that was looked at last, and what it and its edited form want the next line to begin with.
  let [start, end, count, before, after] = [0, -1, 0, '', ''];
  return hand.map((hunk) => {
    if (hunk.tokens[0] !== '\n' || hunk.tokens.includes('\n', 1)) return hunk;
    if (hunk.at > end) {
      start = ancestor.lastIndexOf('\n', Math.max(0, hunk.at - 1)) + 1;
      const next = ancestor.indexOf('\n', hunk.at);
      end = next < 0 ? ancestor.length : next;
      count = -1;
      before = continuationOf(headOf(ancestor, start));
    }
    const inLine = sorted.filter(
      ({ at, length, tokens }) =>
        at >= start && at + length <= hunk.at && (at < start + headLength || tokens.includes('\n')),
    );
    if (inLine.length !== count) {
      count = inLine.length;
      const line = ancestor.slice(start, hunk.at);
      const moved = inLine.map((edit) => ({ ...edit, at: edit.at - start }));
      after = count === 0 ? before : continuationOf(apply(line, moved).split('\n').at(-1) ?? '');
    }
    return after === before ? hunk : { ...hunk, tokens: ['\n', after] };
  });
}

/** Where all of a line goes with the break behind it, the line after that begins as it did. */
function indentedAsNext(
  kept: readonly HandHunk[],
  dropped: ReadonlySet<HandHunk>,
  edits: readonly Hunk[],
): HandHunk[] {
  const ends = ({ at, length }: Hunk) => at + length;
  return kept.map((hunk) => {
    const edit = hunk.tokens.includes('\n')
      ? edits.find(({ at, tokens }) => at === ends(hunk) && tokens.length === 0)
      : undefined;
    const next = edit && [...dropped].find((each) => ends(each) === ends(edit) && each.tokens.includes('\n'));
    if (!next) return hunk;
    const [upTo, from] = [hunk, next].map(({ tokens }) => tokens.lastIndexOf('\n') + 1);
    return { ...hunk, tokens: [...hunk.tokens.slice(0, upTo), ...next.tokens.slice(from)] };
  });
}

/** In tokens: as much of a line as can hold markers of containers. */
const headLength = 60;

function headOf(tokens: readonly string[], start: number): string {
  return tokens.slice(start, start + headLength).join('');
}

/** What the next line begins with, to stand in the same containers. */
function continuationOf(line: string): string {
  const [containers = ''] = /^ *(?:(?:>|[-*+]|\d{1,9}[.)]) +)*/.exec(line) ?? [];
  return containers.replace(/[^> ]/g, ' ');
}

/** What the edit leaves no room for. */
function droppedBy(edit: Hunk, hand: readonly Hunk[], ancestor: readonly string[], meeting: Meeting): Hunk[] {
  const { drops = 0, keepsWraps = false } = meeting;
  const inTheWay = hand.filter((hunk) => overlap(edit, hunk) || isIndentOfDeleted(hunk, edit, ancestor));
  if (drops === 0) return inTheWay;
  const free = hand.filter((hunk) => !(keepsWraps && isWrap(hunk, ancestor)));
  const line = lineAround(edit, hand, ancestor);
  const isInLine = ({ at, length }: Hunk) => at >= line.start && at + length <= line.end;
  if (drops === 'line') return [...inTheWay, ...free.filter(isInLine)];
  const distance = (hunk: Hunk) =>
    Math.max(hunk.at - edit.at - edit.length, edit.at - hunk.at - hunk.length, 0);
  const near = free.sort((a, b) => Number(isInLine(b)) - Number(isInLine(a)) || distance(a) - distance(b));
  return [...inTheWay, ...near.slice(0, drops)];
}

/** Where whole lines go, the indentation of the first goes too. */
function isIndentOfDeleted(hunk: Hunk, edit: Hunk, ancestor: readonly string[]): boolean {
  const isIndent =
    hunk.length === 0 && hunk.at === edit.at && hunk.tokens.every((token) => /^[ \t]+$/.test(token));
  if (!isIndent || edit.tokens.length > 0) return false;
  const [before, last] = [ancestor[edit.at - 1], ancestor[edit.at + edit.length - 1]];
  return (edit.at === 0 || before === '\n') && last === '\n';
}

/** What of the ancestor stands in the line of the source that an edit is in. */
function lineAround(
  edit: Hunk,
  hand: readonly Hunk[],
  ancestor: readonly string[],
): { start: number; end: number } {
  const until = edit.at + edit.length;
  const next = ancestor.indexOf('\n', until);
  let [start, end] = [ancestor.lastIndexOf('\n', edit.at - 1) + 1, next < 0 ? ancestor.length : next];
  if (edit.at === 0) start = 0;
  for (const { at, length, tokens } of hand) {
    if (!tokens.includes('\n')) continue;
    if (at + length <= edit.at) start = Math.max(start, at + length);
    else if (at >= until) end = Math.min(end, at);
  }
  return { start, end };
}

/**
 * The line breaks in a hunk as hunks of their own, where each stands for a space: they stay when the rest has to go.
 */
function wrapsApart(hunk: Hunk, ancestor: readonly string[]): Hunk[] {
  if (!hunk.tokens.includes('\n')) return [hunk];
  let at = hunk.at;
  const old = partsOf(ancestor.slice(hunk.at, hunk.at + hunk.length));
  return counterparts(old, partsOf(hunk.tokens)).flatMap(([part, tokens]) => {
    const own = { at, length: part.length, tokens };
    at += part.length;
    return part.join('') === tokens.join('') ? [] : [own];
  });
}

/** Part by part where there are as many; else, where both end with a space, all before it and the space. */
function counterparts(old: string[][], written: string[][]): [string[], string[]][] {
  if (old.length === written.length) return old.map((part, index) => [part, written[index] as string[]]);
  const split = (parts: string[][]) => {
    const [space = [], end = []] = parts.slice(-2);
    return end.length > 0 || parts.length < 3 ? [parts.flat()] : [parts.slice(0, -2).flat(), space];
  };
  const [parts, others] = [split(old), split(written)];
  if (parts.length !== others.length) return [[old.flat(), written.flat()]];
  return parts.map((part, index) => [part, others[index] as string[]]);
}

/** A line break before a space is one in its place, with what the next line begins with. */
function withIndent(hunk: Hunk, ancestor: readonly string[]): Hunk {
  const { at, length, tokens } = hunk;
  const next = ancestor[at];
  const isBreak = length === 0 && /\n(?:[ \t>]*>)?$/.test(tokens.join(''));
  return isBreak && next !== undefined && /^[^\S\n]+$/.test(next)
    ? { at, length: 1, tokens: [...tokens, next] }
    : hunk;
}

/** What stands between spaces, and the spaces: by turns, beginning with the former. */
function partsOf(tokens: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  let isAfterBreak = false;
  for (const token of tokens) {
    const isSpace: boolean = /^\s/.test(token) || (isAfterBreak && token === '>');
    isAfterBreak = isSpace && (isAfterBreak || token === '\n');
    if (isSpace === (parts.length % 2 === 1)) parts.push([]);
    parts.at(-1)?.push(token);
  }
  if (parts.length % 2 === 0) parts.push([]);
  return parts;
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
  const awayFrom = (hunks: readonly Hunk[]) =>
    places.filter((place) => !hunks.some((hunk) => overlap(place, hunk)));
  const free = awayFrom(hand);
  const atLineStart = ({ at }: Hunk) => at === 0 || ancestor[at - 1] === '\n';
  const kept = free.find(atLineStart) ?? free[0] ?? places.find(atLineStart);
  if (kept) return kept;
  const [unwrapped] = awayFrom(hand.filter(({ tokens }) => tokens.includes('\n')));
  // All that stood in a line goes with the break behind it.
  return unwrapped ?? places.reduce((last, place) => (place.at > last.at ? place : last));
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
export function mergeLines(ancestor: string, source: string, edited: string): string {
  const [before, written, after] = [ancestor, source, edited].map(linesIn) as [string[], string[], string[]];
  const changes = difference(before, after).flatMap(lineByLine);
  const hand = difference(before, written).flatMap(lineByLine);
  const kept = hand.filter((hunk) => !changes.some((edit) => overlap(edit, hunk)));
  return apply(before, [...changes, ...kept]);
}

function lineByLine(hunk: Hunk): Hunk[] {
  if (hunk.length !== hunk.tokens.length) return [hunk];
  return hunk.tokens.map((line, index) => ({ at: hunk.at + index, length: 1, tokens: [line] }));
}
