/**
 * Writes the ranges between kept blocks, each in the way that changes least and still reads right where it stands.
 * Which blocks are kept, and whether the whole text reads right, is reconcile.ts's affair.
 */

import { type Change, rangesBetween } from './align.ts';
import { assembled, gapBefore, linesOf, type Source, textOf } from './apart.ts';
import type { Definitions } from './definitions.ts';
import { withEndings } from './endings.ts';
import { featureSet } from './features.ts';
import { joinPieces, type Piece } from './gaps.ts';
import { block, type NodeJson, plainText } from './json.ts';
import { distinctMarkers, fixed, markerOf, withMarker } from './markers.ts';
import { merges } from './merges.ts';
import { isOpaqueBlock } from './nodes/opaque.ts';
import { once } from './once.ts';
import { movedNodes, pairNodes } from './pairs.ts';
import { type Memory, type ParsedBlock, parseLines, parseWithin } from './parse.ts';
import { rewrites, type Written } from './rewrite.ts';
import { type PrintOptions, print, printBoth } from './serialize.ts';
import { plainest, type Style, styleOf, withFences } from './style.ts';
import { isSame } from './tidy.ts';
import { type LineRange, linesIn, linesWithin } from './tokens.ts';

/** What is to be written. */
export interface Task {
  readonly live: readonly NodeJson[];
  /** The same blocks, as Markdown can say them. */
  readonly wanted: readonly NodeJson[];
  /** What somebody typed as source, by the first block that it reads as; '' for its others. */
  readonly typed: ReadonlyMap<NodeJson, string>;
  readonly source: Source;
  readonly definitions: Definitions;
  readonly options: PrintOptions;
}

/** A range of the source and of the live document, and what is to be written there. */
interface WrittenRange {
  text: string;
  /** What it reads as; the live blocks, unless Markdown has no way to say them. */
  reads: readonly NodeJson[];
}

/** How many neighbours a range takes in; one that still does not read right is something that Markdown cannot say. */
const growths = [
  { before: 0, behind: 1 },
  { before: 1, behind: 0 },
  { before: 1, behind: 1 },
  { before: 2, behind: 2 },
  { before: 3, behind: 3 },
] as const;

export class Writer {
  readonly #task: Task;
  #kept: (number | undefined)[];
  /** Where moved blocks come from. */
  readonly #moved: ReadonlyMap<number, number>;
  /** Live blocks that are printed anew, since their own source reads wrong. */
  readonly #printed = new Set<number>();
  /** What was read so far; grows. */
  readonly #memory: Memory;
  readonly #solved = new Map<string, WrittenRange | undefined>();

