/**
 * Raw HTML. A block of it is a code block in the language `=html`.
 *
 * Inline it is the node `htmlInline`, which an editor with the feature `html` must have:
 * inline, atom, group `inline`, attribute `html` (string, default ''): one tag or comment as written, or other
 * inline source that has no node. It may hold line breaks.
 */

import type { Html, InlineSource, Literal } from 'mdast';
import type { Construct } from '../construct.ts';
import { type NodeJson, stringAttr } from '../json.ts';
import { parseCivicRef } from './civic-ref.ts';
import { opaqueHtml } from './opaque.ts';

declare module 'mdast' {
  /** No `html`: remark would make a space of a line break in front of it. */
  interface InlineSource extends Literal {
    type: 'inlineSource';
  }
  interface PhrasingContentMap {
    inlineSource: InlineSource;
  }
  interface RootContentMap {
    inlineSource: InlineSource;
  }
}

export const lineBreak = /^<br[ \t]*\/?>$/i;

export const html: Construct = {
  parse: {
    html(node, context) {
      // Indented, it would be part of a list that comes to stand before it.
      if (context.place === 'flow') return opaqueHtml(node.value.replace(/^[ \t]+/, ''));
      if (context.place === 'line' && lineBreak.test(node.value)) return [{ type: 'hardBreak' }];
      const reference = parseCivicRef(node.value);
      const isInLink = context.marks.some((mark) => mark.type === 'link');
      if (isInLink || !context.features.has(reference ? 'civicRef' : 'html'))
        return context.literal(node.value);
      return [reference ?? rawInline(node.value)];
    },
  },
  printInline: {
    htmlInline: (node) => [inlineSource(stringAttr(node, 'html'))],
  },
  handlers: {
    html: (node: Html) => node.value,
    inlineSource: Object.assign(
      (node: InlineSource, _parent: unknown, state: { stack: string[] }) =>
        state.stack.includes('tableCell') ? node.value.replace(/(?<!\\)\|/g, '\\|') : node.value,
      { peek: (node: InlineSource) => node.value.charAt(0) },
    ),
  },
};

/** Printed as it is, among other inline content. */
export function inlineSource(value: string): InlineSource {
  return { type: 'inlineSource', value };
}

/** Source that an editor shows as it is, and that is printed as it is. */
export function rawInline(source: string): NodeJson {
  return { type: 'htmlInline', attrs: { html: source } };
}
