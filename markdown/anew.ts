/**
 * The last resort: a whole document printed anew, when nothing that keeps parts of the old text reads right.
 *
 * Link definitions stand in no block, so nothing would print them: they go behind the rest.
 */

import { assembled, firstDifference, gapBefore, type Source, takeApart } from './apart.ts';
import { withEndings } from './endings.ts';
import type { NodeJson } from './json.ts';
import { type PrintOptions, print } from './serialize.ts';
import { linesIn } from './tokens.ts';
import { docOf } from './writer.ts';

export interface PrintedAnew {
  readonly markdown: string;
  readonly source: Source;
  /** Whether not even this reads as the blocks that were wanted. */
  readonly isApproximate?: boolean;
}

/** In one, or block by block, whichever reads right. */
export function printedAnew(wanted: readonly NodeJson[], source: Source, options: PrintOptions): PrintedAnew {
  const style = source.style();
  const texts = [
    print(docOf(wanted), style, options),
    wanted.map((node) => print(docOf([node]), style, options)).join('\n'),
  ];
  const gaps = [...source.blocks, undefined].map((_, index) => gapBefore(source, index));
  const definitions = gaps.filter((gap) => gap.trim() !== '').map((gap) => gap.trim());
  const withDefinitions = texts.map((text) => `${[text.trimEnd(), ...definitions].join('\n\n')}\n`);
  const [leading = ''] = /^\s*?(?=\S|$)/.exec(source.lines.join('')) ?? [];
  const results = [...(definitions.length > 0 ? withDefinitions : []), ...texts].map((text) => {
    const markdown = assembled([withEndings(linesIn(leading + text), [], source.lineEnding)], source);
    return { markdown, source: takeApart(markdown, options, new Map(source.parsed.slices)) };
  });
  const right = results.find((result) => firstDifference(result.source, wanted) === undefined);
  return right ?? { ...(results[0] as PrintedAnew), isApproximate: true };
}
