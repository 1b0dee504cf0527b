/**
 * A document and the Markdown that it grew from. `open` takes a text apart; `save` puts it together again so that
 * what nobody edited keeps its bytes.
 *
 * `save` tries, in this order: the base's own bytes; the base's bytes for each block that did not change, with only
 * the changed blocks printed; everything printed. A candidate counts only if it parses back to the live document.
 * Frontmatter and a byte order mark never enter the document.
 */

import { changesBetween } from './align.ts';
import { featureSet, type MarkdownOptions } from './features.ts';
import { block, type NodeJson } from './json.ts';
import { type ParsedBlock, parseBlocks } from './parse.ts';
import { print } from './serialize.ts';
import { type Style, sniffStyle } from './style.ts';
import { keyOf, tidy } from './tidy.ts';

/** What a document grew from; plain JSON, stored beside the document, never inside it. */
export interface Base {
  readonly version: 1;
  readonly markdown: string;
}

export function open(markdown: string, options: MarkdownOptions = {}): { json: NodeJson; base: Base } {
  const base: Base = { version: 1, markdown };
  // A copy: what the caller does to the document must not change what it is compared with.
  return { json: structuredClone(docOf(sourceOf(base, options).blocks)), base };
}

/** The document as Markdown: the base's own bytes while nothing differs, else printed in the style of the base. */
export function save(json: NodeJson, base: Base, options: MarkdownOptions = {}): string {
  return rebase(json, base, options).markdown;
}

/**
 * What `save` gives, as the base for the next save: `base` itself while nothing differs.
 *
 * Cheaper than opening the saved text: it was taken apart already, to be checked.
 */
export function rebase(json: NodeJson, base: Base, options: MarkdownOptions = {}): Base {
  const source = sourceOf(base, options);
  const wanted = keyOf(json);
  if (source.key() === wanted) return base;
  for (const markdown of candidates(json, source, options)) {
    const candidate: Base = { version: 1, markdown };
    if (sourceOf(candidate, options).key() === wanted) return candidate;
  }
  return { version: 1, markdown: printWhole(json, source, options) };
}

function* candidates(json: NodeJson, source: Source, options: MarkdownOptions): Generator<string> {
  yield keepingSource(json, source, options, 'as it was');
  yield keepingSource(json, source, options, 'blank lines');
}

interface Source {
  /** Byte order mark and frontmatter. */
  head: string;
  /** The lines of the body, each with its own line ending. */
  lines: readonly string[];
  blocks: readonly ParsedBlock[];
  /** The line ending that most lines have. */
  lineEnding: string;
  style(): Style;
  /** The key of the document that the text opens as. */
  key(): string;
}

/** The same base is saved against again and again, and taking it apart is most of the work. */
const taken = new WeakMap<Base, Map<string, Source>>();

function sourceOf(base: Base, options: MarkdownOptions): Source {
  const features = [...featureSet(options)].sort().join();
  const sources = taken.get(base) ?? new Map<string, Source>();
  taken.set(base, sources);
  const source = sources.get(features) ?? takeApart(base.markdown, options);
  sources.set(features, source);
  return source;
}

const frontmatter =
  /^\uFEFF?(?:(---|\+\+\+)[ \t]*(?:\r\n|\n|\r)(?:[\s\S]*?(?:\r\n|\n|\r))??\1[ \t]*(?:\r\n|\n|\r|$))?/;

function takeApart(markdown: string, options: MarkdownOptions): Source {
  const head = frontmatter.exec(markdown)?.[0] ?? '';
  const lines = markdown.slice(head.length).match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
  const body = lines.map((line) => line.replace(/\r\n?$/, '\n')).join('');
  const blocks = parseBlocks(body, featureSet(options));
  return {
    head,
    lines,
    blocks,
    lineEnding: dominantLineEnding(markdown),
    style: once(() => sniffStyle(body)),
    key: once(() => keyOf(docOf(blocks))),
  };
}

function once<T>(compute: () => T): () => T {
  let known: { value: T } | undefined;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}

function docOf(blocks: readonly ParsedBlock[]): NodeJson {
  return block('doc', blocks.length > 0 ? blocks.map(({ node }) => node) : [block('paragraph')]);
}

function dominantLineEnding(markdown: string): string {
  const counts = { '\n': 0, '\r\n': 0, '\r': 0 };
  for (const [ending] of markdown.matchAll(/\r\n|\n|\r/g)) counts[ending as keyof typeof counts] += 1;
  if (counts['\r\n'] > counts['\n']) return '\r\n';
  return counts['\r'] > counts['\n'] ? '\r' : '\n';
}

