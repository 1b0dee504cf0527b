/**
 * What people do beyond the first commands: characters that mean something at the edges of a text, items, rows and
 * columns that move, pastes from other programs, changed attributes, and more than one step back.
 *
 * Apart from commands.ts, since a kept seed means the same only as long as the commands that it was played with.
 */

import type { Editor, JSONContent } from '@tiptap/core';
import type { Node } from '@tiptap/pm/model';
import { NodeSelection, TextSelection } from '@tiptap/pm/state';
import type { Random } from '../markdown/helpers/random.ts';
import { goInto, insertText, moveCaret, pick, positionsOf, selectRange, some, whole } from './carets.ts';
import type { Command } from './commands.ts';

/** One character each, alone or twice or beside a space. */
const significant = [...'*_#>-+1.[]()!|\\`<&~^$:{}="\'/@;,%'];

const edges = [
  ' ',
  '  ',
  '\t',
  '\u00a0',
  '\u2003',
  '\u3000',
  '\u200b',
  '\ufeff',
  '\u200f',
  '\u202e',
  '\u00ad',
];

const texts = [
  '市民は、',
  '「注意」',
  '強調。',
  'שלום',
  '\u200fעברית\u200e',
  '🧑🏽‍⚖️',
  'e\u0301te\u0301',
  'a\u2028b',
  'a\u000bb',
  'a\u000cb',
  '\u0001',
  '$x_1$ and $$y$$',
  'H~2~O and x^2^',
  ':smile: ::leaf[a]{b}',
  ':::',
  '{#id .class}',
  '{% if a %}',
  '[a][]',
  '[a][b]',
  '[^1]: ',
  '[^a b]',
  '![[x]]',
  '<?php',
  '<!DOCTYPE x>',
  '<![CDATA[ x',
  '<a b="c',
  '</p>',
  '<br>',
  '<pre>',
  '-->',
  '&nbsp;',
  '&#42;',
  '&#x26;',
  '&lt;b&gt;',
  '- - -',
  '* * *',
  '_ _ _',
  '-\tx',
  '1)',
  '10000000000. x',
  '1986. Year',
  '0. zero',
  '#',
  '##',
  '# a #',
  'a #',
  '#\ta',
  '+++',
  '=',
  '--',
  '|',
  'a | b',
  '\\|',
  'a\\',
  '\\\\',
  '`',
  '` `',
  'a `` b',
  '*a **b***',
  '***',
  '__c__d',
  '~~~~',
  'http://a.b/(c)',
  'https://a.b/c?d=e&copy=f',
  'https://a.b/*c*',
  'ftp://x.y',
  'mailto:x@y.zz',
  'x_y@z.com_',
  'WWW.A.BC',
  '(www.a.bc)',
  'e.g.',
  'I. Roman',
  '(a) one',
  '1.1 part',
];

/** As text: what a clipboard holds of Markdown, of a mail, of a terminal. */
const pastedTexts = [
  '# Title\n\nwords\n\n- one\n- two',
  'one\ntwo\n\nthree',
  '1. one\n2. two',
  '| a | b |\n|---|---|\n| c | d |',
  '> quoted\n> more',
  '```js\nlet a;\n```',
  'a [link](/b "t") and **bold**',
  '---\ntitle: x\n---',
  '  indented\n\ttabbed  ',
  'line with \r\n other ending',
  '<div>\nhtml\n</div>',
  '[^1]: note',
];