  constructor(task: Task, kept: readonly (number | undefined)[], memory: Memory) {
    this.#task = task;
    this.#kept = [...kept];
    this.#moved = movedNodes(
      task.source.blocks.map(({ node }) => node),
      task.live,
      kept,
    );
    this.#memory = memory;
  }

  /**
   * The whole text, and what it should read as.
   *
   * @param mayReplace whether it may be answered what has to stand in the place of blocks that Markdown cannot say
   */
  write(
    mayReplace: boolean,
  ): { markdown: string; expected: NodeJson[] } | { instead: ReadonlyMap<number, readonly NodeJson[]> } {
    const { source, wanted } = this.#task;
    const ranges = this.#solvedRanges(mayReplace);
    if (!Array.isArray(ranges)) return { instead: ranges };
    const pieces: string[] = [];
    let expected: NodeJson[] = [];
    let [line, index] = [0, 0];
    for (const { range, written } of ranges) {
      const { firstLine: start, endLine: end } = linesOf(source, range);
      pieces.push(source.rawLines.slice(line, start).join(''));
      pieces.push(withEndings(linesIn(written.text), source.rawLines.slice(start, end), source.lineEnding));
      expected = expected.concat(wanted.slice(index, range.from), written.reads);
      [line, index] = [end, range.from + range.count];
    }
    pieces.push(source.rawLines.slice(line).join(''));
    return { markdown: assembled(pieces, source), expected: expected.concat(wanted.slice(index)) };
  }

  /** @returns false when there is no more to be printed anew */
  printAround(index: number): boolean {
    const before = this.#printed.size;
    const reach = 1 + before;
    for (
      let near = Math.max(0, index - reach);
      near <= index + reach && near < this.#kept.length;
      near += 1
    ) {
      this.#printed.add(near);
      this.#kept[near] = undefined;
    }
    return this.#printed.size > before;
  }

  #solvedRanges(
    mayReplace: boolean,
  ): { range: Change; written: WrittenRange }[] | ReadonlyMap<number, readonly NodeJson[]> {
    for (;;) {
      const ranges = this.#ranges();
      const solved = ranges.map((range) => ({ range, written: this.#solve(range) }));
      const failed = solved.find(({ written }) => !written)?.range;
      if (!failed) return solved as { range: Change; written: WrittenRange }[];
      const instead = this.#unsayable(failed);
      if (mayReplace && instead.size > 0 && failed.count > 1) return instead;
      if (instead.size === 0 && this.#grow(failed)) continue;
      this.#solved.set(this.#keyOf(failed), this.#asItReads(failed));
    }
  }

  #ranges(): Change[] {
    return rangesBetween(this.#kept, this.#task.source.blocks.length);
  }

  /** Takes in neighbours until the range reads right: as few as it can, so that the others keep their bytes. */
  #grow(range: Change): boolean {
    const kept = [...this.#kept];
    for (const { before, behind } of growths) {
      this.#kept = [...kept];
      let grown = range;
      const takeIn = (neighbour: number, step: 1 | -1) => {
        this.#takeIn(neighbour, step);
        grown = this.#ranges().find(({ at, length }) => at <= range.at && range.at <= at + length) ?? grown;
      };
      for (let count = 0; count < before; count += 1) takeIn(grown.from - 1, -1);
      for (let count = 0; count < behind; count += 1) takeIn(grown.from + grown.count, 1);
      if (this.#solve(grown)) return true;
    }
    this.#kept = kept;
    return false;
  }

  /** A neighbour; of lists in a row all, since a new marker for the first may need new ones for all. */
  #takeIn(neighbour: number, step: 1 | -1): void {
    const isList = (index: number) => this.#task.live[index]?.type.endsWith('List') ?? false;
    for (let index = neighbour; index in this.#kept; index += step) {
      this.#kept[index] = undefined;
      if (!isList(index) || !isList(index + step)) break;
    }
  }

  #solve(range: Change): WrittenRange | undefined {
    const key = this.#keyOf(range);
    if (!this.#solved.has(key)) {
      const tried = new Set<string>();
      const text = this.#withDefinitions(range, this.#candidates(range)).find((candidate) => {
        if (tried.has(candidate)) return false;
        tried.add(candidate);
        return this.#readsRight(range, candidate);
      });
      const reads = this.#task.wanted.slice(range.from, range.from + range.count);
      this.#solved.set(key, text === undefined ? undefined : { text, reads });
    }
    return this.#solved.get(key);
  }

  #keyOf(range: Change): string {
    return [range.at, range.length, range.from, range.count, this.#isPrinted(range)].join();
  }

  /** A link definition in a block that has gone, such as in the last item of a list, still serves other blocks. */
  *#withDefinitions(range: Change, texts: Iterable<string>): Generator<string> {
    const { source } = this.#task;
    const { firstLine: start, endLine: end } = linesOf(source, range);
    const linesOfAll = (ranges: readonly LineRange[]) =>
      linesWithin(ranges, start, end).flatMap(({ firstLine, endLine }) =>
        source.lines.slice(start + firstLine, start + endLine).map(bareLine),
      );
    const { hidden, behindMarkers } = source.parsed;
    const defined = [...linesOfAll(hidden), ...linesOfAll(behindMarkers).map(withoutMarkers)];
    for (const text of texts) {
      const lines = defined.length > 0 ? linesIn(text).map(bareLine) : [];
      const written = new Set([...lines, ...lines.map(withoutMarkers)]);
      const lost = defined.filter((line) => line !== '\n' && !written.has(line));
      const [, body = '', gap = ''] = /^([\s\S]*?\n?)(\n*)$/.exec(text) ?? [];
      const after = gap || (end < source.lines.length ? '\n' : '');
      yield lost.length === 0 ? text : `${body}${body === '' ? '' : '\n'}${lost.join('')}${after}`;
    }
  }

  /** The blocks that Markdown cannot say, wherever they stand, each with what it makes of it. */
  #unsayable(range: Change): Map<number, readonly NodeJson[]> {
    const instead = new Map<number, readonly NodeJson[]>();
    const pairs = this.#pairsOf(range);
    for (const [offset, pair] of pairs.entries()) {
      const index = range.from + offset;
      const node = this.#task.wanted[index] as NodeJson;
      if (this.#reads(this.#piece(range, pair, offset).text, node)) continue;
      if (isOpaqueBlock(node)) {
        instead.set(index, [asCode(node)]);
        continue;
      }
      const reads = [...this.#plainerTexts(index)].map((text) => this.#read(text));
      if (reads.some(([only, ...others]) => only && others.length === 0 && isSame(only, node))) continue;
      const whole = reads.filter((nodes) => wordsOf(nodes) === wordsOf([node]));
      const alone = whole.filter(({ length }) => length === 1);
      const best = alone.find((nodes) => marksOf(nodes) === marksOf([node])) ?? alone[0] ?? whole[0];
      if (best) instead.set(index, best);
    }
    return instead;
  }

  /** Markdown cannot say this: what it makes of it stays, with all its words, if the neighbours read as before. */
  #asItReads(range: Change): WrittenRange {
    const lives = this.#livesOf(range);
    const fenced = lives.map(asCode);
    const whole: WrittenRange[] = [];
    for (const text of this.#withDefinitions(range, this.#candidates(range))) {
      const reads = this.#readBetween(range, text);
      if (!reads || wordsOf(reads) !== wordsOf(lives)) continue;
      if (marksOf(reads) === marksOf(lives)) return { text, reads };
      whole.push({ text, reads });
    }
    if (whole[0]) return whole[0];
    const texts = [
      ...this.#withDefinitions(range, [
        ...this.#printedTexts(range),
        ...this.#printedIn(range, this.#task.source.style(), fenced),
      ]),
    ];
    for (const text of texts) {
      const reads = this.#readBetween(range, text);
      if (reads) return { text, reads };
    }
    return { text: texts[0] ?? '', reads: this.#task.wanted.slice(range.from, range.from + range.count) };
  }

  #isPrinted({ from, count }: Change): boolean {
    for (let index = from; index < from + count; index += 1) if (this.#printed.has(index)) return true;
    return false;
  }

  *#candidates(range: Change): Generator<string> {
    if (this.#isPrinted(range)) {
      yield* this.#printedTexts(range);
      return;
    }
    const pairs = this.#pairsOf(range);
    const isOneToOne = range.length === range.count && pairs.every((old, index) => old === index);
    // A neighbour that was taken in keeps its bytes when it is by itself.
    const hasKept = pairs.some((old, index) => old !== undefined && this.#isKept(range, old, index));
    const comesByBlock = isOneToOne || hasKept;
    const isMoved = pairs.some((_, index) => this.#moved.has(range.from + index)) || isOutOfOrder(pairs);
    if (comesByBlock) yield* this.#blockByBlock(range, pairs);
    if (!isMoved) yield* this.#mergedWhole(range);
    if (!comesByBlock) yield* this.#blockByBlock(range, pairs);
    yield* this.#printedTexts(range);
  }

  #isKept({ at, from }: Change, old: number, index: number): boolean {
    const { source, live } = this.#task;
    return isSame((source.blocks[at + old] as ParsedBlock).node, live[from + index] as NodeJson);
  }

  /** Which old block of the range each live one is. */
  #pairsOf(range: Change): (number | undefined)[] {
    const olds = this.#task.source.blocks.slice(range.at, range.at + range.length);
    return pairNodes(
      olds.map(({ node }) => node),
      this.#livesOf(range),
    );
  }

  /** All blocks of the range as one text: a paragraph that was split keeps the wraps of both halves. */
  *#mergedWhole(range: Change): Generator<string> {
    const { source, options } = this.#task;
    if (range.length === 0 || range.count === 0) return;
    const olds = source.blocks.slice(range.at, range.at + range.length);
    const lives = this.#livesOf(range);
    const [first, last] = [olds[0] as ParsedBlock, olds.at(-1) as ParsedBlock];
    const text = source.lines.slice(first.firstLine, last.endLine).join('');
    const printed = printBoth(
      docOf(olds.map(({ node }) => node)),
      docOf(lives),
      this.#styleOf(olds),
      options,
    );
    const before = gapBefore(source, range.at);
    const after = gapBefore(source, range.at + range.length);
    const hidden = hiddenWithin(source, first.firstLine, last.endLine);
    if (printed.old === text) return;
    for (const merged of merges(printed.old, { text, hidden }, printed.live)) yield before + merged + after;
  }

  *#blockByBlock(range: Change, pairs: readonly (number | undefined)[]): Generator<string> {
    const lives = this.#livesOf(range);
    const { typed } = this.#task;
    const [only] = pairs;
    if (lives.length === 1 && only !== undefined && !typed.has(lives[0] as NodeJson)) {
      // Every way to write it is tried where it stands.
      for (const text of this.#rewritesOf(range.at + only, range.from))
        yield* this.#joined(range, [{ text, old: only }]);
      return;
    }
    const pieces = pairs.map((pair, offset) => this.#piece(range, pair, offset));
    const isWritten = (_: unknown, offset: number) => typed.get(lives[offset] as NodeJson) !== '';
    yield* this.#joined(range, pieces.filter(isWritten));
    const fenced = pieces.map((piece, offset) => this.#fenced(piece, lives[offset] as NodeJson));
    if (fenced.some((piece, offset) => piece !== pieces[offset]))
      yield* this.#joined(range, fenced.filter(isWritten));
  }

  /** Indented code would be part of a list that has come to stand before it, and makes other text of one behind it. */
  #fenced(piece: Piece, node: NodeJson): Piece {
    const isIndented = node.type === 'codeBlock' && /^(?: {4}| {0,3}\t)/.test(piece.text);
    return isIndented
      ? { ...piece, text: this.#print([node], withFences(this.#task.source.style())) }
      : piece;
  }

  #piece(range: Change, pair: number | undefined, offset: number): Piece {
    const { source, live } = this.#task;
    const index = range.from + offset;
    const node = live[index] as NodeJson;
    const typed = this.#task.typed.get(node);
    if (typed !== undefined) return { text: typed, old: pair };
    const from = this.#moved.get(index) ?? (pair === undefined ? undefined : range.at + pair);
    const old = from === undefined ? undefined : source.blocks[from];
    if (!old) return { text: this.#print([node], this.#styleAt(index)), old: pair };
    return { text: this.#rewrite(from as number, old, index), old: pair };
  }

  *#rewritesOf(at: number, index: number): Generator<string> {
    const { source, live, options } = this.#task;
    const node = live[index] as NodeJson;
    const old = source.blocks[at] as ParsedBlock;
    const text = textOf(source, old);
    if (isSame(old.node, node)) yield text;
    const hidden = hiddenWithin(source, old.firstLine, old.endLine);
    const { children } = old;
    const written: Written = {
      nodes: [old.node],
      text,
      hidden,
      children,
      style: this.#styleOf([old], index),
    };
    yield* rewrites(written, [node], options);
  }

  /** The first way to write the block that reads right by itself, or the last of all. */
  #rewrite(at: number, old: ParsedBlock, index: number): string {
    const node = this.#task.live[index] as NodeJson;
    const text = textOf(this.#task.source, old);
    if (isSame(old.node, node)) return text;
    const lead = once(() => (this.#reads(text, old.node) ? '' : this.#leadOf(at)));
    let last = text;
    for (last of this.#rewritesOf(at, index)) {
      if (this.#reads(last, node)) break;
      if (lead() !== '' && this.#reads(lead() + last, node, 2)) break;
    }
    return last;
  }

  /** The neighbour in front and the gap: a few blocks, such as a list after a list, read otherwise without it. */
  #leadOf(at: number): string {
    const { source } = this.#task;
    const before = source.blocks[at - 1];
    return before ? textOf(source, before) + gapBefore(source, at) : '';
  }

  /** Whether a text of so many blocks ends in this one. */
  #reads(text: string, node: NodeJson, count = 1): boolean {
    const nodes = this.#read(text);
    const last = nodes.at(-1);
    return last !== undefined && nodes.length === count && isSame(last, node);
  }

  #read(text: string): NodeJson[] {
    return this.#parsed(text).map(({ node }) => node);
  }

  #parsed(text: string): readonly ParsedBlock[] {
    return parseWithin(text, this.#task.definitions, featureSet(this.#task.options)).blocks;
  }

  *#printedTexts(range: Change): Generator<string> {
    const style = this.#task.source.style();
    yield* this.#printedIn(range, style);
    yield* this.#joined(
      range,
      this.#livesOf(range).map((_, index) => ({ text: this.#safest(range.from + index), old: undefined })),
    );
    yield* this.#printedIn(range, plainest(style));
  }

  /** A block in the plainest print that reads right by itself; the last has no punctuation that could be markup. */
  #safest(index: number): string {
    let last = '';
    for (last of this.#plainerTexts(index))
      if (this.#reads(last, this.#task.wanted[index] as NodeJson)) break;
    return last;
  }

  *#plainerTexts(index: number): Generator<string> {
    const { live, wanted, source, options } = this.#task;
    const node = wanted[index] as NodeJson;
    const style = plainest(source.style());
    yield this.#print([live[index] as NodeJson]);
    yield this.#print([node]);
    yield this.#print([node], style);
    yield print(docOf([node]), style, { ...options, isSpelledOut: true });
  }

  /** One by one, then all at once: that tells lists apart which would become one. */
  *#printedIn(range: Change, style: Style, lives = this.#livesOf(range)): Generator<string> {
    const isOneToOne = range.length === range.count;
    yield* this.#joined(
      range,
      lives.map((node, index) => ({
        text: this.#print([node], this.#styleAt(range.from + index, style)),
        old: isOneToOne ? index : undefined,
      })),
    );
    yield* this.#joined(range, [{ text: this.#print(lives, style), old: range.length > 0 ? 0 : undefined }]);
  }

  /** With the gaps as they were; with a blank line where there was none, more and more; and all at the margin. */
  *#joined(range: Change, asWritten: readonly Piece[]): Generator<string> {
    const { source } = this.#task;
    const { at, length } = range;
    const pieces = this.#toldApart(range, asWritten);
    const around = {
      gaps: Array.from({ length: length + 1 }, (_, index) => gapBefore(source, at + index)),
      hasBefore: at > 0,
      hasAfter: at + length < source.blocks.length,
      separator: '\n',
    };
    for (const separated of ['never', 'before gaps', 'around gaps'] as const)
      yield joinPieces(pieces, { ...around, separated });
    const moved = pieces.map((piece) => ({ ...piece, text: atMargin(piece.text) }));
    yield joinPieces(moved, { ...around, separated: 'around gaps' });
  }

  /** The same, but for the markers of lists that would become one with those beside them. */
  #toldApart({ at, length }: Change, pieces: readonly Piece[]): readonly Piece[] {
    const { source } = this.#task;
    const { blocks } = source;
    const textAt = (index: number) => (blocks[index] ? textOf(source, blocks[index]) : '');
    const all = [{ text: textAt(at - 1), old: -1 }, ...pieces, { text: textAt(at + length), old: length }];
    const isOwn = ({ text, old }: Piece) => old !== undefined && text === textAt(at + old);
    const markers = distinctMarkers(
      all.map((piece, index) => {
        const before = all[index - 1];
        const isOutside = index === 0 || index === all.length - 1;
        const isNext = before?.old !== undefined && piece.old === before.old + 1;
        return {
          text: piece.text,
          price: isOutside ? fixed : isOwn(piece) ? piece.text.length : 1,
          follows: isNext && isOwn(before) && isOwn(piece),
          isApart: isNext && /[^\s>]/.test(gapBefore(source, at + (piece.old ?? 0))),
        };
      }),
    );
    return pieces.map((piece, index) => {
      const marker = markers[index + 1];
      if (marker === undefined || marker === markerOf(piece.text)) return piece;
      const [list, ...others] = this.#parsed(piece.text);
      if (!list || others.length > 0) return piece;
      const starts = list.children.map(({ firstLine }) => list.firstLine + firstLine);
      return { ...piece, text: withMarker(linesIn(piece.text), starts, marker) };
    });
  }

  /**
   * Whether the text of a range reads as its live blocks between its two neighbours.
   *
   * Blocks are found line by line, so what comes before cannot read otherwise, as its lines are the same; and if
   * the neighbour behind begins at its own line, all that follows reads as before, since its lines are the same too.
   * Only definitions reach further; the whole text is read for them.
   */
  #readsRight(range: Change, text: string): boolean {
    const { live, wanted } = this.#task;
    const { from, count } = range;
    const blocks = this.#readBetween(range, text);
    if (blocks?.length !== count) return false;
    return blocks.every((node, index) => {
      return isSame(node, live[from + index] as NodeJson) || isSame(node, wanted[from + index] as NodeJson);
    });
  }

  /**
   * What a text reads as in the place of a range; `undefined` when a neighbour reads otherwise than before.
   *
   * It is read in the slices that it will stand in, so that the whole text has no more than these to be read again.
   */
  #readBetween(range: Change, text: string): NodeJson[] | undefined {
    const { source, options } = this.#task;
    const { blocks } = source;
    const [before, after] = [range.at - 1, range.at + range.length];
    const { firstLine: start, endLine: end } = linesOf(source, range);
    const slices = this.#slicesAround(
      blocks[before]?.firstLine ?? 0,
      blocks[after]?.endLine ?? source.lines.length,
    );
    const lines = [
      ...source.lines.slice(slices.start, start),
      ...linesIn(text),
      ...source.lines.slice(end, slices.end),
    ];
    const read = parseLines(lines, featureSet(options), this.#memory, this.#task.definitions).blocks;
    const head = range.at - firstFrom(blocks, slices.start);
    const tail = firstFrom(blocks, slices.end) - after;
    if (head + tail > read.length) return undefined;
    const isAsBefore = (block: ParsedBlock | undefined, old: ParsedBlock | undefined) =>
      block !== undefined && old !== undefined && isSame(block.node, old.node);
    if (head > 0 && !isAsBefore(read[head - 1], blocks[before])) return undefined;
    if (tail > 0 && !isAsBefore(read[read.length - tail], blocks[after])) return undefined;
    return read.slice(head, read.length - tail).map(({ node }) => node);
  }

  #slicesAround(firstLine: number, endLine: number): { start: number; end: number } {
    const { lines, parsed } = this.#task.source;
    const start = parsed.sliceStarts.findLast((line) => line <= firstLine) ?? 0;
    return { start, end: parsed.sliceStarts.find((line) => line >= endLine) ?? lines.length };
  }

  #livesOf({ from, count }: Change): readonly NodeJson[] {
    return this.#task.live.slice(from, from + count);
  }

  #print(nodes: readonly NodeJson[], style: Style = this.#task.source.style()): string {
    return print(docOf(nodes), style, this.#task.options);
  }

  #styleOf(blocks: readonly ParsedBlock[], index?: number): Style {
    return styleOf(
      blocks.flatMap(({ style }) => style),
      index === undefined ? this.#task.source.style() : this.#styleAt(index),
    );
  }

  /** How a new block is written where it stands. */
  #styleAt(index: number, style: Style = this.#task.source.style()): Style {
    return this.#task.live[index - 1]?.type.endsWith('List') ? withFences(style) : style;
  }
}

