/**
 * Ways to write a block that was edited, the one that changes least first.
 *
 * The first is a merge of tokens, in which everything the document does not hold (wraps, escapes, the spelling of
 * links, padding) stays as its author wrote it. Where that does not read as the live block, the next way follows:
 * child by child, line by line, and at last the block as the printer writes it. Nothing here checks anything:
 * reconcile.ts does, and takes the first that reads right.
 */

import { keptItems, movedItems, pairAlike, rangesBetween } from './align.ts';
import type { Definitions } from './definitions.ts';
import type { MarkdownOptions } from './features.ts';
import { joinPieces, type Piece } from './gaps.ts';
import { block, type NodeJson, numberAttr } from './json.ts';
import { childLines } from './parse.ts';
import { printBoth } from './serialize.ts';
import { type Style, uniform } from './style.ts';
import { keyOf } from './tidy.ts';
import { compare, type LineRange, linesIn, linesWithin, type Meeting, merged, mergeLines } from './tokens.ts';

/** A text, and the lines of link definitions in it, counted from its first. */
export interface SourceText {
  readonly text: string;
  readonly hidden: readonly LineRange[];
}

/** Something written: what it reads as, and its own style. */
export interface Written extends SourceText {
  readonly nodes: readonly NodeJson[];
  readonly style: Style;
}

export interface Writing {
  readonly options: MarkdownOptions;
  readonly definitions: Definitions;
}

/** The nearer to the edit something is that no longer reads right, the less has to go with it. */
const meetings: readonly Meeting[] = [
  { first: 'edit' },
  { first: 'source' },
  { first: 'edit', drops: 1, keepsWraps: true },
  { first: 'edit', drops: 2, keepsWraps: true },
  { first: 'edit', drops: 4, keepsWraps: true },
  { first: 'edit', isCoarse: true, keepsWraps: true },
  { first: 'edit', drops: 'line', isCoarse: true, keepsWraps: true },
  { first: 'edit', drops: 16, keepsWraps: true },
  { first: 'edit', drops: 2 },
];

/** @param live what the text is to read as now */
export function* rewrites(old: Written, live: readonly NodeJson[], writing: Writing): Generator<string> {
  const printed = printBoth(
    block('doc', [...old.nodes]),
    block('doc', [...live]),
    old.style,
    writing.options,
  );
  const byChild = () => rewritesByChild(old, live, writing);
  const isReordered = hasMovedChildren(old, live);
  if (isReordered) yield* byChild();
  yield* merges(printed.old, old, printed.live);
  if (!isReordered) yield* byChild();
  yield mergeLines(printed.old, old.text, printed.live);
  yield printed.live;
}

/** The merges of tokens, the one that loses the fewest lines of the source first. */
export function* merges(ancestor: string, source: SourceText, edited: string): Generator<string> {
  if (ancestor === edited) yield source.text;
  if (ancestor === source.text || ancestor === edited) return;
  const compared = compare(ancestor, source.text, edited, source.hidden);
  const texts = new Set(meetings.map((meeting) => merged(compared, meeting)));
  const lines = linesIn(source.text);
  yield* [...texts]
    .map((text) => ({ text, lost: lostLines(lines, text) }))
    .sort((a, b) => a.lost - b.lost)
    .map(({ text }) => text);
}

function lostLines(lines: readonly string[], text: string): number {
  const kept = new Set(linesIn(text));
  return lines.filter((line) => !kept.has(line) && /\S/.test(line)).length;
}

/** What separates two children that had nothing between them. */
const containers: Record<string, (style: Style) => string> = {
  bulletList: ({ bulletLists: [own] }) => (own?.loose ? '\n' : ''),
  taskList: ({ bulletLists: [own] }) => (own?.loose ? '\n' : ''),
  orderedList: ({ orderedLists: [own] }) => (own?.loose ? '\n' : ''),
  blockquote: () => '>\n',
  table: () => '',
};

function hasMovedChildren({ nodes: [old] }: Written, [live, ...others]: readonly NodeJson[]): boolean {
  if (!old || !live || others.length > 0 || old.type !== live.type || !containers[old.type]) return false;
  const [before, after] = [childrenOf(old).map(keyOf), childrenOf(live).map(keyOf)];
  return movedItems(before, after, keptItems(before, after)).size > 0;
}

/** A list, table or quote: children that are equal keep their bytes, the others are rewritten one by one. */
function* rewritesByChild(old: Written, lives: readonly NodeJson[], writing: Writing): Generator<string> {
  const [before, live] = [old.nodes[0], lives[0]];
  if (!before || !live || old.nodes.length > 1 || lives.length > 1 || before.type !== live.type) return;
  const separator = containers[before.type]?.(old.style);
  if (separator === undefined) return;
  const places = childLines(old.text, writing.definitions);
  const children = childrenOf(before);
  if (places.length !== children.length) return;
  const lines = linesIn(old.text);
  const texts = places.map(({ firstLine, endLine }) => ({
    text: lines.slice(firstLine, endLine).join(''),
    hidden: linesWithin(old.hidden, firstLine, endLine),
  }));
  const gaps = [...places, { firstLine: lines.length, endLine: lines.length }].map(({ firstLine }, index) =>
    lines.slice(places[index - 1]?.endLine ?? 0, firstLine).join(''),
  );
  const style = ownStyle(old.style);
  const pairs = pairChildren(children, childrenOf(live));
  const pieces = childrenOf(live).map((child, index): Piece => {
    const from = pairs[index];
    const after = wrapped(live, child, index, style);
    const ancestor =
      from === undefined ? undefined : wrapped(before, children[from] as NodeJson, from, style);
    const printed = printBoth(ancestor ?? after, after, style, writing.options);
    const text = from === undefined ? printed.live : mergedOr(printed, texts[from] as SourceText);
    return { text: live.type === 'table' && from === undefined ? firstLineOf(text) : text, old: from };
  });
  yield joinPieces(pieces, { gaps, hasBefore: false, hasAfter: false, separator, isSeparatedAlways: false });
}

function mergedOr(printed: { old: string; live: string }, source: SourceText): string {
  for (const merged of merges(printed.old, source, printed.live)) return merged;
  return printed.live;
}

function childrenOf(node: NodeJson): NodeJson[] {
  return node.content ?? [];
}

/** Which old child each live one is: equal ones wherever they stand, then those that are alike. */
export function pairChildren(
  before: readonly NodeJson[],
  after: readonly NodeJson[],
): (number | undefined)[] {
  const [beforeKeys, afterKeys] = [before.map(keyOf), after.map(keyOf)];
  const pairs = keptItems(beforeKeys, afterKeys);
  const moved = movedItems(beforeKeys, afterKeys, pairs);
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

/** A document with one child of a container, as it stands there. */
function wrapped(container: NodeJson, child: NodeJson, index: number, style: Style): NodeJson {
  const counts = style.orderedLists[0]?.counts ?? true;
  const attrs =
    container.type === 'orderedList'
      ? { start: numberAttr(container, 'start', 1) + (counts ? index : 0) }
      : container.attrs;
  return block('doc', [block(container.type, [child], attrs)]);
}

/** The outermost list's style for all of them. */
function ownStyle(style: Style): Style {
  const { bulletLists, orderedLists } = style;
  return { ...uniform(style), bulletLists: bulletLists.slice(0, 1), orderedLists: orderedLists.slice(0, 1) };
}

function firstLineOf(text: string): string {
  return linesIn(text)[0] ?? '';
}
