/** Where random commands put the caret, what they select, and how text gets there. */

import type { Editor } from '@tiptap/core';
import type { ResolvedPos } from '@tiptap/pm/model';
import { TextSelection } from '@tiptap/pm/state';
import type { Random } from '../markdown/helpers/random.ts';

export function moveCaret(editor: Editor, random: Random): void {
  const { doc } = editor.state;
  const position = doc.resolve(random(doc.content.size + 1));
  editor.view.dispatch(editor.state.tr.setSelection(TextSelection.near(whole(position))));
}

/** No caret stands within a character of two halves, which Yjs would tear apart. */
export function whole(position: ResolvedPos): ResolvedPos {
  const before = position.nodeBefore?.text ?? '';
  return position.textOffset > 0 && /[\ud800-\udbff]$/.test(before)
    ? position.doc.resolve(position.pos + 1)
    : position;
}

export function selectRange(editor: Editor, random: Random, most: number): void {
  const { doc } = editor.state;
  const from = random(doc.content.size + 1);
  const to = Math.min(doc.content.size, from + 1 + random(most));
  editor.view.dispatch(
    editor.state.tr.setSelection(TextSelection.between(whole(doc.resolve(from)), whole(doc.resolve(to)))),
  );
}

export function mark(editor: Editor, random: Random, change: () => unknown): void {
  selectRange(editor, random, 30);
  change();
}

export function insertText(editor: Editor, text: string, at?: number): void {
  if (at !== undefined) editor.commands.setTextSelection(at);
  const { from, to } = editor.state.selection;
  editor.view.dispatch(editor.state.tr.insertText(text, from, to));
}

/** As a keyboard does it: input rules and autolinks see it. */
export function typeKey(editor: Editor, key: string): void {
  const { view } = editor;
  const { from, to } = view.state.selection;
  const insert = () => view.state.tr.insertText(key, from, to);
  if (!view.someProp('handleTextInput', (handle) => handle(view, from, to, key, insert)))
    view.dispatch(insert());
}

export function wordAtCaret(editor: Editor): { from: number; to: number } | undefined {
  const { $from } = editor.state.selection;
  const text = $from.parent.textBetween(0, $from.parent.content.size, '\n', '\ufffc');
  const before = /[\p{L}\p{N}]*$/u.exec(text.slice(0, $from.parentOffset))?.[0].length ?? 0;
  const after = /^[\p{L}\p{N}]*/u.exec(text.slice($from.parentOffset))?.[0].length ?? 0;
  return before + after === 0 ? undefined : { from: $from.pos - before, to: $from.pos + after };
}

export function goInto(editor: Editor, random: Random, type: string): boolean {
  const at = pick(positionsOf(editor, type), random);
  if (at === undefined) return false;
  const { doc } = editor.state;
  const inside = doc.resolve(at + 1 + random(doc.nodeAt(at)?.content.size ?? 0));
  editor.view.dispatch(editor.state.tr.setSelection(TextSelection.near(whole(inside))));
  return true;
}

/** Where each top-level block begins. */
export function startsOf({ state }: Editor): number[] {
  const starts: number[] = [];
  state.doc.forEach((_, offset) => {
    starts.push(offset);
  });
  return starts;
}

export function positionsOf(editor: Editor, type: string): number[] {
  const positions: number[] = [];
  editor.state.doc.descendants((node, position) => {
    if (node.type.name === type) positions.push(position);
  });
  return positions;
}

export function pick<T>(from: readonly T[], random: Random): T | undefined {
  return from[random(Math.max(1, from.length))];
}

export function some<T>(from: readonly T[], random: Random): T {
  return from[random(from.length)] as T;
}
