/** Paragraphs and their text, which escape.ts prints. Soft line breaks are spaces in the document: the base keeps the author's wraps. */

import type { Construct } from '../construct.ts';
import { block } from '../json.ts';

export const paragraph: Construct = {
  parse: {
    paragraph: (node, context) => [block('paragraph', context.inline(node.children))],
    text: (node, context) => context.text(node.value, node),
  },
  printBlock: {
    paragraph: (node, context) => [{ type: 'paragraph', children: context.inline(node.content) }],
  },
};
