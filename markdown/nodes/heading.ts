/**
 * Headings, `# atx`, `# closed #` and setext.
 * A heading is one line here: a setext heading over several lines is joined, and its hard breaks are `<br>`.
 */

import type { Heading } from 'mdast';
import type { Construct } from '../construct.ts';
import { block, numberAttr } from '../json.ts';
import type { HeadingStyle } from '../style.ts';

declare module 'mdast' {
  interface HeadingData {
    style?: HeadingStyle;
  }
}

export const heading: Construct = {
  parse: {
    heading: (node, context) => [
      block('heading', context.inline(node.children, { place: 'line' }), { level: node.depth }),
    ],
  },
  printBlock: {
    heading: (node, context) => [
      {
        type: 'heading',
        depth: Math.min(6, Math.max(1, numberAttr(node, 'level', 1))) as Heading['depth'],
        children: context.inline(node.content, 'line'),
        data: { style: context.style.next('headings') },
      },
    ],
  },
  handlers: {
    heading(node: Heading, _parent, state, info) {
      const form = node.data?.style?.form ?? 'atx';
      const isSetext = form === 'setext' && node.depth < 3;
      const sequence = '#'.repeat(node.depth);
      const underlined = (text: string) =>
        (node.depth === 1 ? '=' : '-').repeat(node.data?.style?.underline ?? Math.max(3, text.length));
      const exit = state.enter(isSetext ? 'headingSetext' : 'headingAtx');
      const exitPhrasing = state.enter('phrasing');
      const text = state.containerPhrasing(node, { ...info, before: isSetext ? '\n' : '# ', after: '\n' });
      exitPhrasing();
      exit();
      if (isSetext && text !== '') return `${text}\n${underlined(text)}`;
      const line = text === '' ? sequence : `${sequence} ${text}`;
      return form === 'closedAtx' ? `${line} ${sequence}` : line;
    },
  },
};