/** As HTML: Word's, Google's, GitHub's, a browser's. */
const pastedHtml = [
  '<p class="MsoNormal"><b>1.<span style="mso-tab-count:1">  </span>Title</b><o:p></o:p></p><p>&nbsp;</p>',
  '<b style="font-weight:normal"><p dir="ltr"><span style="font-weight:700">Bold</span><span> plain</span></p></b>',
  '<ul class="contains-task-list"><li><input type="checkbox" checked> done</li><li><input type="checkbox"> open</li></ul>',
  '<ul data-type="taskList"><li data-type="taskItem" data-checked="true"><div><p>task</p></div></li></ul>',
  '<ol><li><p>a</p><ol type="a"><li>b</li></ol></li><li><p>c</p><pre><code>d</code></pre></li></ol>',
  '<table><tbody><tr><td><p>a</p><p>b</p></td><td><ul><li>c</li></ul></td></tr><tr><td rowspan="2">d</td><td>e</td></tr><tr><td>f</td></tr></tbody></table>',
  '<table><thead><tr><th align="right">n</th></tr></thead><tbody><tr><td align="right">1</td></tr></tbody></table>',
  '<p>x<img src="/i.png" alt="alt">y</p><hr><p><br></p><p>z<br><br>w</p>',
  '<h1>A<br>B</h1><h6><em>C</em></h6>',
  '<blockquote><h3>H</h3><ul><li>i</li></ul><blockquote><p>j</p></blockquote></blockquote>',
  '<p><a href="https://a.bc/d"><b>bold</b> link</a><a href="/e">next</a></p>',
  '<p><code>a</code><b><code>b</code></b> <i> c </i><b> </b></p>',
  '<div>one</div><div>two<div>three</div></div>',
  '<p>H<sub>2</sub>O x<sup>2</sup> <mark>m</mark> <kbd>k</kbd> <del>d</del></p>',
  '<dl><dt>t</dt><dd>d</dd></dl>',
  '<p>&lt;b&gt; &amp;amp; *a* _b_ [c](d) # e</p>',
  '<ul><li></li><li><p></p><p>second</p></li></ul>',
  '<pre>a\n\n  b\n```\n</pre>',
];

