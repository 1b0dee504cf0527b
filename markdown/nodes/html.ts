/**
 * Raw HTML. A block of it is a code block in the language `=html`.
 *
 * Inline it is the node `htmlInline`, which an editor with the feature `html` must have:
 * inline, atom, group `inline`, attribute `html` (string, default ''): one tag or comment as written, or other
 * inline source that has no node. It may hold line breaks.
 */

import type { Html } from 'mdast';
import type { Construct } from '../construct.ts';
import { type NodeJson, stringAttr } from '../json.ts';
import { parseCivicRef } from './civic-ref.ts';
import { opaqueHtml } from './opaque.ts';

export const lineBreak = /^<br[ \t]*\/?>$/i;

export const html: Construct = {
  parse: {
    html(node, context) {
      if (context.place === 'flow') return opaqueHtml(node.value);
      if (context.place === 'line' && lineBreak.test(node.value)) return [{ type: 'hardBreak' }];
      const reference = parseCivicRef(node.value);
      const isInLink = context.marks.some((mark) => mark.type === 'link');
      if (isInLink || !context.features.has(reference ? 'civicRef' : 'html'))
        return context.literal(node.value);
      return [reference ?? rawInline(node.value)];
    },
  },
  printInline: {
    htmlInline: (node) => [{ type: 'html', value: stringAttr(node, 'html') }],
  },
  handlers: {
    html: Object.assign(
      (node: Html, _parent: unknown, state: { stack: string[] }) =>
        state.stack.includes('tableCell') ? node.value.replace(/(?<!\\)\|/g, '\\|') : node.value,
      { peek: (node: Html) => node.value.charAt(0) },
    ),
  },
};

/** Source that an editor shows as it is, and that is printed as it is. */
export function rawInline(source: string): NodeJson {
  return { type: 'htmlInline', attrs: { html: source } };
}