function printWhole(json: NodeJson, source: Source, options: MarkdownOptions): string {
  const body = print(json, source.style(), options);
  const [leading = ''] = /^\s*?(?=\S|$)/.exec(source.lines.join('')) ?? [];
  return finish(
    endedBy(source.head, source.lineEnding) + leading + body.replaceAll('\n', source.lineEnding),
    source,
  );
}

/** A piece of the output: a block, and the gaps of the base that come before it. */
interface Piece {
  text: string;
  gaps: string[];
  isPrinted: boolean;
}

/**
 * The base's bytes for what stayed the same, gaps between blocks included; the rest printed in its own style.
 *
 * @param gaps around printed blocks, 'as it was' keeps a block close to its neighbour where the base had none
 */
function keepingSource(
  json: NodeJson,
  source: Source,
  options: MarkdownOptions,
  gaps: 'as it was' | 'blank lines',
): string {
  const { blocks } = source;
  const live = tidy(json).content ?? [];
  const pieces: Piece[] = [];
  let carried: string[] = [];
  let kept = 0;
  const place = (text: string, isPrinted: boolean) => {
    pieces.push({ text, gaps: carried, isPrinted });
    carried = [];
  };
  const keepUntil = (end: number) => {
    for (; kept < end; kept += 1) {
      carried.push(gapBefore(source, kept));
      place(linesOf(source, blocks[kept]), false);
    }
  };
  const documentStyle = source.style();
  for (const change of changesBetween(
    blocks.map(({ node }) => keyOf(node)),
    live.map(keyOf),
  )) {
    keepUntil(change.at);
    for (let index = 0; index < Math.max(change.length, change.count); index += 1) {
      const old = index < change.length ? blocks[change.at + index] : undefined;
      const node = index < change.count ? live[change.from + index] : undefined;
      if (old || pieces.length === 0) carried.push(gapBefore(source, old ? change.at + index : 0));
      if (node) place(printBlock(node, old, source, documentStyle, options), true);
    }
    kept = change.at + change.length;
  }
  keepUntil(blocks.length);
  carried.push(gapBefore(source, blocks.length));
  const body = joinPieces(pieces, carried, source.lineEnding, gaps);
  return finish(endedBy(source.head, source.lineEnding) + body, source);
}

function printBlock(
  node: NodeJson,
  old: ParsedBlock | undefined,
  source: Source,
  documentStyle: Style,
  options: MarkdownOptions,
): string {
  const slice = linesOf(source, old).replace(/\r\n?/g, '\n');
  const style = old ? sniffStyle(slice, documentStyle) : documentStyle;
  return print(block('doc', [node]), style, options).replaceAll('\n', source.lineEnding);
}

function linesOf(source: Source, parsed: ParsedBlock | undefined): string {
  return parsed ? source.lines.slice(parsed.firstLine, parsed.endLine).join('') : '';
}

/** The lines between a block and the one before it: blank lines, link definitions, anything invisible. */
function gapBefore(source: Source, index: number): string {
  const start = source.blocks[index - 1]?.endLine ?? 0;
  return source.lines.slice(start, source.blocks[index]?.firstLine).join('');
}

function joinPieces(
  pieces: readonly Piece[],
  tail: readonly string[],
  lineEnding: string,
  gaps: string,
): string {
  let output = '';
  for (const [index, piece] of pieces.entries()) {
    const before = pieces[index - 1];
    const touchesPrint = piece.isPrinted || before?.isPrinted;
    let gap = mergeGaps(piece.gaps, before ? 'last' : 'first');
    if (before && (gap === undefined || (touchesPrint && gap === '' && gaps === 'blank lines')))
      gap = lineEnding;
    output = endedBy(output, lineEnding) + (gap ?? '') + piece.text;
  }
  return endedBy(output, lineEnding) + (mergeGaps(tail, 'last') ?? '');
}

/** Of gaps that have come together: all that hold something, else one of the blank ones. */
function mergeGaps(gaps: readonly string[], blank: 'first' | 'last'): string | undefined {
  const visible = gaps.filter((gap) => /\S/.test(gap));
  if (visible.length > 0) return visible.join('');
  return blank === 'first' ? gaps[0] : gaps.at(-1);
}

function endedBy(text: string, lineEnding: string): string {
  return text === '' || text === '\uFEFF' || /[\r\n]$/.test(text) ? text : text + lineEnding;
}

/** A base without a final line break stays without one. */
function finish(markdown: string, source: Source): string {
  const last = source.lines.at(-1);
  const hadFinalLineBreak = last === undefined || /[\r\n]$/.test(last);
  return hadFinalLineBreak ? markdown : markdown.replace(/(?:\r\n|\n|\r)$/, '');
}
