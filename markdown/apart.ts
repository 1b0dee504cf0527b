/**
 * A Markdown text taken apart: frontmatter, lines, blocks and the gaps between them.
 *
 * Every line is kept twice, as written and with `\n` at its end. The blocks know only the numbers of their lines,
 * so that a block's source, and whatever stands between two blocks, is there to the byte.
 */

import { type AnyDefinition, Definitions } from './definitions.ts';
import { dominantLineEnding, joinedLines, normalLine, rawLines } from './endings.ts';
import { featureSet, type MarkdownOptions } from './features.ts';
import type { NodeJson } from './json.ts';
import { once } from './once.ts';
import { type Memory, type Parsed, type ParsedBlock, parseLines } from './parse.ts';
import { plainStyle, type Style, styleOf } from './style.ts';
import { isSame } from './tidy.ts';
import type { LineRange } from './tokens.ts';

export interface Source {
  /** Byte order mark and frontmatter; they never enter the document. */
  readonly head: string;
  /** The lines of the body as they are written. */
  readonly rawLines: readonly string[];
  /** The same lines, each with `\n` at its end, the last one too. */
  readonly lines: readonly string[];
  readonly blocks: readonly ParsedBlock[];
  readonly definitions: Definitions;
  readonly parsed: Parsed;
  /** The line ending that most lines have. */
  readonly lineEnding: string;
  style(): Style;
}

/** @param memory slices of a text that has most of its lines in common with this one */
export function takeApart(markdown: string, options: MarkdownOptions, memory?: Memory): Source {
  const head = headOf(markdown);
  const raw = rawLines(markdown.slice(head.length));
  const lines = raw.map(normalLine);
  const parsed = parseLines(lines, featureSet(options), memory);
  return {
    head,
    rawLines: raw,
    lines,
    blocks: parsed.blocks,
    definitions: new Definitions(parsed.definitions as AnyDefinition[]),
    parsed,
    lineEnding: dominantLineEnding(markdown),
    style: once(() =>
      styleOf(
        parsed.blocks.flatMap((block) => block.style),
        plainStyle,
      ),
    ),
  };
}

const frontmatter =
  /^\uFEFF?(?:(---|\+\+\+)[ \t]*(?:\r\n|\n|\r)(?:[\s\S]*?(?:\r\n|\n|\r))??\1[ \t]*(?:\r\n|\n|\r|$))?/;

/** Byte order mark and frontmatter, with its line break. */
export function headOf(markdown: string): string {
  return frontmatter.exec(markdown)?.[0] ?? '';
}

/** The lines between a block and the one before it: blank lines, link definitions, anything invisible. */
export function gapBefore(source: Source, index: number): string {
  const start = source.blocks[index - 1]?.endLine ?? 0;
  return source.lines.slice(start, source.blocks[index]?.firstLine).join('');
}

/** The lines between the neighbours of a range of blocks: its own, and the gaps on both sides. */
export function linesOf(
  { blocks, lines }: Source,
  { at, length }: { at: number; length: number },
): LineRange {
  return {
    firstLine: blocks[at - 1]?.endLine ?? 0,
    endLine: blocks[at + length]?.firstLine ?? lines.length,
  };
}

/** All of it, to the byte. */
export function markdownOf({ head, rawLines: lines }: Source): string {
  return head + lines.join('');
}

/** Which block of a text is the first that reads otherwise than expected. */
export function firstDifference({ blocks }: Source, expected: readonly NodeJson[]): number | undefined {
  const length = Math.max(blocks.length, expected.length);
  for (let index = 0; index < length; index += 1) {
    const [read, wanted] = [blocks[index]?.node, expected[index]];
    if (!read || !wanted || !isSame(read, wanted)) return index;
  }
  return undefined;
}

export function textOf(source: Source, block: ParsedBlock): string {
  return source.lines.slice(block.firstLine, block.endLine).join('');
}

/**
 * The head and the pieces of the body, with line breaks between them. At the end is none where none was; but when the
 * last lines have gone, the one before them stays as it is, break and all.
 */
export function assembled(pieces: readonly string[], source: Source): string {
  const written = pieces.filter((piece) => piece !== '');
  let body = joinedLines(
    written.map((piece, at) => (needsBreak(written[at - 1] ?? '') ? source.lineEnding : '') + piece),
  );
  const last = source.rawLines.at(-1);
  if (last !== undefined && !/[\r\n]$/.test(last) && !endsEarlier(body, last, source.rawLines))
    body = body.replace(/(?:\r\n|\n|\r)$/, '');
  const head =
    source.head +
    (needsBreak(source.head) && (body !== '' || source.rawLines.length > 0) ? source.lineEnding : '');
  // A rule that comes to stand first would open frontmatter.
  const isHeadKept = headOf(head + body) === head;
  return isHeadKept ? head + body : head + source.lineEnding + body;
}

/** Whether a text ends in a line that was there before the last one, which has gone. */
function endsEarlier(text: string, last: string, lines: readonly string[]): boolean {
  const written = rawLines(text);
  const end = written.at(-1) ?? '';
  return written.length < lines.length && lines.includes(end) && normalLine(end) !== normalLine(last);
}

/** Whether a line that is put behind a text would go on with its last one. */
export function needsBreak(text: string): boolean {
  return text !== '' && text !== '\uFEFF' && !/[\r\n]$/.test(text);
}
