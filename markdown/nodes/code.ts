/** Code blocks, fenced and indented, and the opaque blocks that travel in their form. */

import type { Code, Nodes } from 'mdast';
import type { Construct } from '../construct.ts';
import { block, plainText, stringAttr, textNode } from '../json.ts';
import type { CodeStyle } from '../style.ts';
import { isOpaque, opaqueMarkdown, printOpaque } from './opaque.ts';

declare module 'mdast' {
  interface CodeData {
    style?: CodeStyle;
  }
}

export const code: Construct = {
  parse: {
    code(node, context) {
      const language = [node.lang, node.meta].filter(Boolean).join(' ');
      // Real code in a language called `=md` would be printed as Markdown: it travels with its fence.
      if (isOpaque(language)) return opaqueMarkdown(context.blockSource(node));
      return [
        block(
          'codeBlock',
          node.value === '' ? [] : [textNode(node.value)],
          language === '' ? undefined : { language },
        ),
      ];
    },
  },
  printBlock: {
    codeBlock(node, context) {
      const language = stringAttr(node, 'language');
      if (isOpaque(language)) return printOpaque(node);
      const [, lang = '', meta = ''] = /^(\S*)\s*(.*)$/s.exec(language) ?? [];
      const style = context.style.next('codeBlocks');
      return [
        { type: 'code', lang: lang || null, meta: meta || null, value: plainText(node), data: { style } },
      ];
    },
  },
  handlers: {
    code(node: Code, parent, state) {
      if (isIndented(node) && parent?.type === 'root' && canBeIndented(node, parent.children)) {
        return state.indentLines(node.value, (line, _index, blank) => (blank ? '' : '    ') + line);
      }
      const info = [node.lang, node.meta].filter(Boolean).join(' ');
      const marker = info.includes('`') ? '~' : (node.data?.style?.fence[0] ?? '`');
      const longest = Math.max(
        0,
        ...(node.value.match(marker === '~' ? /~+/g : /`+/g) ?? []).map((run) => run.length),
      );
      const fence = marker.repeat(Math.max(3, longest + 1, node.data?.style?.fence.length ?? 3));
      return [fence + escapeInfo(info), ...(node.value === '' ? [] : [node.value]), fence].join('\n');
    },
  },
};

/** Only code that would be read as the same code again. */
function isIndented(node: Code): boolean {
  return (
    node.data?.style?.form === 'indented' &&
    !node.lang &&
    /\S/.test(node.value) &&
    !/^\s*\n|\n[ \t]*$/.test(node.value)
  );
}

/** After a list, indented code would join its last item; after indented code, that code. */
function canBeIndented(node: Code, siblings: readonly Nodes[]): boolean {
  const at = siblings.indexOf(node);
  const before = siblings[at - 1]?.type;
  if (before === 'list' || before === 'footnoteDefinition' || before === 'code') return false;
  return !isDeafAfterCode(siblings[at + 1]);
}

/**
 * micromark 4 reads what follows indented code as if it had to interrupt a paragraph, even behind a blank line:
 * a list that begins with an empty item, or with another number than 1, cannot.
 */
function isDeafAfterCode(node: Nodes | undefined): boolean {
  if (node?.type !== 'list') return false;
  const first = node.children[0]?.children[0];
  return first === undefined || (node.ordered && node.start !== 1) || isDeafAfterCode(first);
}

/** Escapes and entities work in an info string. */
function escapeInfo(info: string): string {
  return info
    .replace(/\\(?=[!-/:-@[-`{-~])/g, '\\\\')
    .replace(/&(?=[#\w])/g, '\\&')
    .replace(/[\r\n]+/g, ' ');
}
