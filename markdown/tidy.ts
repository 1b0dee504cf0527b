/**
 * A document reduced to what Markdown can say, so that two documents with the same Markdown are equal.
 *
 * Printing starts from here, and `keyOf` compares by it. What goes: empty paragraphs (but not empty items or cells)
 * and opaque blocks,
 * space at the edges of paragraphs and of bold text, marks on nodes (y-prosemirror does not keep them),
 * what cells hold beyond a line of text (rectangle.ts), and the attributes that editors fill in by
 * themselves. Tasks become items with a literal checkbox.
 */

import { codeSpan } from './escape.ts';
import { literalRegion, literalRegions } from './features.ts';
import {
  block,
  byName,
  hasMark,
  isInline,
  joinText,
  type MarkJson,
  type NodeJson,
  numberAttr,
  plainText,
  sortMarks,
  stableString,
  startOf,
  stringAttr,
  textNode,
} from './json.ts';
import { lineBreak } from './nodes/html.ts';
import { isOpaque, isOpaqueBlock } from './nodes/opaque.ts';
import { isRegular, rectangleOf } from './rectangle.ts';
import { linkedText } from './remark.ts';

/** Equal for documents that no Markdown tells apart. */
export function keyOf(node: NodeJson): string {
  return JSON.stringify(projection(tidy(node.type === 'doc' ? withoutOrphans(node) : node)));
}

/** Whether two nodes have the same key; quick where they are the same down to the letter, as most are. */
export function isSame(a: NodeJson, b: NodeJson): boolean {
  if (isIdentical(a, b)) return true;
  const [one, other] = withoutEqualEnds(a, b);
  return keyOf(one) === keyOf(other);
}

/**
 * Two lists, quotes or tables without the children that are identical at their beginnings and ends: a word in one of
 * ten thousand rows is not to cost the keys of all. As each child counts by itself there, what is left has the same key
 * if the whole has.
 */
function withoutEqualEnds(a: NodeJson, b: NodeJson): [NodeJson, NodeJson] {
  const [olds, news] = [a.content ?? [], b.content ?? []];
  const isTable = a.type === 'table';
  const isByChild = isTable ? isRegular([...olds, ...news]) : childrenCountAlone.has(a.type);
  if (a.type !== b.type || !isByChild || [...olds, ...news].some(isInline)) return [a, b];
  const shorter = Math.min(olds.length, news.length);
  const isEqual = (at: number) => isIdentical(olds.at(at) as NodeJson, news.at(at) as NodeJson);
  let start = 0;
  while (start < shorter && isEqual(start)) start += 1;
  let end = 0;
  while (end < shorter - start && isEqual(-1 - end)) end += 1;
  // The first row has the alignments of all.
  const head = isTable ? Math.min(1, start) : 0;
  const rest = (node: NodeJson, content: readonly NodeJson[]) => ({
    ...node,
    content: [...content.slice(0, head), ...content.slice(start, content.length - end)],
  });
  return [rest(a, olds), rest(b, news)];
}

const childrenCountAlone = new Set(['bulletList', 'orderedList', 'taskList', 'listItem', 'blockquote']);

/** Whether two nodes are the same without being looked at as Markdown; if not, they may be equal all the same. */
export function isIdentical(a: NodeJson, b: NodeJson): boolean {
  if (a === b) return true;
  if (a.type !== b.type || a.text !== b.text) return false;
  const [marks, others] = [a.marks ?? [], b.marks ?? []];
  if (marks.length !== others.length || !marks.every((mark, at) => isIdenticalMark(mark, others[at])))
    return false;
  if ((a.attrs || b.attrs) && attributesOf(a) !== attributesOf(b)) return false;
  const [content, other] = [a.content ?? [], b.content ?? []];
  return (
    content.length === other.length && content.every((child, at) => isIdentical(child, other[at] as NodeJson))
  );
}

function isIdenticalMark(a: MarkJson, b: MarkJson | undefined): boolean {
  return b !== undefined && a.type === b.type && projectMark(a)[1] === projectMark(b)[1];
}

/**
 * A reference to a footnote that nobody defines is only text in Markdown.
 *
 * @param isLiteral for editors without footnotes: there a reference is literal text, and mere text that would be one
 * bears a backslash (features.ts)
 */
