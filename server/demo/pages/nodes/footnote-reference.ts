/** The mark of a footnote in the text: `[^1]`, shown as a superscript. */
import { Node } from '@tiptap/core';
import { dataAttribute } from './data-attribute.ts';

export const FootnoteReference = Node.create({
  name: 'footnoteReference',
  group: 'inline',
  inline: true,
  atom: true,

  addAttributes: () => ({ label: dataAttribute('label', 'data-footnote-reference', '') }),

  parseHTML: () => [{ tag: 'sup[data-footnote-reference]' }],

  renderHTML: ({ node, HTMLAttributes }) => [
    'sup',
    { ...HTMLAttributes, class: 'footnote-reference', title: `Footnote ${node.attrs.label}` },
    String(node.attrs.label),
  ],

  renderText: ({ node }) => `[${node.attrs.label}]`,
});
