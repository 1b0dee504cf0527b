/**
 * The text of a footnote: `[^1]: …`, shown as a note that bears its label.
 * Isolating, so that Backspace at its start never melts the note into the paragraph before it.
 */
import { Node } from '@tiptap/core';
import { dataAttribute } from './data-attribute.ts';

export const FootnoteDefinition = Node.create({
  name: 'footnoteDefinition',
  group: 'block',
  content: 'block+',
  isolating: true,
  defining: true,

  addAttributes: () => ({ label: dataAttribute('label', 'data-footnote-definition', '') }),

  parseHTML: () => [{ tag: 'div[data-footnote-definition]' }],

  renderHTML: ({ node, HTMLAttributes }) => [
    'div',
    {
      ...HTMLAttributes,
      class: 'footnote-definition',
      role: 'note',
      'aria-label': `Footnote ${node.attrs.label}`,
    },
    0,
  ],
});
