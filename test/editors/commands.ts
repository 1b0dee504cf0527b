/**
 * What people do in an editor, at random: each is a real command, keystroke or paste of Tiptap's.
 * What an editor does not offer at a place, it does not do; then the command has no effect.
 */

import type { Editor, JSONContent } from '@tiptap/core';
import { Slice } from '@tiptap/pm/model';
import { NodeSelection } from '@tiptap/pm/state';
import type { Random } from '../markdown/helpers/random.ts';
import {
  goInto,
  insertText,
  mark,
  moveCaret,
  pick,
  positionsOf,
  selectRange,
  some,
  startsOf,
  typeKey,
  wordAtCaret,
} from './carets.ts';

/** @param others the editors of everybody else, which a slice may be carried to */
export type Command = (editor: Editor, random: Random, others: readonly Editor[]) => unknown;

/** Does one random thing, and tells what and where. */
export function actAtRandom(
  editor: Editor,
  random: Random,
  others: readonly Editor[],
  commands: Readonly<Record<string, Command>>,
): string {
  const names = Object.keys(commands);
  const name = names[random(names.length)] as string;
  const { from, to } = editor.state.selection;
  commands[name]?.(editor, random, others);
  return `${name}@${from}${to > from ? `-${to}` : ''}`;
}

/** Text that is markup somewhere, and text that only looks like it. */
const snippets = [
  'noise',
  'the fine is $5',
  'R&D',
  '&amp; &copy',
  '5 * 4 * 3',
  '*a*',
  '**b',
  'a_b_c',
  '_d_',
  '`x`',
  '``y',
  '~~z~~',
  '~w~',
  '[City]',
  '[x]',
  '[ ] todo',
  '[a](b)',
  '[a]: /b',
  '[^1]',
  '[^note]: c',
  '![i](j)',
  '<b>',
  '</div>',
  '<div>',
  '<!-- c -->',
  '<https://a.bc>',
  'https://a.bc/d_e_f',
  'www.a.bc.',
  'x@y.zz',
  '1. ',
  '2) two',
  '- ',
  '+ plus',
  '> ',
  '# ',
  '####### seven',
  '#tag',
  '---',
  '***',
  '===',
  '```',
  '~~~',
  '| a | b |',
  '|-|-|',
  '\\',
  'a\\*b',
  '!',
  '!important',
  'a\u00a0b',
  '\u00a0',
  '  two  spaces  ',
  ' ',
  '\t',
  'été',
  '👩‍👧 🏛️',
  '𝒜',
  'Nr. L 145',
  '§ 3 (1)',
  ':::note',
  '{.class}',
  '[[wiki]]',
  '"quoted" ‘it’',
  'w'.repeat(90),
];

/** What the input rules of an editor turn into something, when it is typed key by key. */
const typed = [
  '# ',
  '## ',
  '- ',
  '1. ',
  '> ',
  '``` ',
  '[ ] ',
  '**bold** ',
  '_it_ ',
  '`code` ',
  '~~no~~ ',
  '---',
  'a b ',
];