export const moreCommands: Record<string, Command> = {
  typeCharacter: (editor, random) => {
    moveCaret(editor, random);
    const character = some(significant, random);
    insertText(editor, some([character, character, character + character, `${character} `], random));
  },
  typeAtStartOfText: (editor, random) => typeAt(editor, random, 'start'),
  typeAtEndOfText: (editor, random) => typeAt(editor, random, 'end'),
  typeText: (editor, random) => {
    moveCaret(editor, random);
    insertText(editor, some(texts, random));
  },
  deleteCharacter: (editor, random) => {
    moveCaret(editor, random);
    const { from, $from } = editor.state.selection;
    const length = /^[\ud800-\udbff]/.test($from.nodeAfter?.text ?? '') ? 2 : 1;
    if ($from.nodeAfter?.isText) editor.commands.deleteRange({ from, to: from + length });
  },
  markMany: (editor, random) => {
    selectRange(editor, random, 250);
    const toggle = some(['toggleBold', 'toggleItalic', 'toggleStrike', 'toggleCode'] as const, random);
    editor.commands[toggle]?.();
  },
  markAgain: (editor, random) => {
    const { from, to } = selectedText(editor, random);
    if (to <= from) return;
    editor.commands.setTextSelection({ from, to });
    editor.commands.toggleBold();
    const inside = whole(editor.state.doc.resolve(from + random(to - from))).pos;
    editor.commands.setTextSelection({ from: inside, to });
    editor.commands.toggleItalic();
  },
  changeLink: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.extendMarkRange('link');
    editor.commands.updateAttributes('link', { href: some(['/new', 'https://n.ew/(x)', '#', ''], random) });
  },
  clearNodes: (editor, random) => {
    selectRange(editor, random, 60);
    editor.commands.clearNodes();
  },
  lift: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.lift('blockquote');
  },
  wrap: (editor, random) => {
    selectRange(editor, random, 120);
    editor.commands.wrapIn('blockquote');
  },
  joinForward: (editor, random) => {
    moveCaret(editor, random);
    editor.commands.setTextSelection(editor.state.selection.$from.end());
    editor.commands.joinForward();
  },
  joinUp: (editor, random) => {
    selectNode(editor, random);
    editor.commands.joinUp();
  },
  joinLists: (editor, random) => {
    const at = pick(listsSideBySide(editor), random);
    if (at !== undefined) editor.view.dispatch(editor.state.tr.join(at));
  },
  dropNode: (editor, random) => {
    selectNode(editor, random);
    editor.commands.deleteSelection();
  },
  moveChild: (editor, random) => {
    const parents = [...positionsOf(editor, 'bulletList'), ...positionsOf(editor, 'orderedList')];
    const others = [...positionsOf(editor, 'taskList'), ...positionsOf(editor, 'blockquote')];
    reorder(editor, random, pick([...parents, ...others], random));
  },
  moveRow: (editor, random) => reorder(editor, random, pick(positionsOf(editor, 'table'), random)),
  moveColumn: (editor, random) => {
    const at = pick(positionsOf(editor, 'table'), random);
    const table = at === undefined ? null : editor.state.doc.nodeAt(at);
    const width = table?.firstChild?.childCount ?? 0;
    if (at === undefined || !table || width < 2) return;
    const [from, to] = [random(width), random(width)];
    const rows = table.toJSON().content as { content: JSONContent[] }[];
    for (const row of rows) row.content.splice(to, 0, ...row.content.splice(from, 1));
    const moved = editor.schema.nodeFromJSON({ ...table.toJSON(), content: rows });
    editor.view.dispatch(editor.state.tr.replaceWith(at, at + table.nodeSize, moved));
  },
  dropTable: (editor, random) => {
    if (goInto(editor, random, 'table')) editor.commands.deleteTable();
  },
  alignColumn: (editor, random) => {
    const cells = [...positionsOf(editor, 'tableHeader'), ...positionsOf(editor, 'tableCell')];
    const at = pick(cells, random);
    if (at === undefined) return;
    const align = some([null, 'left', 'center', 'right'], random);
    editor.view.dispatch(editor.state.tr.setNodeAttribute(at, 'align', align));
  },
  duplicate: (editor, random) => {
    selectNode(editor, random);
    const { node, to } = editor.state.selection as NodeSelection;
    if (node) editor.view.dispatch(editor.state.tr.insert(to, node));
  },
  changeAttribute: (editor, random) => {
    const type = some(Object.keys(attributes), random);
    const at = pick(positionsOf(editor, type), random);
    const [name, values] = some(Object.entries(attributes[type] ?? {}), random);
    if (at === undefined) return;
    editor.view.dispatch(editor.state.tr.setNodeAttribute(at, name, some(values, random)));
  },
  breakAtEdge: (editor, random) => {
    moveCaret(editor, random);
    const { $from } = editor.state.selection;
    editor.commands.setTextSelection(random(2) === 0 ? $from.start() : $from.end());
    for (let times = random(2); times >= 0; times -= 1) editor.commands.setHardBreak();
  },
  exitCode: (editor, random) => {
    if (goInto(editor, random, 'codeBlock')) editor.commands.exitCode();
  },
  pasteText: (editor, random) => {
    moveCaret(editor, random);
    editor.view.pasteText(some(pastedTexts, random));
  },
  pasteFromPrograms: (editor, random) => {
    if (random(2) === 0) moveCaret(editor, random);
    else selectRange(editor, random, 60);
    editor.view.pasteHTML(some(pastedHtml, random));
  },
  pasteOverBlocks: (editor, random) => {
    selectRange(editor, random, 300);
    editor.view.pasteHTML(some(pastedHtml, random));
  },
  cutAndPasteAll: (editor, random) => {
    if (random(4) > 0) return;
    editor.commands.selectAll();
    const { dom } = editor.view.serializeForClipboard(editor.state.selection.content());
    editor.commands.deleteSelection();
    editor.view.pasteHTML(dom.innerHTML);
  },
  empty: (editor, random) => {
    if (random(6) > 0) return;
    if (random(2) === 0) editor.commands.clearContent();
    else editor.chain().selectAll().deleteSelection().run();
  },
  undoMany: (editor, random) => {
    for (let times = 3 + random(12); times >= 0; times -= 1) editor.commands.undo();
  },
  undoAndRedo: (editor, random) => {
    const times = 1 + random(6);
    for (let step = 0; step < times; step += 1) editor.commands.undo();
    for (let step = 0; step < times; step += 1) editor.commands.redo();
  },
};

