/**
 * Bold, italic, struck through and code.
 *
 * Tiptap's code mark excludes the others, so code inside them stands as literal Markdown, backticks and all.
 * No mark can stand inside itself either: the inner delimiters of `**a **b** c**` travel as raw inline source.
 */

import type { Delete, Emphasis, PhrasingContent, Strong } from 'mdast';
import type { Construct, ParseContext } from '../construct.ts';
import { type NodeJson, textNode } from '../json.ts';
import { rawInline } from './html.ts';

export const marks: Construct = {
  parse: {
    strong: (node, context) => marked(node, 'bold', '**', context),
    emphasis: (node, context) => marked(node, 'italic', '*', context),
    delete(node, context) {
      if (context.features.has('strike')) return marked(node, 'strike', '~~', context);
      const opening = node.children[0]?.position?.start.offset ?? 0;
      const sequence = '~'.repeat(opening - (node.position?.start.offset ?? 0) === 1 ? 1 : 2);
      return [...context.literal(sequence), ...context.inline(node.children), ...context.literal(sequence)];
    },
    inlineCode(node, context) {
      if (context.marks.length > 0) return context.literal(context.inlineSource(node));
      return [textNode(node.value.replace(/[\r\n]+/g, ' '), [{ type: 'code' }])];
    },
  },
  printMark: {
    bold: (_mark, children) => [{ type: 'strong', children }],
    italic: (_mark, children) => [{ type: 'emphasis', children }],
    strike: (_mark, children) => [{ type: 'delete', children }],
  },
};

function marked(
  node: Strong | Emphasis | Delete,
  type: string,
  sequence: string,
  context: ParseContext,
): NodeJson[] {
  const content = context.inline(childrenWithin(node), { mark: { type } });
  const around = context.marks.map((mark) => mark.type);
  if (!around.includes(type) || around.includes('link') || !context.features.has('html')) return content;
  return [rawInline(sequence), ...content, rawInline(sequence)];
}

/** `****a****` and `***a* b*` look no different without the inner mark, and delimiters side by side would fuse. */
function childrenWithin(node: Strong | Emphasis | Delete): PhrasingContent[] {
  let children = node.children;
  while (children[0]?.type === node.type) children = [...children[0].children, ...children.slice(1)];
  for (let last = children.at(-1); last?.type === node.type; last = children.at(-1)) {
    children = [...children.slice(0, -1), ...last.children];
  }
  return children;
}