export const firstCommands: Record<string, Command> = {
  type: (editor, random) => {
    moveCaret(editor, random);
    insertText(editor, some(snippets, random));
  },
  typeOn: (editor, random) => insertText(editor, ` ${some(snippets, random)}`),
  typeAtStart: (editor, random) => {
    moveCaret(editor, random);
    const { $from } = editor.state.selection;
    editor.commands.setTextSelection($from.start());
    insertText(editor, some(snippets, random));
  },
  typeKeys: (editor, random) => {
    moveCaret(editor, random);
    if (random(2) === 0) editor.commands.setTextSelection(editor.state.selection.$from.start());
    for (const key of some(typed, random)) typeKey(editor, key);
  },
  changeWord: (editor, random) => {
    moveCaret(editor, random);
    const word = wordAtCaret(editor);
    if (!word) return;
    editor.commands.setTextSelection(word);
    insertText(editor, some(snippets, random));
  },
  deleteWord: (editor, random) => {
    moveCaret(editor, random);
    const word = wordAtCaret(editor);
    if (word) editor.commands.deleteRange(word);
  },
  deleteRange: (editor, random) => {
    selectRange(editor, random, 40);
    editor.commands.deleteSelection();
  },
  deleteAcross: (editor, random) => {
    selectRange(editor, random, 300);
    editor.commands.deleteSelection();
  },
  enter: (editor, random) => {
    moveCaret(editor, random);
    for (let times = random(3); times >= 0; times -= 1) editor.commands.enter();
  },
  split: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.splitBlock();
  },
  backspace: (editor, random) => {
    moveCaret(editor, random);
    if (random(2) === 0) editor.commands.setTextSelection(editor.state.selection.$from.start());
    if (editor.commands.keyboardShortcut('Backspace')) return;
    const { from, $from } = editor.state.selection;
    const length = /[\ud800-\udbff][\udc00-\udfff]$/.test($from.nodeBefore?.text ?? '') ? 2 : 1;
    editor.commands.deleteRange({ from: Math.max(1, from - length), to: from });
  },
  deleteForward: (editor, random) => {
    moveCaret(editor, random);
    if (random(2) === 0) editor.commands.setTextSelection(editor.state.selection.$from.end());
    editor.commands.keyboardShortcut('Delete');
  },
  joinBackward: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.setTextSelection(editor.state.selection.$from.start());
    editor.commands.joinBackward();
  },
  setHeading: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.setHeading({ level: (1 + random(6)) as 1 });
  },
  setParagraph: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.setParagraph();
  },
  toggleBulletList: (editor, random) => {
    selectRange(editor, random, 60);
    editor.commands.toggleBulletList();
  },
  toggleOrderedList: (editor, random) => {
    selectRange(editor, random, 60);
    editor.commands.toggleOrderedList();
  },
  toggleTaskList: (editor, random) => {
    selectRange(editor, random, 60);
    editor.commands.toggleTaskList?.();
  },
  toggleBlockquote: (editor, random) => {
    selectRange(editor, random, 60);
    editor.commands.toggleBlockquote();
  },
  toggleCodeBlock: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.toggleCodeBlock({ language: some(['', 'js', 'c++ x', 'a`b'], random) });
  },
  sinkItem: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.sinkListItem('listItem');
    if (editor.schema.nodes.taskItem) editor.commands.sinkListItem('taskItem');
  },
  liftItem: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.liftListItem('listItem');
    if (editor.schema.nodes.taskItem) editor.commands.liftListItem('taskItem');
  },
  toggleTask: (editor, random) => {
    const at = pick(positionsOf(editor, 'taskItem'), random);
    const task = at === undefined ? undefined : editor.state.doc.nodeAt(at);
    if (at === undefined || !task) return;
    editor.view.dispatch(editor.state.tr.setNodeAttribute(at, 'checked', !task.attrs.checked));
  },
  toggleBold: (editor, random) => mark(editor, random, () => editor.commands.toggleBold()),
  toggleItalic: (editor, random) => mark(editor, random, () => editor.commands.toggleItalic()),
  toggleStrike: (editor, random) => mark(editor, random, () => editor.commands.toggleStrike()),
  toggleCode: (editor, random) => mark(editor, random, () => editor.commands.toggleCode()),
  toggleUnderline: (editor, random) => mark(editor, random, () => editor.commands.toggleUnderline()),
  setLink: (editor, random) =>
    mark(editor, random, () =>
      editor.commands.setLink({
        href: some(['https://a.bc', '/x y', '#d', 'mailto:x@y.zz', '/a(b)c'], random),
      }),
    ),
  unsetLink: (editor, random) => mark(editor, random, () => editor.commands.unsetLink()),
  clearMarks: (editor, random) => mark(editor, random, () => editor.commands.unsetAllMarks()),
  setHorizontalRule: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.setHorizontalRule();
  },
  setHardBreak: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.setHardBreak();
  },
  insertBlocks: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.insertContent(some(blocks, random));
  },
  insertTable: (editor, random) => {
    moveCaret(editor, random);
    const withHeaderRow = random(4) > 0;
    editor.commands.insertTable?.({ rows: 1 + random(3), cols: 1 + random(3), withHeaderRow });
  },
  changeTable: (editor, random) => {
    if (!goInto(editor, random, 'table')) return;
    const change = some(
      [
        'addRowBefore',
        'addRowAfter',
        'deleteRow',
        'addColumnBefore',
        'addColumnAfter',
        'deleteColumn',
        'toggleHeaderRow',
        'toggleHeaderColumn',
        'goToNextCell',
        'splitCell',
      ] as const,
      random,
    );
    editor.commands[change]();
  },
  mergeCells: (editor, random) => {
    const cells = [...positionsOf(editor, 'tableCell'), ...positionsOf(editor, 'tableHeader')];
    const at = pick(cells, random);
    if (at === undefined) return;
    const table = editor.state.doc.resolve(at).node(-1);
    const start = editor.state.doc.resolve(at).start(-1);
    const inside = cells.filter((cell) => cell > start && cell < start + table.content.size);
    const last = pick(inside, random) as number;
    editor.commands.setCellSelection({ anchorCell: at, headCell: last });
    editor.commands.mergeCells();
  },
  typeInCell: (editor, random) => {
    if (goInto(editor, random, 'table')) insertText(editor, some(snippets, random));
  },
  enterInCell: (editor, random) => {
    if (goInto(editor, random, 'table')) editor.commands.enter();
  },
  insertInline: (editor, random) => {
    moveCaret(editor, random);
    const known = inlineNodes.filter(({ type }) => editor.schema.nodes[type as string]);
    if (known.length > 0) editor.commands.insertContent(some(known, random));
  },
  insertFootnote: (editor, random) => {
    if (!editor.schema.nodes.footnoteReference) return;
    const label = some(['1', 'n', `f${random(9)}`], random);
    moveCaret(editor, random);
    editor.commands.insertContent({ type: 'footnoteReference', attrs: { label } });
    const note = {
      type: 'footnoteDefinition',
      attrs: { label },
      content: [paragraph(some(snippets, random))],
    };
    if (random(2) === 0) editor.commands.insertContentAt(editor.state.doc.content.size, note);
  },
  editOpaque: (editor, random) => {
    const places = positionsOf(editor, 'codeBlock').filter((at) =>
      String(editor.state.doc.nodeAt(at)?.attrs.language).startsWith('='),
    );
    const at = pick(places, random);
    const size = at === undefined ? 0 : (editor.state.doc.nodeAt(at)?.content.size ?? 0);
    if (at === undefined) return;
    const caret = at + 1 + random(size + 1);
    if (random(3) === 0)
      editor.commands.deleteRange({ from: caret, to: Math.min(caret + random(8), at + 1 + size) });
    else
      insertText(editor, some(['x', '\n', '\n\n', 'a b', '<', '</div>', '- ', '> ', '-->'], random), caret);
  },
  editCode: (editor, random) => {
    if (!goInto(editor, random, 'codeBlock')) return;
    insertText(editor, some(['x', '\n', '\n\n', '```', '~~~\n', '    ', '\t', '- a', '</pre>'], random));
  },
  moveBlock: (editor, random) => {
    const { doc } = editor.state;
    const starts = startsOf(editor);
    const from = pick(starts, random) ?? 0;
    const to = pick(starts, random) ?? 0;
    const node = doc.nodeAt(from);
    if (!node || doc.childCount < 2 || from === to) return;
    const { tr } = editor.state;
    tr.delete(from, from + node.nodeSize);
    editor.view.dispatch(tr.insert(tr.mapping.map(to), node));
  },
  moveText: (editor, random) => {
    selectRange(editor, random, 200);
    const slice = editor.state.selection.content();
    editor.commands.deleteSelection();
    moveCaret(editor, random);
    editor.view.dispatch(editor.state.tr.replaceSelection(slice));
  },
  pasteElsewhere: (editor, random, others) => {
    selectRange(editor, random, 200);
    const target = some(others, random);
    moveCaret(target, random);
    const slice = editor.state.selection.content();
    if (random(2) === 0) {
      target.view.pasteHTML(editor.view.serializeForClipboard(slice).dom.innerHTML);
    } else {
      const own = Slice.fromJSON(target.schema, slice.toJSON());
      target.view.dispatch(target.state.tr.replaceSelection(own));
    }
    if (random(2) === 0) editor.commands.deleteSelection();
  },
  pasteHtml: (editor, random) => {
    moveCaret(editor, random);
    editor.view.pasteHTML(some(pasted, random));
  },
  dropBlock: (editor, random) => {
    const at = pick(startsOf(editor), random) ?? 0;
    editor.view.dispatch(
      editor.state.tr.setSelection(NodeSelection.create(editor.state.doc, at)).deleteSelection(),
    );
  },
  undo: (editor, random) => {
    for (let times = random(3); times >= 0; times -= 1) editor.commands.undo();
  },
  redo: (editor) => editor.commands.redo(),
};

