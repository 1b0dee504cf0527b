/**
 * Thematic breaks. At the very start of a record `---` would open frontmatter, so a rule there is written `***`; and
 * behind the marker of an item it is of another character, or the two would be one rule.
 */

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
    thematicBreak(node: ThematicBreak, parent, state) {
      const source = node.data?.source ?? '---';
      const isFirst = parent !== undefined && 'children' in parent && parent.children[0] === node;
      if (isFirst && parent.type === 'root' && source === '---') return '***';
      if (isFirst && parent.type === 'listItem' && source[0] === state.bulletCurrent)
        return source[0] === '-' ? '***' : '---';
      return source;
    },
  },
};