/** Source that would reach beyond its block, such as `<pre>` without an end, stands as code: nothing else is lost. */
function asCode(node: NodeJson): NodeJson {
  return isOpaqueBlock(node) ? { ...node, attrs: { language: 'html' } } : node;
}

/** What is left of a text when all its markup has changed. */
function wordsOf(nodes: readonly NodeJson[]): string {
  return plainText(docOf(nodes))
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** The link definitions between two lines, in order. */
function hiddenWithin({ parsed }: Source, firstLine: number, endLine: number): LineRange[] {
  const { hidden, behindMarkers } = parsed;
  const all = behindMarkers.length > 0 ? [...hidden, ...behindMarkers] : hidden;
  return linesWithin(all, firstLine, endLine).sort((a, b) => a.firstLine - b.firstLine);
}

/** Each letter with the marks that it bears. */
function marksOf(nodes: readonly NodeJson[]): string {
  const found = nodes.flatMap(({ text, marks = [], content = [] }): string[] => {
    const names = marks.map(({ type }) => type).sort();
    return text === undefined
      ? [marksOf(content)]
      : (text.match(/[\p{L}\p{N}]/gu)?.map((each) => each + names) ?? []);
  });
  return found.join('');
}

/** Indented, it would be part of a list that has come to stand before it. */
function atMargin(text: string): string {
  return text.replace(/^ {1,3}(?=\S)/, '');
}

/** A line without what indents or quotes it. */
function bareLine(line: string): string {
  return line.replace(/^[ \t>]+/, '');
}

/** Nor the markers of the items and footnotes that it begins. */
function withoutMarkers(line: string): string {
  return line.replace(/^(?:(?:[-*+]|\d{1,9}[.)]|\[\^[^\]\s]+\]:)[ \t]+(?=\S)[> \t]*)+/, '');
}

export function docOf(nodes: readonly NodeJson[]): NodeJson {
  return block('doc', [...nodes]);
}

function isOutOfOrder(pairs: readonly (number | undefined)[]): boolean {
  const known = pairs.filter((pair) => pair !== undefined);
  return known.some((pair, index) => index > 0 && pair < (known[index - 1] as number));
}

/** The first block that begins at a line or behind it. */
function firstFrom(blocks: readonly ParsedBlock[], line: number): number {
  const index = blocks.findIndex(({ firstLine }) => firstLine >= line);
  return index < 0 ? blocks.length : index;
}
