/**
 * What stands between blocks: blank lines, link definitions, anything invisible. It stays where it was; where
 * blocks come, go or move, gaps come together or are missing, and here is decided what stands there.
 */

/** A block to be written, and which of the old blocks it stands for. */
export interface Piece {
  text: string;
  old: number | undefined;
}

export interface Surroundings {
  /** Before each old block, and after the last: one more than there are blocks. */
  gaps: readonly string[];
  /** Whether anything stands before the first gap and after the last. */
  hasBefore: boolean;
  hasAfter: boolean;
  /** Stands between two blocks that had nothing between them before. */
  separator: string;
  /**
   * Where blank lines are put in. A gap without a blank line at its start or end, such as between a heading and its
   * paragraph, can be too little for another block: a link definition right under a paragraph is text of it, and a
   * `-` right under a link definition is text, too.
   */
  separated: 'never' | 'before gaps' | 'around gaps';
}

const startsBlank = /^[ \t>]*\n/;
const endsBlank = /(?:^|\n)[ \t>]*\n$/;

/** Every line ends in a line break, in the pieces too. */
export function joinPieces(pieces: readonly Piece[], around: Surroundings): string {
  const { gaps, hasBefore, hasAfter, separator, separated } = around;
  const ended = (gap: string) =>
    separated === 'around gaps' && !endsBlank.test(gap) ? gap + separator : gap;
  const begun = (gap: string) => (separated === 'never' || startsBlank.test(gap) ? gap : separator + gap);
  const apart = (gap: string) => ended(begun(gap));
  const between = (carried: readonly string[]) => apart(joinGaps(carried, 'last') ?? separator);
  const atStart = (carried: readonly string[]) => {
    const gap = joinGaps(carried, 'first') ?? '';
    return gap === '' ? '' : ended(gap);
  };
  let output = '';
  let used = 0;
  for (const [index, { text, old = -1 }] of pieces.entries()) {
    const isFirst = index === 0 && !hasBefore;
    const until = old >= used ? old + 1 : isFirst ? used + 1 : used;
    const carried = gaps.slice(used, until);
    output += (isFirst ? atStart(carried) : between(carried)) + text;
    used = until;
  }
  const carried = gaps.slice(used);
  if (!hasAfter) {
    const gap = joinGaps(carried, 'last') ?? '';
    return output + (output === '' || gap === '' ? gap : begun(gap));
  }
  const isNothingBefore = pieces.length === 0 && !hasBefore;
  return output + (isNothingBefore ? (joinGaps(carried, 'first') ?? '') : between(carried));
}

/** Of gaps that have come together: all that hold something, else one of the blank ones. */
function joinGaps(gaps: readonly string[], blank: 'first' | 'last'): string | undefined {
  const visible = gaps.filter((gap) => /[^\s>]/.test(gap));
  // Nothing stood before the first block; nothing but the definitions does now.
  if (visible.length > 0 && blank === 'first' && gaps[0] === '') return visible.join('').replace(/^\n+/, '');
  if (visible.length > 0) return visible.join('');
  return blank === 'first' ? gaps[0] : gaps.at(-1);
}
