/**
 * Ways to write a block that was edited, the one that changes least first.
 *
 * The first is a merge of tokens, in which everything the document does not hold (wraps, escapes, the spelling of
 * links, padding) stays as its author wrote it. Where that does not read as the live block, the next way follows:
 * child by child, line by line, and at last the block as the printer writes it. Nothing here checks anything:
 * reconcile.ts does, and takes the first that reads right.
 */

import { comparedChildren, rewritesByChild } from './by-child.ts';
import { block, type NodeJson } from './json.ts';
import { merges, type SourceText } from './merges.ts';
import { once } from './once.ts';
import type { ParsedChild } from './parse.ts';
import { type PrintOptions, printBoth } from './serialize.ts';
import type { Style } from './style.ts';
import { mergeLines } from './tokens.ts';

/** Something written: what it reads as, and its own style. */
export interface Written extends SourceText {
  readonly nodes: readonly NodeJson[];
  readonly style: Style;
  readonly children: readonly ParsedChild[];
}

/** @param live what the text is to read as now */
export function* rewrites(old: Written, live: readonly NodeJson[], options: PrintOptions): Generator<string> {
  const printed = once(() =>
    printBoth(block('doc', [...old.nodes]), block('doc', [...live]), old.style, options),
  );
  const children = comparedChildren(old, live);
  const byChild = () => (children ? rewritesByChild(old, children, options) : []);
  if (children?.comeFirst) yield* byChild();
  yield* merges(printed().old, old, printed().live);
  if (!children?.comeFirst) yield* byChild();
  yield mergeLines(printed().old, old.text, printed().live);
  yield printed().live;
}
