/**
 * Bullet and ordered lists. Tight or loose, markers and numbering belong to the style, not to the document.
 *
 * A list item must begin with a paragraph in ProseMirror: one that begins otherwise gets an empty paragraph first,
 * which printing leaves out. Checkboxes are task-list.ts's; here they are literal text at the head of an item.
 */

import type { List, ListItem, PhrasingContent } from 'mdast';
import type { Construct, FlowNode, ParseContext, PrintContext } from '../construct.ts';
import { block, maxNumber, type NodeJson, startOf, textNode } from '../json.ts';
import type { ListStyle } from '../style.ts';
import { inlineSource } from './html.ts';
import { isTaskList, parseTaskList } from './task-list.ts';

declare module 'mdast' {
  interface ListData {
    style?: ListStyle;
  }
}

const literalCheckbox = /^\[[ xX]\](?=\s|$)/;

export const list: Construct = {
  parse: {
    list(node, context) {
      if (context.features.has('taskList') && isTaskList(node)) return parseTaskList(node, context);
      const items = node.children.map((item) => block('listItem', itemContent(item, context)));
      return [
        node.ordered ? block('orderedList', items, { start: node.start ?? 1 }) : block('bulletList', items),
      ];
    },
  },
  printBlock: {
    bulletList: (node, context) => printList(node, context, 'bulletLists'),
    orderedList: (node, context) => printList(node, context, 'orderedLists'),
  },
  handlers: {
    list(node: List, _parent, state, info) {
      const style = node.data?.style;
      const exit = state.enter('list');
      const outer = state.bulletCurrent;
      const marker = markerOf(node, style, state.bulletLastUsed);
      state.bulletCurrent = marker;
      const value = state.containerFlow(node, info);
      state.bulletLastUsed = marker;
      state.bulletCurrent = outer;
      exit();
      return value;
    },
    listItem(node: ListItem, parent, state, info) {
      const list = parent?.type === 'list' ? parent : undefined;
      const style = list?.data?.style;
      const step = style?.counts === false ? 0 : (state.indexStack.at(-1) ?? 0);
      const bullet = `${list?.ordered ? Math.min((list.start ?? 1) + step, maxNumber) : ''}${state.bulletCurrent ?? '-'}`;
      const head = bullet + ' '.repeat(style?.gap ?? 1);
      const exit = state.enter('listItem');
      const tracker = state.createTracker(info);
      tracker.move(head);
      tracker.shift(head.length);
      const value = state.indentLines(state.containerFlow(node, tracker.current()), (line, index, blank) => {
        if (index === 0) return blank ? bullet : head + line;
        return blank ? line : ' '.repeat(head.length) + line;
      });
      exit();
      return value;
    },
  },
};

/** Content as ProseMirror wants it in an item: `paragraph block*`. */
export function itemContent(item: ListItem, context: ParseContext): NodeJson[] {
  const content = context.blocks(item.children);
  const [first] = content;
  if (first?.type !== 'paragraph') return withCheckbox(item, [block('paragraph'), ...content]);
  return withCheckbox(item, content);
}

function withCheckbox(item: ListItem, content: NodeJson[]): NodeJson[] {
  const [first, ...rest] = content;
  if (typeof item.checked !== 'boolean' || !first) return content;
  const box = textNode(item.checked ? '[x] ' : '[ ] ');
  const [head, ...tail] = first.content ?? [];
  const isPlain = head?.text !== undefined && head.marks === undefined;
  const inline = isPlain ? [textNode(`${box.text}${head.text}`), ...tail] : [box, ...(first.content ?? [])];
  return [block('paragraph', inline), ...rest];
}

function printList(
  node: NodeJson,
  context: PrintContext,
  sequence: 'bulletLists' | 'orderedLists',
): FlowNode[] {
  const style = context.style.next(sequence);
  return [
    {
      type: 'list',
      ordered: sequence === 'orderedLists',
      ...(sequence === 'orderedLists' && { start: startOf(node) }),
      spread: style.loose,
      children: (node.content ?? []).map((item) => printItem(item, style, context)),
      data: { style },
    },
  ];
}

function printItem(node: NodeJson, style: ListStyle, context: PrintContext): ListItem {
  const children = context.blocks(node.type === 'listItem' ? node.content : [node]);
  const [first] = children;
  if (first?.type === 'paragraph') first.children = printedCheckbox(first.children, context);
  return { type: 'listItem', spread: style.loose, children };
}

/** A checkbox needs text behind it where `[x]` alone would be a link: a space that is spelled out will do. */
function printedCheckbox(inline: PhrasingContent[], { isDefined }: PrintContext): PhrasingContent[] {
  const [first, ...rest] = inline;
  const literal = first?.type === 'text' ? literalCheckbox.exec(first.value)?.[0] : undefined;
  if (first?.type !== 'text' || !literal) return inline;
  const text = first.value.slice(literal.length);
  const isLink = text === '' && rest.length === 0 && isDefined(literal.slice(1, -1));
  return [inlineSource(isLink ? `${literal} &#x20;` : literal), { type: 'text', value: text }, ...rest];
}

/** Two lists in a row need different markers to stay two. */
function markerOf(node: List, style: ListStyle | undefined, lastUsed: string | undefined): string {
  const possible = node.ordered ? ['.', ')'] : ['-', '*'];
  const wanted = style && (possible.includes(style.marker) || style.marker === '+') ? [style.marker] : [];
  return [...wanted, ...possible].find((marker) => marker !== lastUsed) ?? '+';
}
