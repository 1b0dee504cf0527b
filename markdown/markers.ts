/**
 * Tells lists apart that come to stand beside each other: with one marker, the two would be one list.
 *
 * Markers are the author's. So a new list takes one that its neighbours do not have, and the marker of a list that
 * nobody touched changes only where there is no such one: between a list with `1.` and one with `1)`.
 */

/** A block among those that are to be written, in their order. */
export interface MarkedBlock {
  readonly text: string;
  /** What it costs to give it another marker. */
  readonly price: number;
  /** Whether it stood behind the block before it already, with whatever told the two apart. */
  readonly follows: boolean;
  /** Whether something stands between the two, such as a link definition: then they may have one marker. */
  readonly isApart: boolean;
}

const bullets = ['-', '*', '+'];
const delimiters = ['.', ')'];

/** A marker that cannot change. */
export const fixed = Number.POSITIVE_INFINITY;

interface Choice {
  readonly marker: string | undefined;
  readonly isNew: boolean;
  /** Of this one and all behind it. */
  readonly price: number;
  readonly next: Choice | undefined;
}

/**
 * The marker that each block is to have, `undefined` for one that is no list: the cheapest choice in which no two
 * neighbours have the same, which leaves the first as they are if it can; all as they are where there is none.
 */
export function distinctMarkers(blocks: readonly MarkedBlock[]): (string | undefined)[] {
  let choices: readonly Choice[] = [{ marker: undefined, isNew: false, price: 0, next: undefined }];
  let [isFollowed, isFollowedApart] = [true, true];
  for (const { text, price, follows, isApart } of blocks.toReversed()) {
    const own = markerOf(text);
    choices = possible(own, price).flatMap((marker) => {
      const isNew = marker !== own;
      const canStandBefore = (next: Choice) =>
        !marker || isFollowedApart || next.marker !== marker || (isFollowed && !isNew && !next.isNew);
      const next = cheapest(choices.filter(canStandBefore));
      return next ? [{ marker, isNew, price: (isNew ? price : 0) + next.price, next }] : [];
    });
    [isFollowed, isFollowedApart] = [follows, isApart];
  }
  const markers: (string | undefined)[] = [];
  for (let choice = cheapest(choices); choice?.next; choice = choice.next) markers.push(choice.marker);
  return markers.length === blocks.length ? markers : blocks.map(({ text }) => markerOf(text));
}

function possible(own: string | undefined, price: number): (string | undefined)[] {
  if (own === undefined || price === fixed) return [own];
  const all = bullets.includes(own) ? bullets : delimiters;
  return [own, ...all.filter((marker) => marker !== own)];
}

function cheapest(choices: readonly Choice[]): Choice | undefined {
  let best: Choice | undefined;
  for (const choice of choices) if (!best || choice.price < best.price) best = choice;
  return best;
}

const item = /^( {0,3}\d{0,9})([-*+.)])(?=[ \t\n]|$)/;
const rule = /^ {0,3}([-*])[ \t]*(?:\1[ \t]*){2,}$/m;

/** The marker of the list that a text is; a number counts by what follows it. */
export function markerOf(text: string): string | undefined {
  const [, number = '', marker] = item.exec(text) ?? [];
  const isItem = marker !== undefined && /\d/.test(number) === delimiters.includes(marker);
  return isItem && rule.exec(text)?.index !== 0 ? marker : undefined;
}

/** @param starts the line in which each item begins */
export function withMarker(lines: readonly string[], starts: readonly number[], marker: string): string {
  const begins = new Set(starts);
  return lines.map((line, index) => (begins.has(index) ? line.replace(item, `$1${marker}`) : line)).join('');
}
