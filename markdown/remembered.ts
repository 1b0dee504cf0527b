/**
 * What lines of a base were before they were rewritten, where what stands there now does not tell: an undo brings the
 * author's hand back also when the edit was saved meanwhile.
 *
 * They are part of the base, so that every node and every restart has the same; and bounded, so that a long day in
 * one record does not make it grow.
 */

import { needsBreak, type Source } from './apart.ts';
import { rawLines } from './endings.ts';
import { keptNodes } from './pairs.ts';
import type { LineRange } from './tokens.ts';

/** Lines of the body of a base, and what stood in their place, with its line endings. */
export interface RememberedLines extends LineRange {
  readonly was: string;
  /** Which save rewrote them; of what one save rewrote, a part may make no sense: a block that was moved. */
  readonly save: number;
}

/** Lines of one text, and those of another one in their place. */
interface LineChange {
  readonly old: LineRange;
  readonly now: LineRange;
}

const maxPlaces = 32;
const maxLength = 32_000;

/**
 * What was remembered of the old text, told of the new one, with what has changed between them; oldest first.
 *
 * @param isLost whether the old lines cannot be had from the new ones
 */
export function rememberedIn(
  remembered: readonly RememberedLines[],
  old: Source,
  now: Source,
  isLost: boolean,
): RememberedLines[] {
  if (!isLost && remembered.length === 0) return [];
  return followed(remembered, old.rawLines, now.rawLines, changesByBlock(old, now), isLost);
}

/** The same for a text that somebody else wrote. */
export function rememberedElsewhere(
  remembered: readonly RememberedLines[],
  old: readonly string[],
  now: readonly string[],
): RememberedLines[] {
  return followed(remembered, old, now, changeBetween(old, now), false);
}

function followed(
  remembered: readonly RememberedLines[],
  old: readonly string[],
  now: readonly string[],
  changes: readonly LineChange[],
  isLost: boolean,
): RememberedLines[] {
  const save = Math.max(0, ...remembered.map((place) => place.save)) + 1;
  const lost = isLost ? changes.map((change) => ({ ...change.now, was: textOf(old, change.old), save })) : [];
  const all = [...remembered.map((place) => moved(place, changes, old)), ...lost];
  const seen = new Set<string>();
  const useful = all.filter((place) => {
    const key = JSON.stringify(place);
    const isNew = !seen.has(key) && place.was !== textOf(now, place);
    seen.add(key);
    return isNew;
  });
  const newest = useful.slice(-maxPlaces);
  while (newest.reduce((length, { was }) => length + was.length, 0) > maxLength) newest.shift();
  return newest;
}

/** Where lines stand after changes; those that were changed together with others take these along. */
function moved(
  place: RememberedLines,
  changes: readonly LineChange[],
  lines: readonly string[],
): RememberedLines {
  const touching = changes.filter(({ old }) => meets(place, old));
  const firstLine = Math.min(place.firstLine, ...touching.map(({ old }) => old.firstLine));
  const endLine = Math.max(place.endLine, ...touching.map(({ old }) => old.endLine));
  const grownBy = (range: readonly LineChange[]) =>
    range.reduce((sum, { old, now }) => sum + lengthOf(now) - lengthOf(old), 0);
  const before = changes.filter((change) => !touching.includes(change) && change.old.endLine <= firstLine);
  const start = firstLine + grownBy(before);
  return {
    ...place,
    firstLine: start,
    endLine: start + endLine - firstLine + grownBy(touching),
    was:
      textOf(lines, { firstLine, endLine: place.firstLine }) +
      place.was +
      textOf(lines, { firstLine: place.endLine, endLine }),
  };
}

/** Lines that have gone are a place between others: what is put there meets it, too. */
function meets(place: LineRange, other: LineRange): boolean {
  const [start, end] = [Math.max(place.firstLine, other.firstLine), Math.min(place.endLine, other.endLine)];
  return (
    start < end ||
    (start === end && (lengthOf(place) === 0 || (start > place.firstLine && end < place.endLine)))
  );
}

function lengthOf({ firstLine, endLine }: LineRange): number {
  return endLine - firstLine;
}

function textOf(lines: readonly string[], { firstLine, endLine }: LineRange): string {
  return lines.slice(firstLine, endLine).join('');
}

/**
 * The text with what stood in some places before.
 *
 * @param places oldest first; each has taken along what was rewritten in it later, so it stands for those as well
 */
export function withPlaces(
  { head, rawLines: all, lineEnding }: Source,
  places: readonly RememberedLines[],
): string {
  const apart = places.filter((place, at) => !places.slice(0, at).some((older) => isWithin(place, older)));
  const lines = [...all];
  for (const place of apart.toSorted((a, b) => b.firstLine - a.firstLine || b.endLine - a.endLine))
    lines.splice(place.firstLine, lengthOf(place), ...rawLines(place.was));
  return [head, ...lines]
    .map((piece, at) => piece + (at < lines.length && needsBreak(piece) ? lineEnding : ''))
    .join('');
}

function isWithin(place: LineRange, other: LineRange): boolean {
  return meets(other, place) && place.firstLine >= other.firstLine && place.endLine <= other.endLine;
}

/** Between blocks that have the same bytes in both texts. */
function changesByBlock(old: Source, now: Source): LineChange[] {
  const kept = keptNodes(
    old.blocks.map(({ node }) => node),
    now.blocks.map(({ node }) => node),
  );
  const changes: LineChange[] = [];
  let [oldLine, nowLine] = [0, 0];
  const close = (oldEnd: number, nowEnd: number) => {
    const [from, to] = [old.rawLines.slice(oldLine, oldEnd), now.rawLines.slice(nowLine, nowEnd)];
    changes.push(...changeBetween(from, to, oldLine, nowLine));
  };
  for (const [index, from] of kept.entries()) {
    const [before, after] = [old.blocks[from ?? -1], now.blocks[index]];
    if (!before || !after || textOf(old.rawLines, before) !== textOf(now.rawLines, after)) continue;
    close(before.firstLine, after.firstLine);
    [oldLine, nowLine] = [before.endLine, after.endLine];
  }
  close(old.rawLines.length, now.rawLines.length);
  return changes;
}

/** What lies between the equal lines at both ends. */
function changeBetween(
  old: readonly string[],
  now: readonly string[],
  oldLine = 0,
  nowLine = 0,
): LineChange[] {
  const shorter = Math.min(old.length, now.length);
  let start = 0;
  while (start < shorter && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  if (start + end === old.length && start + end === now.length) return [];
  return [
    {
      old: { firstLine: oldLine + start, endLine: oldLine + old.length - end },
      now: { firstLine: nowLine + start, endLine: nowLine + now.length - end },
    },
  ];
}
