/**
 * Rewrites a list, table or quote item by item, row by row: what is equal keeps its bytes, and is not even printed.
 */

import { joinPieces, type Piece } from './gaps.ts';
import { block, byName, type NodeJson, startOf } from './json.ts';
import { merges } from './merges.ts';
import { pairNodes } from './pairs.ts';
import type { ParsedChild } from './parse.ts';
import type { Written } from './rewrite.ts';
import { type PrintOptions, printBoth } from './serialize.ts';
import { type Style, type StyleFact, styleOf, uniform } from './style.ts';
import { isSame } from './tidy.ts';
import { linesIn, linesWithin } from './tokens.ts';

/** What separates two children that had nothing between them. */
const containers = byName<Record<string, (style: Style) => string>>({
  bulletList: ({ bulletLists: [own] }) => (own?.loose ? '\n' : ''),
  taskList: ({ bulletLists: [own] }) => (own?.loose ? '\n' : ''),
  orderedList: ({ orderedLists: [own] }) => (own?.loose ? '\n' : ''),
  blockquote: () => '>\n',
  table: () => '',
});

/** A container that became another of its kind. */
export interface ComparedChildren {
  readonly before: NodeJson;
  readonly live: NodeJson;
  /** Which old child each live one is. */
  readonly pairs: readonly (number | undefined)[];
  /** Whether each is in its place still, or some have come or moved: then nothing else keeps as much. */
  readonly comeFirst: boolean;
}

export function comparedChildren(
  { nodes, children }: Written,
  lives: readonly NodeJson[],
): ComparedChildren | undefined {
  const [before, live] = [nodes[0], lives[0]];
  if (!before || !live || nodes.length > 1 || lives.length > 1 || before.type !== live.type) return undefined;
  const [olds, news] = [before.content ?? [], live.content ?? []];
  if (!containers[before.type] || children.length !== olds.length) return undefined;
  const pairs = pairNodes(olds, news);
  const isAlike = isSame({ ...before, content: [] }, { ...live, content: [] });
  const isInPlace = olds.length === news.length && pairs.every((pair, index) => pair === index);
  const hasOnlyGrown =
    pairs.filter((pair) => pair !== undefined).length === olds.length &&
    pairs.every(
      (pair, index) => pair === undefined || isSame(olds[pair] as NodeJson, news[index] as NodeJson),
    );
  const comeFirst = (isAlike && (isInPlace || hasOnlyGrown)) || hasMoved(pairs, olds, news);
  return { before, live, pairs, comeFirst };
}

function hasMoved(
  pairs: ComparedChildren['pairs'],
  olds: readonly NodeJson[],
  news: readonly NodeJson[],
): boolean {
  let last = -1;
  return pairs.some((pair, index) => {
    if (pair === undefined || !isSame(olds[pair] as NodeJson, news[index] as NodeJson)) return false;
    const isBefore = pair < last;
    last = pair;
    return isBefore;
  });
}

/** Ways to write the children that changed: as many as the one has that alone has changed, else the best of each. */
export function* rewritesByChild(
  old: Written,
  { before, live, pairs }: ComparedChildren,
  options: PrintOptions,
): Generator<string> {
  const lines = linesIn(old.text);
  const style = ownStyle(old.style);
  const indent = live.type.endsWith('List') ? indentOf(lines[old.children[0]?.firstLine ?? 0]) : '';
  const isCounted = live.type === 'orderedList' && (style.orderedLists[0]?.counts ?? true);
  const ways = (live.content ?? []).map((child, index): Iterable<string> => {
    const from = pairs[index];
    const after = wrapped(live, child, index, style);
    if (from === undefined) {
      const { live: text } = printBoth(after, after, style, options);
      return [live.type === 'table' ? (linesIn(text)[0] ?? '') : indented(text, indent)];
    }
    const { firstLine, endLine, style: facts } = old.children[from] as ParsedChild;
    const text = lines.slice(firstLine, endLine).join('');
    const ancestor = before.content?.[from] as NodeJson;
    if (isSame(ancestor, child) && (!isCounted || from === index)) return [text];
    const own = styleOf([...listFacts(live, style), ...facts], style);
    const printed = printBoth(wrapped(before, ancestor, from, style), after, own, options);
    return merges(printed.old, { text, hidden: linesWithin(old.hidden, firstLine, endLine) }, printed.live);
  });
  const gaps = [...old.children, { firstLine: lines.length, endLine: lines.length }].map(
    ({ firstLine }, index) => lines.slice(old.children[index - 1]?.endLine ?? 0, firstLine).join(''),
  );
  const between = gaps.slice(1, -1);
  const isApartAlways = between.length > 0 && between.every((gap) => /^\n+$/.test(gap));
  const separator = (isApartAlways ? between[0] : containers[live.type]?.(old.style)) ?? '';
  const around = { gaps, hasBefore: false, hasAfter: false, separator, separated: 'never' as const };
  for (const texts of together(ways))
    yield joinPieces(
      texts.map((text, index): Piece => ({ text, old: pairs[index] })),
      around,
    );
}

/** The first way of each; then, where there is more than one way to write just one of them, the others of that. */
function* together(ways: readonly Iterable<string>[]): Generator<string[]> {
  const iterators = ways.map((way) => way[Symbol.iterator]());
  const texts = iterators.map((iterator) => String(iterator.next().value ?? ''));
  yield texts;
  const open = iterators
    .map((iterator, index) => ({ index, next: iterator.next(), iterator }))
    .filter(({ next }) => !next.done);
  const [only, ...others] = open;
  if (!only || others.length > 0) return;
  for (let { next } = only; !next.done; next = only.iterator.next()) yield texts.with(only.index, next.value);
}

/** A document with one child of a container, as it stands there. */
function wrapped(container: NodeJson, child: NodeJson, index: number, style: Style): NodeJson {
  const counts = style.orderedLists[0]?.counts ?? true;
  const attrs =
    container.type === 'orderedList' ? { start: startOf(container) + (counts ? index : 0) } : container.attrs;
  return block('doc', [block(container.type, [child], attrs)]);
}

function indentOf(line = ''): string {
  return /^ */.exec(line)?.[0] ?? '';
}

/** A new item stands where the others stand: left of them, it would take in those behind it. */
function indented(text: string, indent: string): string {
  return indent === '' ? text : text.replace(/^(?=.)/gm, indent);
}

/** The outermost list's style for all of them. */
function ownStyle(style: Style): Style {
  const { bulletLists, orderedLists } = style;
  return { ...uniform(style), bulletLists: bulletLists.slice(0, 1), orderedLists: orderedLists.slice(0, 1) };
}

/** What the list itself adds to the style of one of its items. */
function listFacts(
  { type }: NodeJson,
  { bulletLists: [bullets], orderedLists: [numbers] }: Style,
): StyleFact[] {
  if (type === 'orderedList') return numbers ? [{ of: 'orderedLists', value: numbers }] : [];
  return bullets && type.endsWith('List') ? [{ of: 'bulletLists', value: bullets }] : [];
}
