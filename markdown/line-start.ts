/**
 * Text that looks like literal Markdown (features.ts), where it would be no inline Markdown: at the start of a line,
 * HTML and `[^label]:` begin a block. So there it is always mere text, and needs no backslash to say so.
 */

import type { MarkJson, NodeJson } from './json.ts';
import { parseMarkdown } from './remark.ts';
import { isAmong } from './tidy.ts';

/** Whether the text at `index` of a paragraph would begin a block if it were written as it is. */
export function beginsBlock(content: readonly NodeJson[], index: number, text: string): boolean {
  const [before, node, after] = [content[index - 1], content[index], content[index + 1]];
  if (!/^(?:<|\[\^)/.test(text) || (before && before.type !== 'hardBreak')) return false;
  // The delimiters of a mark that begins here come first.
  if (!node || node.marks?.some((mark) => !isAmong(mark, marksBefore(content, index)))) return false;
  const isWholeLine = !after || after.type === 'hardBreak';
  const [first] = parseMarkdown(isWholeLine ? text : `${text}x`).children;
  return first?.type === 'html' || first?.type === 'footnoteDefinition';
}

function marksBefore(content: readonly NodeJson[], index: number): readonly MarkJson[] {
  return content.slice(0, index).findLast(({ text }) => text !== undefined)?.marks ?? [];
}
