/**
 * Underlined text. Markdown has no such thing, but editors do: it is written `<u>…</u>`, and that, without attributes,
 * is read as underlined again. A tag that has no partner beside it is HTML like any other.
 */

import type { Html, Parent, PhrasingContent } from 'mdast';
import type { Construct } from '../construct.ts';
import { inlineSource } from './html.ts';

declare module 'mdast' {
  interface Underline extends Parent {
    type: 'underline';
    children: PhrasingContent[];
  }
  interface PhrasingContentMap {
    underline: Underline;
  }
  interface RootContentMap {
    underline: Underline;
  }
}

const open = '<u>';
const close = '</u>';

export const underline: Construct = {
  parse: {
    underline: (node, context) => context.inline(node.children, { mark: { type: 'underline' } }),
  },
  printMark: {
    underline: (_mark, children) => [inlineSource(open), ...children, inlineSource(close)],
  },
};

/** Siblings, with what stands between two tags as one node. */
export function withUnderlines<T extends { type: string }>(nodes: readonly T[]): (T | PhrasingContent)[] {
  const result: (T | PhrasingContent)[] = [];
  for (let index = 0; index < nodes.length; index += 1) {
    const node = nodes[index] as T;
    const end = isTag(node, open)
      ? nodes.findIndex((other, at) => at > index + 1 && isTag(other, close))
      : -1;
    const between = nodes.slice(index + 1, end);
    if (end < 0 || between.some((other) => isTag(other, open))) {
      result.push(node);
      continue;
    }
    result.push({ type: 'underline', children: between as unknown as PhrasingContent[] });
    index = end;
  }
  return result;
}

function isTag(node: { type: string }, tag: string): boolean {
  return node.type === 'html' && (node as Html).value === tag;
}