const inlineNodes: readonly JSONContent[] = [
  { type: 'image', attrs: { src: '/a b.png', alt: 'a <b> [c]', title: 'say "x"' } },
  { type: 'image', attrs: { src: 'https://a.bc/d.png' } },
  { type: 'civicRef', attrs: { refType: 'record', id: 'noise-bylaw', label: 'Noise "bylaw" -- 1' } },
  { type: 'htmlInline', attrs: { html: '<kbd>' } },
  { type: 'htmlInline', attrs: { html: '</kbd>' } },
  { type: 'htmlInline', attrs: { html: '<!-- c -->' } },
  { type: 'hardBreak' },
];

const paragraph = (text: string): JSONContent => ({ type: 'paragraph', content: [{ type: 'text', text }] });
const list = (type: string, ...items: JSONContent[][]): JSONContent => ({
  type,
  content: items.map((content) => ({ type: 'listItem', content })),
});

const blocks: readonly JSONContent[] = [
  paragraph('new text'),
  { type: 'heading', attrs: { level: 2 }, content: [{ type: 'text', text: 'New heading' }] },
  { type: 'blockquote', content: [paragraph('quoted'), list('bulletList', [paragraph('in it')])] },
  { type: 'codeBlock', attrs: { language: 'js' }, content: [{ type: 'text', text: 'let a;\n\n  b' }] },
  { type: 'codeBlock', content: [{ type: 'text', text: '    indented' }] },
  { type: 'horizontalRule' },
  list('bulletList', [paragraph('one')], [paragraph('two'), paragraph('more')]),
  list('bulletList', [{ type: 'paragraph' }, list('orderedList', [paragraph('deep')])]),
  { ...list('orderedList', [paragraph('seven')]), attrs: { start: 7 } },
];

const pasted = [
  '<p>pasted <b>bold</b> and <u>under</u></p>',
  '<ul><li>one<ul><li>two</li></ul></li><li><p>three</p><p>four</p></li></ul>',
  '<ol start="3"><li>c</li></ol><p>after</p>',
  '<h2>Title</h2><blockquote><p>q</p></blockquote>',
  '<pre><code class="language-js">let a;\n</code></pre>',
  '<table><tr><th>a</th><th>b</th></tr><tr><td colspan="2">c</td></tr></table>',
  '<p>a<br>b <a href="https://a.bc">link</a> <code>c</code></p>',
  'plain text',
  '<p><s>gone</s> <em>it <strong>both</strong></em></p>',
];
