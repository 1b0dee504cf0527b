/**
 * Reads a long text again after an edit: only the item of a list, or the row of a table, that the edit is in.
 *
 * A list or table is one block, and so one slice, however long it is. The item is read once as it was and once as it is,
 * each between its neighbours. Where it read there as it did in the whole, where the neighbours read as before and the
 * list or table is of the same kind and style, all the rest reads as before as well: its lines are the same, and an item
 * begins with nothing open but its list, a row with nothing but the head of its table.
 */

import { isTooIntricate } from './bounds.ts';
import type { NodeJson } from './json.ts';
import type { ParsedBlock, ParsedSlice } from './parse.ts';
import type { StyleFact } from './style.ts';
import { isIdentical } from './tidy.ts';
import { type LineRange, linesIn } from './tokens.ts';

/** Shorter texts are read as fast as a whole. */
const minLength = 4_000;

/** So many texts are looked at, of those that begin alike. */
const maxLooks = 8;

type Read = (text: string) => ParsedSlice;

/**
 * What a text reads as, by what another one does that differs in one child of a block; `undefined` where that cannot be
 * told.
 *
 * @param known texts that were read before
 * @param read reads a text as this one is to be read
 */
export function reread(
  text: string,
  known: Iterable<readonly [string, ParsedSlice]>,
  read: Read,
): ParsedSlice | undefined {
  if (text.length < minLength || text.includes(']:')) return undefined;
  const beginning = text.slice(0, text.indexOf('\n') + 1);
  const alike = [...known]
    .filter(([other]) => other.length >= minLength && other.startsWith(beginning))
    .slice(-maxLooks);
  const lines = alike.length > 0 ? linesIn(text) : [];
  if (alike.length === 0 || isTooIntricate(lines)) return undefined;
  for (const [other, slice] of alike) {
    const found = slice.isTooIntricate ? undefined : withEditedChild(linesIn(other), lines, slice, read);
    if (found) return found;
  }
  return undefined;
}

function withEditedChild(
  before: readonly string[],
  after: readonly string[],
  slice: ParsedSlice,
  read: Read,
): ParsedSlice | undefined {
  const { start, oldEnd, newEnd } = changedLines(before, after);
  const at = slice.blocks.findIndex((each) => each.firstLine <= start && oldEnd <= each.endLine);
  const block = slice.blocks[at];
  const place = block?.children.findIndex(
    ({ firstLine, endLine }) => block.firstLine + firstLine <= start && oldEnd <= block.firstLine + endLine,
  );
  if (!block || place === undefined || place < 0 || start === oldEnd || start === newEnd) return undefined;
  const own = block.node.content ?? [];
  if (own.length !== block.children.length) return undefined;
  // An item with less room in front of its words may take in what stands indented behind it.
  const isLast = place === own.length - 1 && block.node.type !== 'table';
  if (isLast && /^[ \t]+\S/.test(before.slice(block.endLine).find((line) => /\S/.test(line)) ?? ''))
    return undefined;
  const grownBy = newEnd - oldEnd;
  const old = excerptOf(block, place, before, read);
  const now = excerptOf(block, place, after, read, grownBy);
  if (!old || !now) return undefined;
  const isAsBefore = (from: Excerpt, index: number) =>
    isIdentical(from.nodes[index] as NodeJson, own[from.indexes[index] as number] as NodeJson);
  const isSure = old.nodes.every(
    (_, index) => isAsBefore(old, index) && (index === old.middle || isAsBefore(now, index)),
  );
  const isAlike = JSON.stringify(old.style) === JSON.stringify(now.style);
  const child = now.nodes[now.middle];
  if (!isSure || !isAlike || !child) return undefined;
  const moved = <Range extends LineRange>(range: Range): Range => ({
    ...range,
    firstLine: range.firstLine + grownBy,
    endLine: range.endLine + grownBy,
  });
  const children = block.children.map((each, index) => {
    if (index < place) return each;
    if (index > place) return moved(each);
    return { ...each, endLine: each.endLine + grownBy, style: now.childStyle };
  });
  const edited: ParsedBlock = {
    ...block,
    node: { ...block.node, content: own.with(place, child) },
    endLine: block.endLine + grownBy,
    style: [...ownStyleOf(block), ...children.flatMap(({ style }) => style)],
    children,
  };
  const blocks = slice.blocks.map((each, index) => (index < at ? each : index > at ? moved(each) : edited));
  return { ...slice, blocks };
}

/** The lines that differ, those at both ends that are equal left out. */
function changedLines(before: readonly string[], after: readonly string[]) {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return { start, oldEnd: before.length - end, newEnd: after.length - end };
}

/** A child between its neighbours, or behind the head of its table. */
interface Excerpt {
  readonly nodes: readonly NodeJson[];
  /** Which children of the whole they are. */
  readonly indexes: readonly number[];
  /** Which of them is the child. */
  readonly middle: number;
  /** Of the list or table, its children apart. */
  readonly style: readonly StyleFact[];
  readonly childStyle: readonly StyleFact[];
}

function excerptOf(
  block: ParsedBlock,
  place: number,
  lines: readonly string[],
  read: Read,
  grownBy = 0,
): Excerpt | undefined {
  const { node, children, firstLine: start } = block;
  const isTable = node.type === 'table';
  // What the head is, all rows depend on.
  if (isTable && place === 0) return undefined;
  if (!isTable && !node.type.endsWith('List')) return undefined;
  const around = isTable ? [0, place] : [place - 1, place, place + 1];
  const indexes = around.filter((index) => index in children);
  const rangeOf = (index: number) => ({
    firstLine: (children[index]?.firstLine ?? 0) + (index > place ? grownBy : 0),
    endLine: (children[index]?.endLine ?? 0) + (index >= place ? grownBy : 0),
  });
  const textOf = (from: number, to: number) => lines.slice(start + from, start + to).join('');
  const [first, last] = [rangeOf(indexes[0] as number), rangeOf(indexes.at(-1) as number)];
  // Behind the first row is the line that makes it a head.
  const text = isTable
    ? textOf(0, 2) + textOf(last.firstLine, last.endLine)
    : textOf(first.firstLine, last.endLine);
  const [only, ...others] = read(text).blocks;
  const isInPlace = only?.children.every(({ firstLine, endLine }, at) => {
    const range = rangeOf(indexes[at] as number);
    const offset = isTable ? (at === 0 ? 0 : last.firstLine - 2) : first.firstLine;
    return firstLine === range.firstLine - offset && endLine === range.endLine - offset;
  });
  const nodes = only?.node.content ?? [];
  const middle = indexes.indexOf(place);
  const isWhole = only?.node.type === node.type && others.length === 0 && nodes.length === indexes.length;
  if (!only || !isWhole || !isInPlace || only.firstLine > 0) return undefined;
  if (only.children.length !== nodes.length) return undefined;
  return { nodes, indexes, middle, style: ownStyleOf(only), childStyle: only.children[middle]?.style ?? [] };
}

function ownStyleOf({ style, children }: ParsedBlock): readonly StyleFact[] {
  const ofChildren = children.reduce((count, child) => count + child.style.length, 0);
  return style.slice(0, style.length - ofChildren);
}
