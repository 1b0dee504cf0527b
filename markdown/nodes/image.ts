/** Images: inline nodes, as in Markdown. y-prosemirror keeps no marks on nodes, so one inside a link stays literal text. */

import type { Construct } from '../construct.ts';
import { stringAttr } from '../json.ts';

export const image: Construct = {
  parse: {
    image(node, context) {
      const isInLink = context.marks.some((mark) => mark.type === 'link');
      if (isInLink || !context.features.has('image')) return context.literal(context.inlineSource(node));
      return [{ type: 'image', attrs: { src: node.url, alt: node.alt || null, title: node.title || null } }];
    },
  },
  printInline: {
    image: (node) => [
      {
        type: 'image',
        url: stringAttr(node, 'src'),
        alt: stringAttr(node, 'alt'),
        title: stringAttr(node, 'title') || null,
      },
    ],
  },
};
