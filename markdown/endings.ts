/** Line endings: everything here works on `\n`, and each line gets its own ending back at the end. */

import { changesBetween } from './align.ts';

export function dominantLineEnding(markdown: string): string {
  const counts = { '\n': 0, '\r\n': 0, '\r': 0 };
  for (const [ending] of markdown.matchAll(/\r\n|\n|\r/g)) counts[ending as keyof typeof counts] += 1;
  if (counts['\r\n'] > counts['\n']) return '\r\n';
  return counts['\r'] > counts['\n'] ? '\r' : '\n';
}

/** Lines with their endings, so that joining them gives the text back. */
export function rawLines(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
}

/** The line with `\n` at its end, whatever it had. */
export function normalLine(line: string): string {
  return line.endsWith('\n') && !line.endsWith('\r\n') ? line : line.replace(/(?:\r\n?)?$/, '\n');
}

/**
 * Lines as they are to be written: one that was there keeps its ending, a new one takes the usual.
 *
 * @param old the lines that stood here, with their endings
 */
export function withEndings(lines: readonly string[], old: readonly string[], usual: string): string {
  if (usual === '\n' && old.every((line) => !line.includes('\r'))) return lines.join('');
  const endings: string[] = lines.map(() => usual);
  const before = old.map(normalLine);
  let next = 0;
  let at = 0;
  const keep = (until: number) => {
    for (; at < until; at += 1, next += 1) endings[next] = endingOf(old[at]) ?? usual;
  };
  for (const change of changesBetween(before, lines)) {
    keep(change.at);
    // Lines that were changed one for one.
    for (let index = 0; index < Math.min(change.length, change.count); index += 1)
      endings[change.from + index] = endingOf(old[change.at + index]) ?? usual;
    at = change.at + change.length;
    next = change.from + change.count;
  }
  keep(old.length);
  return joinedLines(lines.map((line, index) => line.slice(0, -1) + endings[index]));
}

/** A line break alone that comes to stand behind a `\r` would be one with it, and its line would have gone. */
export function joinedLines(pieces: readonly string[]): string {
  const apart = (piece: string, before = '') =>
    before.endsWith('\r') && piece.startsWith('\n') ? `\r${piece.slice(1)}` : piece;
  const written = pieces.filter((piece) => piece !== '');
  return written.map((piece, index) => apart(piece, written[index - 1])).join('');
}

function endingOf(line: string | undefined): string | undefined {
  return /\r\n|\n|\r/.exec(line ?? '')?.[0];
}
