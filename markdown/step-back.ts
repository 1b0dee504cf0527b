/**
 * A live document that is nearer to what lines were before they were rewritten than to what stands there now: somebody
 * has undone an edit that was saved.
 */

import { markdownOf, type Source } from './apart.ts';
import { isInline, type NodeJson, plainText } from './json.ts';
import { keptNodes, movedNodes } from './pairs.ts';
import { type RememberedLines, rememberedIn, withPlaces } from './remembered.ts';
import { isSame, keyOf } from './tidy.ts';
import type { LineRange } from './tokens.ts';

/** So many characters are read for one save, in other texts than its base. */
const maxRead = 1_000_000;

/**
 * The source with the remembered lines in their places, wherever that is nearer to the live blocks; `undefined` when
 * it is so nowhere.
 *
 * @param places of the remembered ones those that are beside a change
 * @param mayTouch whether places may be taken that hold blocks which are as they were saved, too
 */
export function nearerSource(
  live: readonly NodeJson[],
  source: Source,
  places: readonly RememberedLines[],
  mayTouch: boolean,
  takeApart: (markdown: string) => Source,
): Source | undefined {
  const maxTries = Math.ceil(maxRead / (1 + markdownOf(source).length));
  let nearest = { source, remembered: places };
  for (let least = distance(live, source); least > 0; ) {
    const { source: base, remembered: still } = nearest;
    // Save by save into the past, and each place by itself.
    const saves = [...new Set(still.map(({ save }) => save))].reverse();
    const since = saves.map((_, index) => still.filter((place) => saves.indexOf(place.save) <= index));
    const alone = still.map((place) => [place]).filter(() => still.length > 1);
    const tries = [...since, ...alone].slice(0, maxTries).map((undone) => {
      return { source: takeApart(withPlaces(base, undone)), undone };
    });
    const isFree = freeIn(base, live);
    const distances = tries.map(({ source: tried, undone }) => {
      const found = distance(live, tried);
      return mayTouch || found === 0 || undone.every(isFree) ? found : Number.POSITIVE_INFINITY;
    });
    const best = Math.min(...distances);
    if (!(best < least)) break;
    least = best;
    const { source: found, undone } = tries[distances.indexOf(best)] as (typeof tries)[number];
    const left = still.filter((place) => !undone.includes(place));
    nearest = { source: found, remembered: rememberedIn(left, base, found, false) };
  }
  return nearest.source === source ? undefined : nearest.source;
}

/** Blocks that nobody touched keep their bytes, unless all is as it was. */
function freeIn({ blocks }: Source, live: readonly NodeJson[]): (place: LineRange) => boolean {
  const nodes = blocks.map(({ node }) => node);
  const inOrder = keptNodes(nodes, live);
  const all = new Set([...inOrder, ...movedNodes(nodes, live, inOrder).values()]);
  const kept = blocks.filter((_, index) => all.has(index));
  return (place) => !kept.some((block) => place.firstLine < block.endLine && block.firstLine < place.endLine);
}

export function isBeside(place: LineRange, range: LineRange): boolean {
  return place.firstLine <= range.endLine && range.firstLine <= place.endLine;
}

/** How many nodes are in one and not in the other; where these are as many, how many words. */
function distance(live: readonly NodeJson[], { blocks }: Source): number {
  const old = blocks.map(({ node }) => node);
  const shorter = Math.min(live.length, old.length);
  let start = 0;
  while (start < shorter && isSame(live[start] as NodeJson, old[start] as NodeJson)) start += 1;
  let end = 0;
  while (end < shorter - start && isSame(live.at(-1 - end) as NodeJson, old.at(-1 - end) as NodeJson))
    end += 1;
  const [lives, olds] = [live.slice(start, live.length - end), old.slice(start, old.length - end)];
  const nodes = difference(lives.flatMap(nodesIn), olds.flatMap(nodesIn));
  const words = difference(lives.flatMap(wordsOf), olds.flatMap(wordsOf));
  const isElsewhere = lives.length + olds.length > 0;
  return isElsewhere ? 1 + nodes + words / (words + 1) : 0;
}

/** What holds text or nothing, and what it stands in. */
function nodesIn(node: NodeJson): string[] {
  const { content = [] } = node;
  if (content.every(isInline)) return [keyOf(node)];
  const own = keyOf({ ...node, content: [] });
  return [own, ...content.flatMap(nodesIn).map((inner) => own + inner)];
}

function wordsOf(node: NodeJson): string[] {
  return plainText(node).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** How many items are in one of two and not in the other. */
function difference(some: readonly string[], others: readonly string[]): number {
  const left = new Map<string, number>();
  for (const item of others) left.set(item, (left.get(item) ?? 0) + 1);
  let missing = 0;
  for (const item of some) {
    const count = left.get(item) ?? 0;
    if (count === 0) missing += 1;
    else left.set(item, count - 1);
  }
  return missing + [...left.values()].reduce((sum, count) => sum + count, 0);
}
