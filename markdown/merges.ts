/**
 * The ways to bring together what an author wrote and what was edited, token by token (tokens.ts).
 * Nothing here checks what the result reads as: whoever asks takes the first that reads right.
 */

import { once } from './once.ts';
import { compare, type LineRange, linesIn, type Meeting, merged } from './tokens.ts';

/** A text, and the lines of link definitions in it, counted from its first. */
export interface SourceText {
  readonly text: string;
  readonly hidden: readonly LineRange[];
}

/** The nearer to the edit something is that no longer reads right, the less has to go with it. */
const meetings: readonly Meeting[] = [
  { first: 'edit' },
  { first: 'source' },
  { first: 'edit', crossesWraps: true },
  { first: 'edit', drops: 1, keepsWraps: true },
  { first: 'edit', drops: 2, keepsWraps: true },
  { first: 'edit', drops: 4, keepsWraps: true },
  { first: 'edit', isCoarse: true, keepsWraps: true },
  { first: 'edit', drops: 'line', isCoarse: true, keepsWraps: true },
  { first: 'edit', drops: 16, keepsWraps: true },
  { first: 'edit', drops: 1 },
  { first: 'edit', drops: 2 },
];

/** The merges of tokens, the one that loses the fewest lines of the source first. */
export function* merges(ancestor: string, source: SourceText, edited: string): Generator<string> {
  if (ancestor === edited || ancestor === source.text) {
    yield ancestor === edited ? source.text : edited;
    return;
  }
  const compared = compare(ancestor, source.text, edited, source.hidden);
  const lines = linesIn(source.text);
  const [first, ...others] = meetings.map((meeting) => once(() => merged(compared, meeting)));
  // Most edits lose a line, and no way to write them loses less: so the other ways need not be looked at.
  const isLeast =
    first && linesIn(edited).length === linesIn(ancestor).length && lostLines(lines, first()) === 1;
  if (isLeast) yield first();
  const texts = new Set([first, ...others].flatMap((text) => (text ? [text()] : [])));
  if (isLeast) texts.delete(first());
  yield* [...texts]
    .map((text) => ({ text, lost: lostLines(lines, text) }))
    .sort((a, b) => a.lost - b.lost)
    .map(({ text }) => text);
}

function lostLines(lines: readonly string[], text: string): number {
  const kept = new Set(linesIn(text));
  return lines.filter((line) => !kept.has(line) && /\S/.test(line)).length;
}
