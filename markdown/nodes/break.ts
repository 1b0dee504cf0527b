/** Hard line breaks: a backslash or two spaces in a paragraph, `<br>` where there is only one line (html.ts reads that). */

import type { Construct } from '../construct.ts';
import type { Style } from '../style.ts';
import { inlineSource } from './html.ts';

declare module 'mdast' {
  interface BreakData {
    source?: Style['hardBreak'];
  }
}

export const break_: Construct = {
  parse: {
    break: () => [{ type: 'hardBreak' }],
  },
  printInline: {
    hardBreak: (_node, context) =>
      context.place === 'line'
        ? [inlineSource('<br>')]
        : [{ type: 'break', data: { source: context.style.style.hardBreak } }],
  },
  handlers: {
    // Spaces at the start of a line are nothing.
    break: (node: { data?: { source?: Style['hardBreak'] } }, _parent, _state, { before }) =>
      `${/\S/.test(before) ? (node.data?.source ?? '\\') : '\\'}\n`,
  },
};
