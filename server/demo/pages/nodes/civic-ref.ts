/**
 * A reference to another record, a place or an attachment: `<!--civic-ref type="record" id="…" label="…"-->`.
 * Shown as a chip with its label. Parsing and printing the comment is the server's work (`markdown/`).
 */
import { Node } from '@tiptap/core';
import { dataAttribute } from './data-attribute.ts';

export const CivicRef = Node.create({
  name: 'civicRef',
  group: 'inline',
  inline: true,
  atom: true,

  addAttributes: () => ({
    refType: dataAttribute('refType', 'data-ref-type', 'record'),
    id: dataAttribute('id', 'data-ref-id', ''),
    label: dataAttribute('label', 'data-ref-label', ''),
  }),

  parseHTML: () => [{ tag: 'span[data-civic-ref]' }],

  renderHTML: ({ node, HTMLAttributes }) => [
    'span',
    {
      ...HTMLAttributes,
      'data-civic-ref': '',
      class: 'chip civic-ref',
      title: `${node.attrs.refType} ${node.attrs.id}`,
    },
    String(node.attrs.label || node.attrs.id),
  ],

  renderText: ({ node }) => String(node.attrs.label || node.attrs.id),
});
