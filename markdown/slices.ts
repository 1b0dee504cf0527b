/**
 * Cuts a text where no block of Markdown can reach across, so that each slice can be parsed alone.
 *
 * Two things come of it: parsing takes time in proportion to the length (remark takes four times as long for twice
 * the text), and after an edit only the slices that changed are parsed again.
 */

/** A line that begins a block of its own at the margin: it goes on with no list, quote or footnote. */
export const beginsAtMargin = /^(?:#{1,6} |[\p{L}("'„“«§]|\*\*[\p{L}\p{N}])/u;

/** Without a fence or HTML, no block goes on after a blank line and text at the margin. */
export const canGoOn = /^ {0,3}(?:`{3}|~{3}|<)/m;

/**
 * The line numbers at which slices start.
 *
 * After a blank line, a line that begins at the margin closes everything that is open, except for fenced code and
 * HTML, which a blank line does not end: whoever parses a slice sees that it ends in one, and joins the next slice.
 * Where to cut depends on that line alone, so that an edit moves no other cut.
 */
export function cutsOf(lines: readonly string[]): number[] {
  const cuts = [0];
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] as string;
    if (isBlank(lines[index - 1] as string) && beginsAtMargin.test(line) && isChosen(line)) cuts.push(index);
  }
  return cuts;
}

export function isBlank(line: string): boolean {
  return /^[ \t]*\n?$/.test(line);
}

/** One in eight, by a hash (FNV-1a) of the line: smaller slices would cost more to set up than to parse. */
function isChosen(line: string): boolean {
  let hash = 0x811c9dc5;
  for (let index = 0; index < line.length; index += 1) {
    hash = Math.imul(hash ^ line.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 20) % 8 === 0;
}