export function withoutOrphans(doc: NodeJson, isLiteral = false): NodeJson {
  const defined = new Set<string>();
  let hasReferences = false;
  walk(doc, (node, isInTable) => {
    // The blocks of a cell are lines of text (rectangle.ts).
    if (!isInTable) for (const label of labelsDefinedBy(node)) defined.add(label.toLowerCase());
    hasReferences ||=
      node.type === 'footnoteReference' || (isLiteral && node.text?.includes('\\[^') === true);
  });
  if (!hasReferences) return doc;
  const isOrphan = (label: string) => !defined.has(label.toLowerCase());
  const replace = (node: NodeJson, index: number, siblings: readonly NodeJson[]): NodeJson => {
    const label = stringAttr(node, 'label');
    if (node.type === 'footnoteReference' && isOrphan(label))
      return textNode(`[^${label}]`, marksAround(siblings, index));
    if (isLiteral && node.text?.includes('\\[^') && !hasMark(node, 'code'))
      return { ...node, text: bareText(node.text, isOrphan) };
    return node.content && node.type !== 'codeBlock' ? { ...node, content: node.content.map(replace) } : node;
  };
  return replace(doc, 0, [doc]);
}

function labelsDefinedBy(node: NodeJson): string[] {
  if (node.type === 'footnoteDefinition') return [stringAttr(node, 'label')];
  if (node.type !== 'codeBlock' || !isOpaque(stringAttr(node, 'language'))) return [];
  return [...plainText(node).matchAll(/\[\^([^\]\n]+)\]:/g)].map(([, label = '']) => label);
}

function bareText(text: string, isOrphan: (label: string) => boolean): string {
  return text.replace(/\\(\[\^([^ \t\n[\]\\]+)\])/g, (found, bare: string, label: string) =>
    isOrphan(label) ? bare : found,
  );
}

function walk(
  node: NodeJson,
  visit: (node: NodeJson, isInTable: boolean) => void,
  isInTable = node.type === 'table',
): void {
  visit(node, isInTable);
  for (const child of node.content ?? []) walk(child, visit, isInTable || child.type === 'table');
}

/** @param isOneLine in a heading or cell, where a line break is `<br>` */
export function tidy(node: NodeJson, isOneLine = false): NodeJson {
  if (node.type === 'taskList') return tidy(block('bulletList', node.content), isOneLine);
  if (node.type === 'taskItem') return tidy(withLiteralCheckbox(node), isOneLine);
  if (!node.content || node.type === 'codeBlock') return node;
  if (node.type === 'table')
    return withContent(
      node,
      (rectangleOf(node).content ?? []).map((row) => tidyEach(row, true)),
    );
  const isLine = isOneLine || node.type === 'heading';
  if (!isTextblock(node)) return tidyEach(node, isLine);
  return withContent(node, tidyInline(isLine ? node.content.map(withoutBreakTag) : node.content));
}

function tidyEach(node: NodeJson, isOneLine: boolean): NodeJson {
  const content = (node.content ?? [])
    .map((child) => tidy(child, isOneLine))
    .filter((child) => !isNothing(child));
  return withContent(node, content);
}

function withoutBreakTag(node: NodeJson): NodeJson {
  return node.type === 'htmlInline' && lineBreak.test(stringAttr(node, 'html')) ? block('hardBreak') : node;
}

/** A list in which every item begins with a checkbox is a list of tasks, whatever an editor calls it. */
function withLiteralCheckbox({ attrs, content = [] }: NodeJson): NodeJson {
  const box = textNode(attrs?.checked === true ? '[x] ' : '[ ] ');
  const [first, ...rest] = content[0]?.type === 'paragraph' ? content : [block('paragraph'), ...content];
  // Nor is there a task whose text begins with a line break.
  const words = (first?.content ?? []).findIndex(({ type }) => type !== 'hardBreak');
  const text = words < 0 ? [] : (first?.content ?? []).slice(words);
  return block('listItem', [block('paragraph', joinText([box, ...text])), ...rest]);
}

function withContent(node: NodeJson, content: NodeJson[]): NodeJson {
  const { content: _old, ...rest } = node;
  return content.length > 0 ? { ...rest, content } : rest;
}

function isTextblock(node: NodeJson): boolean {
  return node.type === 'paragraph' || node.type === 'heading' || (node.content?.some(isInline) ?? false);
}

/** Whether Markdown has nothing to say of a block. */
export function isNothing(node: NodeJson): boolean {
  if (node.type === 'paragraph') return !hasWords(node) && !tidy(node).content;
  return node.type === 'codeBlock' && isOpaque(stringAttr(node, 'language')) && plainText(node).trim() === '';
}

function hasWords(node: NodeJson): boolean {
  return node.content?.some(({ text }) => text !== undefined && /\S/.test(text)) ?? false;
}

