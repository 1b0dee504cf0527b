/**
 * Footnotes. An editor with the feature `footnote` must have two nodes:
 * `footnoteReference`, inline, atom, group `inline`, attribute `label` (string, default '');
 * `footnoteDefinition`, group `block`, content `block+`, defining, attribute `label` (string, default '').
 * The label is what stands between `[^` and `]`, as written.
 */

import type { Construct } from '../construct.ts';
import { block, type NodeJson, stringAttr } from '../json.ts';
import { opaqueMarkdown } from './opaque.ts';

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
      { type: 'footnoteDefinition', ...association(node), children: context.blocks(node.content) },
    ],
  },
  printInline: {
    footnoteReference: (node) => [{ type: 'footnoteReference', ...association(node) }],
  },
};

function association(node: NodeJson): { identifier: string; label: string } {
  const label = stringAttr(node, 'label');
  return { identifier: label.toLowerCase(), label };
}
