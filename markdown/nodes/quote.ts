/** Block quotes. ProseMirror wants a block inside; an empty quote holds an empty paragraph. */

import type { Construct } from '../construct.ts';
import { block } from '../json.ts';

export const quote: Construct = {
  parse: {
    blockquote(node, context) {
      const content = context.blocks(node.children);
      return [block('blockquote', content.length > 0 ? content : [block('paragraph')])];
    },
  },
  printBlock: {
    blockquote: (node, context) => [{ type: 'blockquote', children: context.blocks(node.content) }],
  },
};
