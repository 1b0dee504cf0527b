/**
 * Merges two texts that grew from one: the live document's and the one that was changed elsewhere.
 *
 * Lines are the unit. Where both sides changed the same lines, the words of both stay (union.ts), and the place is
 * reported where they do not agree: a conflict marker has no place in a bylaw.
 */
import { diff3Merge } from 'node-diff3';
import { changesBetween } from './align.ts';
import type { DialectName } from './dialects.ts';
import type { NodeJson } from './json.ts';
import { understood } from './spelling.ts';
import { keyOf } from './tidy.ts';
import { unionOf } from './union.ts';

export interface Merge {
  readonly markdown: string;
  /** The lines, as they are now, in which both sides wrote at one place. */
  readonly conflicts: readonly string[];
}

export function mergeMarkdown(base: string, ours: string, theirs: string): Merge {
  if (theirs === base || theirs === ours) return { markdown: ours, conflicts: [] };
  if (ours === base) return { markdown: theirs, conflicts: [] };

  const conflicts: string[] = [];
  const lines = diff3Merge(linesOf(ours), linesOf(base), linesOf(theirs), {
    excludeFalseConflicts: true,
  }).flatMap((region) => {
    if (region.ok) return region.ok;
    if (!region.conflict) return [];
    const { a, o, b } = region.conflict;
    const { text, isContested } = unionOf(o.join(''), a.join(''), b.join(''));
    if (isContested) conflicts.push(text);
    return text;
  });
  return { markdown: lines.join(''), conflicts };
}

/** Lines with their endings, so that joining them gives the text back. */
function linesOf(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
}

/**
 * The wanted document, with the live one's own blocks wherever Markdown cannot tell them apart: so the space that
 * somebody has just typed, and the empty paragraph that they are about to fill, stay.
 */
export function graft(live: NodeJson, wanted: NodeJson, dialect: DialectName): NodeJson {
  const liveBlocks = live.content ?? [];
  const wantedBlocks = wanted.content ?? [];
  const keysOf = (blocks: readonly NodeJson[]) => blocks.map((block) => keyOf(understood(block, dialect)));
  const blocks: NodeJson[] = [];
  let kept = 0;
  for (const { at, length, from, count } of changesBetween(keysOf(liveBlocks), keysOf(wantedBlocks))) {
    blocks.push(...liveBlocks.slice(kept, at));
    const replaced = liveBlocks.slice(at, at + length);
    blocks.push(...(count === 0 ? replaced.filter(isInvisible) : wantedBlocks.slice(from, from + count)));
    kept = at + length;
  }
  return { ...wanted, content: [...blocks, ...liveBlocks.slice(kept)] };
}

/** A paragraph has one name in every dialect. */
function isInvisible(block: NodeJson): boolean {
  return block.type === 'paragraph' && !block.content;
}