/** The attributes that a dialog or a menu of an editor changes. */
const attributes: Record<string, Record<string, readonly unknown[]>> = {
  heading: { level: [1, 2, 6] },
  orderedList: { start: [0, 1, 2, 10, 999_999_999] },
  codeBlock: { language: ['', 'js', 'c++ {1}', '=html', '=md', 'a b'] },
  image: { src: ['/n.png', 'a b)c', ''], alt: ['new', 'a]b*c', ''], title: ['t', 'a "b" \'c\'', null] },
  taskItem: { checked: [true, false] },
  footnoteReference: { label: ['1', 'n', 'new'] },
  footnoteDefinition: { label: ['1', 'n', 'new'] },
  civicRef: { id: ['other'], label: ['New "label"', ''] },
  tableCell: { align: ['left', 'right', null] },
};

function typeAt(editor: Editor, random: Random, edge: 'start' | 'end'): void {
  moveCaret(editor, random);
  const { $from } = editor.state.selection;
  editor.commands.setTextSelection(edge === 'start' ? $from.start() : $from.end());
  const character = some(significant, random);
  const choices = [character, `${character} `, ` ${character}`, some(texts, random), some(edges, random)];
  insertText(editor, some(choices, random));
}

/** Some text within one textblock. */
function selectedText(editor: Editor, random: Random): { from: number; to: number } {
  moveCaret(editor, random);
  const { $from } = editor.state.selection;
  const words = [...$from.parent.textContent.matchAll(/\S+/g)];
  const word = pick(words, random);
  if ($from.parent.textContent.length !== $from.parent.content.size || !word) return { from: 0, to: 0 };
  const from = $from.start() + word.index;
  const to = Math.min($from.end(), from + word[0].length + random(12));
  return { from, to: whole(editor.state.doc.resolve(to)).pos };
}

/** Any node that can be selected, at whatever depth. */
function selectNode(editor: Editor, random: Random): void {
  const places: number[] = [];
  editor.state.doc.descendants((node, position) => {
    if (NodeSelection.isSelectable(node) && !node.isText) places.push(position);
  });
  const at = pick(places, random);
  if (at === undefined) return;
  editor.view.dispatch(editor.state.tr.setSelection(NodeSelection.create(editor.state.doc, at)));
}

function listsSideBySide({ state }: Editor): number[] {
  const places: number[] = [];
  const look = (parent: Node, start: number) => {
    parent.forEach((child, offset, index) => {
      const isSameList = index > 0 && parent.child(index - 1).type === child.type;
      if (isSameList && child.type.name.endsWith('List')) places.push(start + offset);
      if (!child.isTextblock) look(child, start + offset + 1);
    });
  };
  look(state.doc, 0);
  return places;
}

/** Takes one child of a node to another place among the others. */
function reorder(editor: Editor, random: Random, at: number | undefined): void {
  const parent = at === undefined ? null : editor.state.doc.nodeAt(at);
  if (at === undefined || !parent || parent.childCount < 2) return;
  const [from, to] = [random(parent.childCount), random(parent.childCount)];
  const starts: number[] = [];
  parent.forEach((_, offset) => {
    starts.push(at + 1 + offset);
  });
  const [start, target] = [starts[from] as number, starts[to] as number];
  const child = parent.child(from);
  const { tr } = editor.state;
  tr.delete(start, start + child.nodeSize);
  tr.insert(tr.mapping.map(target), child);
  editor.view.dispatch(tr.setSelection(TextSelection.near(tr.doc.resolve(0))));
}
