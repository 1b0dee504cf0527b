/**
 * Task lists: bullet lists in which every item has a checkbox.
 *
 * Tiptap's taskList holds nothing but tasks. A list that mixes them with plain items, or an ordered one, stays a
 * list whose tasks begin with a literal `[ ]`, which list.ts prints unescaped.
 */

import type { List, ListItem } from 'mdast';
import type { ParseContext } from '../construct.ts';
import { block, type NodeJson } from '../json.ts';
import { itemContent } from './list.ts';

export function isTaskList(list: List): boolean {
  return !list.ordered && list.children.every((item) => isTask(item));
}

export function parseTaskList(list: List, context: ParseContext): NodeJson[] {
  const items = list.children.map((item) => {
    const checked = item.checked ?? emptyTask(item) === 'x';
    const { checked: _checkbox, ...plain } = item;
    const content =
      emptyTask(item) === undefined
        ? itemContent(plain, context)
        : [block('paragraph'), ...context.blocks(item.children.slice(1))];
    return block('taskItem', content, { checked });
  });
  return [block('taskList', items)];
}

function isTask(item: ListItem): boolean {
  return typeof item.checked === 'boolean' || emptyTask(item) !== undefined;
}

/** GFM needs text after a checkbox. A task that has none yet is one here all the same, so that it survives a save. */
function emptyTask(item: ListItem): 'x' | ' ' | undefined {
  if (typeof item.checked === 'boolean') return undefined;
  const [first] = item.children;
  if (first?.type !== 'paragraph' || first.children.length !== 1) return undefined;
  const [text] = first.children;
  if (text?.type !== 'text') return undefined;
  if (text.value === '[ ]') return ' ';
  return text.value === '[x]' || text.value === '[X]' ? 'x' : undefined;
}