function tidyInline(content: readonly NodeJson[]): NodeJson[] {
  const plain = joinText(content.map(normalText));
  const linked = joinText(joinText(bareLiterals(looseSpaces(plain))).flatMap(withAddresses));
  return trimmed(linked);
}

/** A link without what editors add to it, such as a target: two beside each other that lead to one place are one. */
function plainMark(mark: MarkJson): MarkJson {
  if (mark.type !== 'link') return mark;
  const { href, title } = linkAttrs(mark);
  return { type: 'link', attrs: { href, ...(title && { title }) } };
}

/** Line breaks are spaces; code inside other marks is literal Markdown; nodes bear no marks. */
function normalText(node: NodeJson): NodeJson {
  if (node.text === undefined) {
    const { marks: _marks, ...bare } = node;
    return bare;
  }
  const marks = sortMarks((node.marks ?? []).map(plainMark));
  const text = node.text.replace(/[\r\n]+/g, ' ');
  const others = marks.filter((mark) => mark.type !== 'code');
  if (others.length > 0 && others.length < marks.length) return textNode(codeSpan(text), others);
  return textNode(text, marks);
}

/**
 * `**bold **` is not bold in Markdown: space at the edge of a mark stands outside of it, and has the marks alone that
 * the words on both sides have. So does space at the edge of a link, where nobody sees which it belongs to: behind a
 * word that was deleted at its end, a wrap is a wrap still.
 */
function looseSpaces(content: readonly NodeJson[]): NodeJson[] {
  return content.flatMap((node, index) => {
    const { text, marks = [] } = node;
    if (text === undefined || marks.every(({ type }) => type === 'code')) return [node];
    const start = text.length - text.trimStart().length;
    const end = text.trimEnd().length;
    const isBlank = end <= start;
    const shared = (...steps: (1 | -1)[]) => {
      const sides = steps.map((step) => marksBeside(content, index, step, /\S/));
      // A link of nothing but space has no other place.
      const isAlone = (mark: MarkJson) =>
        isBlank && mark.type === 'link' && !sides.some((others) => isAmong(mark, others));
      return marks.filter((mark) => isAlone(mark) || sides.every((others) => isAmong(mark, others)));
    };
    if (isBlank) return [textNode(text, shared(-1, 1))];
    return [
      textNode(text.slice(0, start), shared(-1)),
      textNode(text.slice(start, end), marks),
      textNode(text.slice(end), shared(1)),
    ];
  });
}

/** The marks of the nearest text on one side. */
function marksBeside(
  content: readonly NodeJson[],
  index: number,
  step: 1 | -1,
  wanted = /(?:)/,
): readonly MarkJson[] {
  for (let at = index + step; content[at]; at += step) {
    if (content[at]?.text !== undefined && wanted.test(content[at]?.text ?? ''))
      return content[at]?.marks ?? [];
  }
  return [];
}

/**
 * The marks that the text on both sides of a node has, and so the node too. Not code, which is text alone; nor a
 * link, in which a node would be literal text, unless it is a line break.
 */
export function marksAround(content: readonly NodeJson[], index: number): MarkJson[] {
  const after = marksBeside(content, index, 1);
  const isBreak = content[index]?.type === 'hardBreak';
  return marksBeside(content, index, -1).filter(
    (mark) => mark.type !== 'code' && (isBreak || mark.type !== 'link') && isAmong(mark, after),
  );
}

export function isAmong(mark: MarkJson, marks: readonly MarkJson[]): boolean {
  return marks.some((other) => sameMark(mark, other));
}

export function sameMark(a: MarkJson, b: MarkJson): boolean {
  return (
    a.type === b.type && (a.type !== 'link' || stableString(linkAttrs(a)) === stableString(linkAttrs(b)))
  );
}

/** In what stands literally for one editor, an address is no link for any. */
function bareLiterals(content: readonly NodeJson[]): readonly NodeJson[] {
  if (!content.some((node) => hasMark(node, 'link'))) return content;
  const text = content.map((node) => node.text ?? '\ufffc').join('');
  const literals = [...text.matchAll(literalRegions)];
  if (literals.length === 0) return content;
  let start = 0;
  return content.map((node) => {
    const [from, to] = [start, start + (node.text?.length ?? 1)];
    start = to;
    const isWithin = literals.some(({ index, 0: { length } }) => index <= from && to <= index + length);
    if (!isWithin || !isAddress(node)) return node;
    return textNode(
      node.text ?? '',
      node.marks?.filter(({ type }) => type !== 'link'),
    );
  });
}

