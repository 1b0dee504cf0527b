/**
 * The difference between two texts, line by line, with the changed words inside a changed line.
 * Pure: texts in, rows out. How they look is `diff-rows.ts`.
 */
import { diffArrays, diffWordsWithSpace, parsePatch } from 'diff';

/** A piece of a line; `changed` pieces are what a reader looks for. */
export interface LinePart {
  text: string;
  changed: boolean;
}

/** One row of the diff: a line, or a run of unchanged lines that is left out. */
export type DiffRow =
  | { kind: 'same' | 'added' | 'removed'; parts: LinePart[] }
  | { kind: 'skipped'; count: number };

/** How many unchanged lines stay visible beside a change. */
const CONTEXT_LINES = 3;

/**
 * Compares two texts; a final newline makes no difference.
 *
 * @example lineDiff('a\nb', 'a\nc') // same a, removed b, added c
 */
export function lineDiff(before: string, after: string): DiffRow[] {
  const rows: DiffRow[] = [];
  let removed: string[] = [];
  for (const change of diffArrays(linesOf(before), linesOf(after))) {
    if (change.removed) {
      removed = change.value;
    } else if (change.added) {
      rows.push(...replacedRows(removed, change.value));
      removed = [];
    } else {
      rows.push(...replacedRows(removed, []), ...change.value.map((line) => wholeLine('same', line)));
      removed = [];
    }
  }
  rows.push(...replacedRows(removed, []));
  return withoutFarContext(rows);
}

/** The same rows out of a unified diff. */
export function patchRows(patch: string): DiffRow[] {
  const rows: DiffRow[] = [];
  let nextLine = 1;
  for (const { newStart, newLines, lines } of parsePatch(patch).flatMap(({ hunks }) => hunks)) {
    if (newStart > nextLine) rows.push({ kind: 'skipped', count: newStart - nextLine });
    nextLine = newStart + newLines;
    let [removed, added]: [string[], string[]] = [[], []];
    for (const line of lines) {
      const text = line.slice(1);
      if (line.startsWith('-')) removed.push(text);
      else if (line.startsWith('+')) added.push(text);
      else if (line.startsWith(' ')) {
        rows.push(...replacedRows(removed, added), wholeLine('same', text));
        [removed, added] = [[], []];
      }
    }
    rows.push(...replacedRows(removed, added));
  }
  return rows;
}

/** Counts the lines that a diff adds and removes. */
export function countChanges(rows: DiffRow[]): { added: number; removed: number } {
  return {
    added: rows.filter((row) => row.kind === 'added').length,
    removed: rows.filter((row) => row.kind === 'removed').length,
  };
}

function linesOf(text: string): string[] {
  const trimmed = text.replace(/\n+$/, '');
  return trimmed === '' ? [] : trimmed.split('\n');
}

/** Lines that were replaced one for one show their changed words; otherwise whole lines went or came. */
function replacedRows(removed: string[], added: string[]): DiffRow[] {
  if (removed.length !== added.length) {
    return [
      ...removed.map((line) => wholeLine('removed', line)),
      ...added.map((line) => wholeLine('added', line)),
    ];
  }
  const before: DiffRow[] = [];
  const after: DiffRow[] = [];
  for (const [index, line] of removed.entries()) {
    const words = diffWordsWithSpace(line, added[index] ?? '');
    const partsOf = (other: 'added' | 'removed') =>
      words
        .filter((word) => !word[other])
        .map((word) => ({ text: word.value, changed: word.added || word.removed }));
    before.push({ kind: 'removed', parts: partsOf('added') });
    after.push({ kind: 'added', parts: partsOf('removed') });
  }
  return [...before, ...after];
}

function wholeLine(kind: 'same' | 'added' | 'removed', text: string): DiffRow {
  return { kind, parts: [{ text, changed: false }] };
}

function withoutFarContext(rows: DiffRow[]): DiffRow[] {
  const isNear = nearChanges(rows);
  const kept: DiffRow[] = [];
  let skipped = 0;
  for (const [index, row] of rows.entries()) {
    if (!isNear[index]) {
      skipped += 1;
      continue;
    }
    if (skipped > 0) kept.push({ kind: 'skipped', count: skipped });
    skipped = 0;
    kept.push(row);
  }
  if (skipped > 0) kept.push({ kind: 'skipped', count: skipped });
  return kept;
}

function nearChanges(rows: DiffRow[]): boolean[] {
  const isNear = new Array<boolean>(rows.length).fill(false);
  for (const [index, row] of rows.entries()) {
    if (row.kind !== 'same') {
      isNear.fill(true, Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1);
    }
  }
  return isNear;
}
