/**
 * Writes a document so that what nobody edited keeps its bytes, and nothing is written that reads as another one.
 *
 * Blocks that are equal are kept, in order. Between them are the ranges that were edited; each is written in the
 * way that changes least and still reads as the live blocks between the neighbours that it stands between. Then
 * the whole text is read once more. A range that fails grows by its neighbours, and is printed anew at last.
 */

import { rangesBetween } from './align.ts';
import { printedAnew } from './anew.ts';
import { firstDifference, linesOf, markdownOf, type Source, takeApart, textOf } from './apart.ts';
import { definitionsOf } from './definitions.ts';
import { rawLines } from './endings.ts';
import { featureSet, type MarkdownOptions } from './features.ts';
import type { NodeJson } from './json.ts';
import { keptNodes, movedNodes } from './pairs.ts';
import type { Memory } from './parse.ts';
import type { RememberedLines } from './remembered.ts';
import { restate } from './restate.ts';
import type { PrintOptions } from './serialize.ts';
import { isBeside, nearerSource } from './step-back.ts';
import { isIdentical, isNothing, keyOf, withoutOrphans } from './tidy.ts';
import { docOf, Writer } from './writer.ts';

export interface Reconciled {
  /** `undefined` while nothing differs from the source. */
  markdown?: string;
  /** The text taken apart, for the next save. */
  source: Source;
}

/** So often a text that reads wrong is mended before it is printed anew as a whole. */
const maxAttempts = 8;

/** So often what Markdown cannot say is saved against what was written for it. */
const maxRounds = 4;

/** Where Markdown cannot say something, what is written for it has to be what the next save writes, too. */
export function reconcile(
  json: NodeJson,
  source: Source,
  given: MarkdownOptions,
  remembered: readonly RememberedLines[] = [],
): Reconciled {
  let result = reconcileOnce(json, source, given);
  if (result.markdown === undefined || result.markdown === markdownOf(source)) return { source };
  if (remembered.length > 0) result = steppedBack(json, source, given, remembered, result);
  for (let round = 1; round < maxRounds && result.isApproximate; round += 1) {
    const next = reconcileOnce(json, result.source, given);
    if (next.markdown === undefined || next.markdown === result.markdown) break;
    result = next;
  }
  return result;
}

/**
 * Saved against the text as it was before what was undone, where no other block loses its bytes by that; or as it was
 * saved at first, where that has more of the lines that somebody wrote.
 */
function steppedBack(
  json: NodeJson,
  source: Source,
  given: MarkdownOptions,
  remembered: readonly RememberedLines[],
  first: Round,
): Round {
  const live = sayableBlocks(json, given);
  const dirty = rangesBetween(keptBlocks(source, live), source.blocks.length).map((range) =>
    linesOf(source, range),
  );
  const places = remembered.filter((place) => dirty.some((range) => isBeside(place, range)));
  if (places.length === 0) return first;
  const memory: Memory = new Map(source.parsed.slices);
  const known = new Set([...source.rawLines, ...remembered.flatMap(({ was }) => rawLines(was))]);
  const foreign = (round: Round) => round.source.rawLines.filter((line) => !known.has(line)).length;
  let best = first;
  for (const mayTouch of [false, true]) {
    const nearer = nearerSource(live, source, places, mayTouch, (markdown) =>
      takeApart(markdown, given, memory),
    );
    if (!nearer) continue;
    const stepped = { markdown: markdownOf(nearer), ...reconcileOnce(json, nearer, given) };
    if (stepped.source === nearer) return stepped;
    if (keepsBytes(live, source, stepped.source) && foreign(stepped) <= foreign(best)) best = stepped;
  }
  return best;
}

/** Whether the blocks that nobody touched, moved ones too, have their bytes in what was written. */
function keepsBytes(live: readonly NodeJson[], source: Source, written: Source): boolean {
  const kept = keptBlocks(source, live);
  const moved = movedNodes(
    source.blocks.map(({ node }) => node),
    live,
    kept,
  );
  return kept.every((inOrder, index) => {
    const old = inOrder ?? moved.get(index);
    if (old === undefined) return true;
    const [before, after] = [source.blocks[old], written.blocks[index]];
    return before && after && textOf(source, before) === textOf(written, after);
  });
}

