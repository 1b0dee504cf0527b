/** HTML inside a paragraph, such as `<br>` or `<kbd>`: shown as its source text, never as live HTML. */
import { Node } from '@tiptap/core';
import { dataAttribute } from './data-attribute.ts';

export const HtmlInline = Node.create({
  name: 'htmlInline',
  group: 'inline',
  inline: true,
  atom: true,

  addAttributes: () => ({ html: dataAttribute('html', 'data-html-inline', '') }),

  parseHTML: () => [{ tag: 'span[data-html-inline]' }],

  renderHTML: ({ node, HTMLAttributes }) => [
    'span',
    { ...HTMLAttributes, class: 'chip html-inline', title: 'HTML source' },
    String(node.attrs.html),
  ],

  renderText: ({ node }) => String(node.attrs.html),
});
