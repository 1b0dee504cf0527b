/**
 * Reads the plain part of a text by itself: headings and paragraphs of words, with emphasis and links that can be
 * nothing else. Most of a law is that, and micromark, which weighs each character for all that it might be, takes
 * ten times as long for it.
 *
 * What is not plain beyond doubt is left to the parser, in pieces that nothing can reach across (slices.ts). The tree
 * is the parser's own to the last position.
 */

import type { Heading, Nodes, Paragraph, PhrasingContent, Root, RootContent } from 'mdast';
import { beginsAtMargin, canGoOn, isBlank } from './slices.ts';

/** Reads what is not plain. */
type Parser = (markdown: string) => Root;

/** Definitions work from afar, a byte order mark is one at the start alone, and lines are told by `\n`. */
const reachesFar = /\]:|[\uFEFF\r]/;

/** @param markdown with `\n` as its only line ending */
export function readPlainly(markdown: string, parse: Parser): Root {
  if (reachesFar.test(markdown)) return parse(markdown);
  const lines = new Lines(markdown);
  const children: RootContent[] = [];
  const takeRest = (from: number, to: number) => {
    const rest = lines.textOf(from, to);
    for (const node of parse(rest).children) {
      move(node, from, lines.startOf(from));
      children.push(node);
    }
  };
  let rest: number | undefined;
  let isFree = false;
  let mayGoOn = false;
  for (let line = 0; line < lines.count; ) {
    const isApart: boolean = rest === undefined || (isFree && !mayGoOn && lines.begins(beginsAtMargin, line));
    const plain = isApart ? plainBlockAt(lines, line) : undefined;
    if (plain) {
      if (rest !== undefined) takeRest(rest, line);
      rest = undefined;
      children.push(plain.node);
      line = plain.endLine;
      continue;
    }
    isFree = lines.isBlank(line);
    if (rest === undefined && !isFree) rest = line;
    if (!isFree) mayGoOn ||= lines.begins(canGoOn, line);
    line += 1;
  }
  if (children.length === 0) return parse(markdown);
  if (rest !== undefined) takeRest(rest, lines.count);
  const position = { start: lines.pointAt(0), end: lines.pointAt(markdown.length) };
  return { type: 'root', children, position };
}

/** The lines of a text, and the places of its characters. */
class Lines {
  readonly text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** With an empty one behind a line break at the end. */
  get count(): number {
    return this.#starts.length;
  }

  startOf(line: number): number {
    return this.#starts[line] ?? this.text.length;
  }

  /** Without its line break. */
  endOf(line: number): number {
    const next = this.#starts[line + 1];
    return next === undefined ? this.text.length : next - 1;
  }

  textOf(from: number, to: number): string {
    return this.text.slice(this.startOf(from), this.startOf(to));
  }

  isBlank(line: number): boolean {
    return isBlank(this.text.slice(this.startOf(line), this.endOf(line)));
  }

  begins(pattern: RegExp, line: number): boolean {
    return pattern.test(this.text.slice(this.startOf(line), this.endOf(line)));
  }

  pointAt(offset: number) {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] as number) + 1, offset };
  }

  position(start: number, end: number) {
    return { start: this.pointAt(start), end: this.pointAt(end) };
  }
}

/** A line of plain words: it begins with none of what may begin a block. */
const beginsWords =
  /^(?:[\p{L}("'„“”«»‘’§–—…,;.%$€]|\d+(?![\d.)])|\d+[.)](?=\S)|\*{1,2}[^\s*]|_{1,2}[^\s_]|\[[^^])/u;

const headingMark = /^(#{1,6}) (?=\S)/;

interface PlainBlock {
  node: Heading | Paragraph;
  endLine: number;
}

function plainBlockAt(lines: Lines, line: number): PlainBlock | undefined {
  const start = lines.startOf(line);
  const firstEnd = lines.endOf(line);
  const [mark, sequence] = headingMark.exec(lines.text.slice(start, firstEnd)) ?? [];
  if (mark && sequence) {
    // A `#` at the end may close the heading.
    if (/[#\s]$/.test(lines.text.slice(start, firstEnd))) return undefined;
    const children = plainInline(lines, start + mark.length, firstEnd);
    const depth = sequence.length as Heading['depth'];
    const position = lines.position(start, firstEnd);
    return children && { node: { type: 'heading', depth, children, position }, endLine: line + 1 };
  }
  let endLine = line;
  while (endLine < lines.count && !lines.isBlank(endLine)) {
    if (!lines.begins(beginsWords, endLine)) return undefined;
    endLine += 1;
  }
  if (endLine === line) return undefined;
  const end = lines.endOf(endLine - 1);
  const children = plainInline(lines, start, end);
  return children && { node: { type: 'paragraph', children, position: lines.position(start, end) }, endLine };
}

/**
 * What may mean something in a text, of which a plain one has none: escapes, code, HTML and autolinks, references to
 * characters, emphasis and links that are not as below, addresses.
 */
const meaningful = /[\\`<~*_[\]@\t\0\r]|&(?=[\p{L}#])|:\/\/|www\./iu;

/** Where it breaks the line, or goes unread. */
const spaceAtEnd = / (?:\n|$)/;

/**
 * Emphasis and links that are that whatever stands around them: a run of one or two marks at the beginning of words and
 * the same at the end of words, and nothing that means anything in between.
 */
const marked =
  /(?<=^|[\s(])(?<run>\*\*?|__?)(?<words>[^\s*_[\]](?:[^*_[\]]*[^\s*_[\]])?)\k<run>(?=$|[\s.,;:)?!])|(?<!!)\[(?<label>[^*_[\]^][^*_[\]]*)\]\((?<url>[\w./:#?=%+,-]+)\)/gu;

/** `undefined` unless it is plain. */
function plainInline(lines: Lines, start: number, end: number): PhrasingContent[] | undefined {
  const text = lines.text.slice(start, end);
  if (spaceAtEnd.test(text)) return undefined;
  const children: PhrasingContent[] = [];
  const textNode = (from: number, to: number): PhrasingContent => ({
    type: 'text',
    value: text.slice(from, to),
    position: lines.position(start + from, start + to),
  });
  let at = 0;
  for (const { index, 0: found, groups = {} } of text.matchAll(marked)) {
    if (meaningful.test(text.slice(at, index))) return undefined;
    if (index > at) children.push(textNode(at, index));
    at = index + found.length;
    const position = lines.position(start + index, start + at);
    const { run, words, label, url } = groups;
    const inner = words ?? label ?? '';
    if (meaningful.test(inner)) return undefined;
    const innerStart = index + (run?.length ?? 1);
    const inside = [textNode(innerStart, innerStart + inner.length)];
    if (url !== undefined) children.push({ type: 'link', title: null, url, children: inside, position });
    else children.push({ type: run?.length === 2 ? 'strong' : 'emphasis', children: inside, position });
  }
  if (meaningful.test(text.slice(at))) return undefined;
  if (at < text.length) children.push(textNode(at, text.length));
  return children;
}

/** To where the piece begins that it was read in. */
function move(node: Nodes, lines: number, offset: number): void {
  const moved = (point: NonNullable<Nodes['position']>['start']) => ({
    line: point.line + lines,
    column: point.column,
    offset: (point.offset ?? 0) + offset,
  });
  if (node.position) node.position = { start: moved(node.position.start), end: moved(node.position.end) };
  if ('children' in node) for (const child of node.children) move(child, lines, offset);
}