function isAddress({ text = '', marks = [] }: NodeJson): boolean {
  const link = marks.find(({ type }) => type === 'link');
  if (!link || stringAttr(link, 'title') !== '' || !looksLikeAddress.test(text)) return false;
  const [only, ...others] = linkedText(text);
  return others.length === 0 && only?.href === stringAttr(link, 'href');
}

const looksLikeAddress = /:\/\/|www\.|@/i;

/** A bare address is a link in GFM, whether the editor has marked it as one or not, but not inside a tag. */
function withAddresses(node: NodeJson): NodeJson[] {
  const { text, marks = [] } = node;
  if (text === undefined || marks.some((mark) => mark.type === 'link' || mark.type === 'code')) return [node];
  if (!looksLikeAddress.test(text)) return [node];
  return text.split(literalRegion).flatMap((piece, index) => {
    if (index % 2 === 1) return [textNode(piece, marks)];
    return linkedText(piece).map(({ text: part, href }) =>
      textNode(part, href === undefined ? marks : [...marks, { type: 'link', attrs: { href } }]),
    );
  });
}

/** Space and breaks at the edges of a block, and space beside a break, are not in Markdown. */
function trimmed(content: readonly NodeJson[]): NodeJson[] {
  const result = trimmedFrom(trimmedFrom(content, 1).reverse(), -1).reverse();
  while (result.at(-1)?.type === 'hardBreak') result.pop();
  return result;
}

/** Without the space behind the start and behind each break; with the step -1, of content that was turned round. */
function trimmedFrom(content: readonly NodeJson[], step: 1 | -1): NodeJson[] {
  let isAtEdge = true;
  return content.flatMap((node) => {
    const { text } = node;
    if (text === undefined || hasMark(node, 'code') || !isAtEdge) {
      isAtEdge = node.type === 'hardBreak';
      return [node];
    }
    const blank = blankAt(text, step === 1 ? 0 : text.length - 1, step);
    const rest = step === 1 ? text.slice(blank) : text.slice(0, text.length - blank);
    isAtEdge = rest === '';
    return rest === '' ? [] : [{ ...node, text: rest }];
  });
}

/** How many spaces and tabs stand at one end; other space, such as no-break spaces, is text. */
function blankAt(text: string, from: number, step: 1 | -1): number {
  let length = 0;
  while (text[from + length * step] === ' ' || text[from + length * step] === '\t') length += 1;
  return length;
}

function linkAttrs(mark: MarkJson) {
  return { href: stringAttr(mark, 'href'), title: stringAttr(mark, 'title') };
}

/** The attributes that Markdown can say, per node; any other node keeps what it has. */
const attributes = byName<Record<string, (node: NodeJson) => Record<string, unknown>>>({
  doc: () => ({}),
  paragraph: () => ({}),
  blockquote: () => ({}),
  bulletList: () => ({}),
  listItem: () => ({}),
  table: () => ({}),
  tableRow: () => ({}),
  horizontalRule: () => ({}),
  hardBreak: () => ({}),
  heading: (node) => ({ level: numberAttr(node, 'level', 1) }),
  orderedList: (node) => ({ start: startOf(node) }),
  codeBlock: (node) => ({ language: stringAttr(node, 'language') }),
  image: (node) => ({
    src: stringAttr(node, 'src'),
    alt: stringAttr(node, 'alt'),
    title: stringAttr(node, 'title'),
  }),
  tableHeader: (node) => ({ align: stringAttr(node, 'align') }),
  tableCell: (node) => ({ align: stringAttr(node, 'align') }),
});

function projection(node: NodeJson): unknown {
  const { type, text, marks, content } = node;
  if (text !== undefined) return [text, (marks ?? []).map(projectMark)];
  // Space that was typed behind a source block is none of it when it is read again.
  if (isOpaqueBlock(node)) return [type, attributesOf(node), plainText(node).trimEnd()];
  const kind = type === 'tableHeader' ? 'tableCell' : type;
  return [kind, attributesOf(node), (content ?? []).map(projection)];
}

function attributesOf(node: NodeJson): string {
  const known = attributes[node.type];
  return known ? JSON.stringify(known(node)) : stableString(node.attrs ?? {});
}

function projectMark(mark: MarkJson): [string, string] {
  return [mark.type, mark.type === 'link' ? JSON.stringify(linkAttrs(mark)) : stableString(mark.attrs ?? {})];
}
