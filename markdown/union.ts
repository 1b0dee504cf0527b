/**
 * Brings together two texts that grew from one and changed the same lines: what either side wrote stays, what either
 * side took out is gone, and what both wrote is there once.
 *
 * No conflict markers: two people who put other numbers into one sentence find both in it, and are told where.
 */
import { difference, type Hunk } from './difference.ts';
import { linesIn, tokensOf } from './tokens.ts';

export interface Union {
  readonly text: string;
  /** Whether both sides wrote something at one place, or one wrote where the other took out. */
  readonly isContested: boolean;
}

/** What one side makes of the ancestor's tokens. */
interface Side {
  /** What it wrote, by the token of the ancestor before which that stands. */
  readonly written: ReadonlyMap<number, string>;
  readonly gone: ReadonlySet<number>;
}

export function unionOf(ancestor: string, ours: string, theirs: string): Union {
  const base = tokensOf(ancestor);
  const [here, there] = [sideOf(base, ours), sideOf(base, theirs)];
  const parts: string[] = [];
  let isContested = false;
  for (let index = 0; index <= base.length; index += 1) {
    const [mine, others] = [here.written.get(index) ?? '', there.written.get(index) ?? ''];
    const written = together(mine, others);
    const isBoth = written !== mine && written !== others;
    isContested ||= isBoth || isCutAround(here, there, index) || isCutAround(there, here, index);
    const isKept = index < base.length && !here.gone.has(index) && !there.gone.has(index);
    for (const part of [written, isKept ? (base[index] as string) : '']) if (part !== '') parts.push(part);
  }
  return { text: joined(parts), isContested };
}

function sideOf(base: readonly string[], text: string): Side {
  const written = new Map<number, string>();
  const gone = new Set<number>();
  for (const hunk of difference(base, tokensOf(text))) {
    const { at, length, tokens } = earliest(base, hunk);
    if (tokens.length > 0) written.set(at, tokens.join('') + (written.get(at) ?? ''));
    for (let index = at; index < at + length; index += 1) gone.add(index);
  }
  return { written, gone };
}

/**
 * A word and a space that came between two words: behind the first one, or before the second? Always the same of them,
 * for both sides; and so with those that went.
 */
function earliest(base: readonly string[], { at, length, tokens }: Hunk): Hunk {
  if (length > 0 && tokens.length > 0) return { at, length, tokens };
  let place = at;
  let inserted = tokens;
  while (place > 0 && base[place - 1] === (length > 0 ? base[place + length - 1] : inserted.at(-1))) {
    place -= 1;
    if (length === 0) inserted = [base[place] as string, ...inserted.slice(0, -1)];
  }
  return { at: place, length, tokens: inserted };
}

/** Whether `one` wrote something in the midst of what the other took out. */
function isCutAround(one: Side, other: Side, index: number): boolean {
  if (!one.written.has(index)) return false;
  return [index - 1, index].every((token) => other.gone.has(token) && !one.gone.has(token));
}

/** Ours, and of theirs the words that ours lack; of paragraphs, which have words in common anyway, the lines. */
function together(mine: string, others: string): string {
  if (mine === '' || others === '') return mine + others;
  const isLong = mine.includes('\n') || others.includes('\n');
  const [ours, theirs] = [mine, others].map(isLong ? linesIn : tokensOf) as [string[], string[]];
  const left = [...ours];
  const isNew = (token: string) => {
    const at = hasWord(token) ? left.indexOf(token) : -1;
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  };
  const fresh = theirs.filter(isNew);
  if (fresh.length === theirs.length) return mine === others ? mine : spaced(mine, others);
  if (!fresh.some(hasWord)) return mine;
  if (isLong) return spaced(mine, fresh.join(''));
  const words = fresh.join('').replace(/\s+/g, ' ');
  return spaced(mine, /\s$/.test(others) ? words : words.trimEnd());
}

/** Two words, from two hands, stay two. */
function joined(parts: readonly string[]): string {
  return parts.map((part, index) => (isOneWord(parts[index - 1], part) ? ` ${part}` : part)).join('');
}

/** With a space between them where neither has one, and the second does not belong close to the first. */
function spaced(before: string, behind: string): string {
  return /\S$/.test(before) && /^[^\s.,;:!?)\]}»]/.test(behind) ? `${before} ${behind}` : before + behind;
}

function hasWord(token: string): boolean {
  return /[\p{L}\p{N}]/u.test(token);
}

/** Whether two words, from two hands, would become one. */
function isOneWord(before: string | undefined, part: string): boolean {
  return before !== undefined && /[\p{L}\p{N}\p{M}]$/u.test(before) && /^[\p{L}\p{N}\p{M}]/u.test(part);
}
