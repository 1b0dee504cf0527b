/** Thematic breaks. At the very start of a record `---` would open frontmatter, so a rule there is written `***`. */

import type { ThematicBreak } from 'mdast';
import type { Construct } from '../construct.ts';

declare module 'mdast' {
  interface ThematicBreakData {
    source?: string;
  }
}

export const rule: Construct = {
  parse: {
    thematicBreak: () => [{ type: 'horizontalRule' }],
  },
  printBlock: {
    horizontalRule: (_node, context) => [
      { type: 'thematicBreak', data: { source: context.style.next('rules') } },
    ],
  },
  handlers: {
    thematicBreak(node: ThematicBreak, parent) {
      const source = node.data?.source ?? '---';
      const isFirst = parent?.type === 'root' && parent.children[0] === node;
      return isFirst && source === '---' ? '***' : source;
    },
  },
};
