/**
 * Which parts of the grammar a text has any use for.
 *
 * micromark looks for an address at each word, and for a table at each line. A text without a sign of one is spared the
 * search: it finds nothing there, and takes little more than half of the time.
 */

import type { Extension } from 'micromark-util-types';

/** What no text can hold without its sign, by the names of micromark's constructs. */
const signs: Readonly<Record<string, RegExp>> = {
  emailAutolink: /@/,
  protocolAutolink: /https?:\/\//i,
  wwwAutolink: /www\./i,
  table: /\||:-|-:/,
};

/** The constructs that a text has no use for. */
export function needlessFor(markdown: string): string[] {
  return Object.keys(signs).filter((construct) => !signs[construct]?.test(markdown));
}

/** An extension without some of its constructs. */
export function without(extension: Extension, constructs: readonly string[]): Extension {
  const isNeeded = (construct: { name?: string }) => !constructs.includes(construct.name ?? '');
  const hooks = Object.entries(extension).map(([hook, byCode]: [string, Record<string, object>]) => {
    const some = Object.entries(byCode).map(([code, own]) => [code, [own].flat().filter(isNeeded)] as const);
    return [hook, Object.fromEntries(some.filter(([, own]) => own.length > 0))];
  });
  return Object.fromEntries(hooks);
}
