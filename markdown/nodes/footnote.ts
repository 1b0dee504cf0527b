/**
 * Footnotes. An editor with the feature `footnote` must have two nodes:
 * `footnoteReference`, inline, atom, group `inline`, attribute `label` (string, default '');
 * `footnoteDefinition`, group `block`, content `block+`, defining, attribute `label` (string, default '').
 * The label is what stands between `[^` and `]`, as written.
 */

import type { Parent, Shifted } from 'mdast';
import type { Construct, FlowNode } from '../construct.ts';
import { block, type NodeJson, stringAttr } from '../json.ts';
import { opaqueMarkdown } from './opaque.ts';

declare module 'mdast' {
  /** One block that stands a space further in than those around it. */
  interface Shifted extends Parent {
    type: 'shifted';
    children: [FlowNode];
  }
  interface RootContentMap {
    shifted: Shifted;
  }
  interface BlockContentMap {
    shifted: Shifted;
  }
}

export const footnote: Construct = {
  parse: {
    footnoteReference(node, context) {
      const label = node.label ?? node.identifier;
      const isInLink = context.marks.some((mark) => mark.type === 'link');
      if (isInLink || !context.features.has('footnote')) return context.literal(`[^${label}]`);
      return [{ type: 'footnoteReference', attrs: { label } }];
    },
    footnoteDefinition(node, context) {
      if (!context.features.has('footnote')) return opaqueMarkdown(context.blockSource(node));
      const content = context.blocks(node.children);
      const label = node.label ?? node.identifier;
      return [block('footnoteDefinition', content.length > 0 ? content : [block('paragraph')], { label })];
    },
  },
  printBlock: {
    footnoteDefinition: (node, context) => [
      {
        type: 'footnoteDefinition',
        ...association(node),
        children: shiftedBehindFootnotes(context.blocks(node.content)),
      },
    ],
  },
  printInline: {
    footnoteReference: (node) => [{ type: 'footnoteReference', ...association(node) }],
  },
  handlers: {
    shifted(node: Shifted, _parent, state, info) {
      const isHtml = node.children[0].type === 'html';
      return state.indentLines(state.containerFlow(node, info), (line, index, blank) =>
        blank || (isHtml && index > 0) ? line : ` ${line}`,
      );
    },
  },
};

/**
 * In a footnote, micromark takes the indentation of what stands behind another footnote for that one's, and so the
 * one for a part of the other; not so where there is a space more.
 */
function shiftedBehindFootnotes(blocks: FlowNode[]): FlowNode[] {
  return blocks.map((child, index) =>
    blocks[index - 1]?.type === 'footnoteDefinition' ? { type: 'shifted', children: [child] } : child,
  );
}

function association(node: NodeJson): { identifier: string; label: string } {
  const label = stringAttr(node, 'label');
  return { identifier: label.toLowerCase(), label };
}