/** Whether undoing what was saved would bring a text back from what stands there now. */
export function isToldBy(now: Source, old: Source, given: MarkdownOptions): boolean {
  const live = old.blocks.map(({ node }) => node);
  const definitions = definitionsOf(now.parsed.definitions, live);
  const writer = new Writer(
    { live, wanted: live, typed: new Map(), source: now, definitions, options: { ...given, definitions } },
    keptBlocks(now, live),
    new Map([...old.parsed.slices, ...now.parsed.slices]),
  );
  const written = writer.write(false);
  return 'markdown' in written && written.markdown === markdownOf(old);
}

interface Round extends Reconciled {
  /** Whether the text reads otherwise than the live document. */
  isApproximate?: boolean;
}

/** @param replaced how often blocks that Markdown cannot say have made place for what it makes of them */
function reconcileOnce(json: NodeJson, source: Source, given: MarkdownOptions, replaced = 0): Round {
  const typedIn = liveBlocks(json);
  const keptAsTyped = keptBlocks(source, typedIn);
  if (isComplete(keptAsTyped, source)) return { source };

  const definitions = definitionsOf(source.parsed.definitions, typedIn);
  const options: PrintOptions = { ...given, definitions };
  const isKnown = (index: number) => keptAsTyped[index] !== undefined;
  const memory: Memory = new Map(source.parsed.slices);
  const restated = restate(typedIn, isKnown, source, options, definitions, memory);
  const asIs = restated?.blocks ?? typedIn;
  const keptAsIs = restated ? keptBlocks(source, asIs) : keptAsTyped;
  if (isComplete(keptAsIs, source)) return { source };

  const doc = docOf(asIs);
  const withoutThem = withoutOrphans(doc, !featureSet(options).has('footnote'));
  const wanted = withoutThem.content ?? [];
  const keptAsWanted = withoutThem === doc ? keptAsIs : keptBlocks(source, wanted);
  if (isComplete(keptAsWanted, source)) return { source };
  const live = withoutThem === doc ? asIs : asSavedBefore(asIs, wanted, source);
  const typed = restated?.typed ?? new Map();
  const writer = new Writer(
    { live, wanted, typed, source, definitions, options },
    live === asIs ? keptAsIs : keptBlocks(source, live),
    memory,
  );
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const result = writer.write(replaced < maxRounds);
    if ('instead' in result) {
      const { instead } = result;
      const sayable = live.flatMap((node, index) => instead.get(index) ?? [node]);
      return { ...reconcileOnce(docOf(sayable), source, given, replaced + 1), isApproximate: true };
    }
    const { markdown, expected } = result;
    const written = takeApart(markdown, options, memory);
    const wrong = firstDifference(written, expected);
    if (wrong === undefined) {
      const isApproximate = [wanted, asIs].every((blocks) => firstDifference(written, blocks) !== undefined);
      return { markdown, source: written, isApproximate };
    }
    if (!writer.printAround(wrong)) break;
  }
  return printedAnew(wanted, source, options);
}

function isComplete(kept: readonly (number | undefined)[], source: Source): boolean {
  return rangesBetween(kept, source.blocks.length).length === 0;
}

/** An orphan that was saved before is text in the source, wherever its block stands by now. */
function asSavedBefore(
  asIs: readonly NodeJson[],
  wanted: readonly NodeJson[],
  { blocks }: Source,
): NodeJson[] {
  const known = new Set(blocks.map(({ node }) => keyOf(node)));
  return asIs.map((node, index) => {
    const text = wanted[index] as NodeJson;
    return isIdentical(node, text) || !known.has(keyOf(text)) ? node : text;
  });
}

/** The blocks that Markdown can say. */
function liveBlocks(json: NodeJson): NodeJson[] {
  return (json.content ?? []).filter((node) => !isNothing(node));
}

/** The same; a reference to a footnote that is not there is text in them, as it is in the source. */
function sayableBlocks(json: NodeJson, given: MarkdownOptions): readonly NodeJson[] {
  return withoutOrphans(docOf(liveBlocks(json)), !featureSet(given).has('footnote')).content ?? [];
}

/** Which block of the source each live one is. */
function keptBlocks({ blocks }: Source, live: readonly NodeJson[]): (number | undefined)[] {
  return keptNodes(
    blocks.map(({ node }) => node),
    live,
  );
}
