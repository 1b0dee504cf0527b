/**
 * What Markdown cannot say, and what is expected to stand for it after a save: written down apart from the library,
 * so that it shows what gets lost, and where.
 */

import { takeApart } from '../../markdown/apart.ts';
import type { Base, MarkJson, NodeJson } from '../../markdown/index.ts';
import { keyOf } from '../../markdown/tidy.ts';
import { documentOf } from './mount.ts';

/** It takes in what follows it, or stands as code: that depends on what follows. */
export const endlessHtml = 'HTML without an end';

export interface Sayable {
  readonly doc: NodeJson;
  /** What had to be replaced. */
  readonly approximations: ReadonlySet<string>;
}

export function sayable(doc: NodeJson, base: Base): Sayable {
  const approximations = new Set<string>();
  const defined = new Set<string>();
  const define = (node: NodeJson): void => {
    if (node.type === 'footnoteDefinition') defined.add(String(node.attrs?.label).toLowerCase());
    // The blocks of a cell are lines of text.
    if (node.type !== 'table') node.content?.forEach(define);
  };
  define(doc);
  const note = (name: string) => void approximations.add(name);
  const replaced = (node: NodeJson, index: number, siblings: readonly NodeJson[]): NodeJson[] => {
    const instead = replace(node, index, siblings);
    if (instead) return instead;
    const [first, ...rest] = node.content ?? [];
    if (node.type === 'taskItem' && first?.content?.[0]?.type === 'hardBreak') {
      note('a task that begins with a line break');
      const words = first.content.findIndex(({ type }) => type !== 'hardBreak');
      const text = words < 0 ? [] : first.content.slice(words);
      return replaced({ ...node, content: [{ ...first, content: text }, ...rest] }, index, siblings);
    }
    const whole = node.type === 'table' ? rectangle(node, note) : withTasks(node, base, note);
    return [whole.content ? { ...whole, content: whole.content.flatMap(replaced) } : whole];
  };
  const replace = (node: NodeJson, index: number, siblings: readonly NodeJson[]): NodeJson[] | undefined => {
    if (isOpaque(node)) {
      // What was edited as source refers to the definitions of the text that it stands in.
      const stubs = takeApart(base.markdown, base).definitions.stubsFor(textOf(node));
      const all = documentOf(stubs + textOf(node), base).content ?? [];
      // Stubs end in a rule.
      const read = stubs === '' ? all : all.slice(all.findIndex(({ type }) => type === 'horizontalRule') + 1);
      const isStill = read[0] && isOpaque(read[0]) && textOf(read[0]) === textOf(node);
      if (isEndless(node, base)) note(endlessHtml);
      if (isStill) return undefined;
      note('a source block that is none any more');
      return read;
    }
    if (node.type === 'footnoteReference' && !defined.has(String(node.attrs?.label).toLowerCase())) {
      note('a reference to a footnote that is not there');
      return [{ type: 'text', text: `[^${node.attrs?.label}]`, marks: marksAround(siblings, index) }];
    }
    const marks = node.marks ?? [];
    if (marks.length > 1 && marks.some(({ type }) => type === 'code')) {
      note('code with another mark');
      return [
        { ...node, text: codeSpan(node.text ?? ''), marks: marks.filter(({ type }) => type !== 'code') },
      ];
    }
    return undefined;
  };
  return { doc: replaced(doc, 0, [doc])[0] as NodeJson, approximations };
}

/** Space in front of it is none in Markdown. */
const checkbox = /^[ \t]*\[([ xX])\](?:[ \t]+|$)/;

/** A list in which every item begins with a checkbox is one of tasks. */
function withTasks(list: NodeJson, { features }: Base, note: (name: string) => void): NodeJson {
  const content = list.content ?? [];
  const headOf = (item: NodeJson) => item.content?.[0]?.content?.[0];
  const isTask = (item: NodeJson) => !headOf(item)?.marks?.length && checkbox.test(headOf(item)?.text ?? '');
  if (list.type !== 'bulletList' || !features.includes('taskList') || !content.every(isTask)) return list;
  note('a list of which all items begin with a checkbox');
  const tasks = content.map((item) => {
    const { text = '' } = headOf(item) ?? {};
    const [first, ...rest] = item.content ?? [];
    const words = text.replace(checkbox, '');
    const inline = [
      ...(words === '' ? [] : [{ type: 'text', text: words }]),
      ...(first?.content?.slice(1) ?? []),
    ];
    const paragraph: NodeJson = { type: 'paragraph', content: inline };
    const checked = checkbox.exec(text)?.[1] !== ' ';
    return { type: 'taskItem', attrs: { checked }, content: [paragraph, ...rest] };
  });
  return { type: 'taskList', content: tasks };
}

/** In the fewest backticks that do not stand in it, and apart from those that do. */
function codeSpan(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  let fence = '`';
  while (runs.some((run) => run === fence)) fence += '`';
  return /^`|`$|^ .*\S.* $/.test(text) ? `${fence} ${text} ${fence}` : fence + text + fence;
}

/** Nodes bear no marks: what stands in bold text is bold when it becomes text. */
function marksAround(siblings: readonly NodeJson[], index: number): MarkJson[] {
  const isText = ({ text }: NodeJson) => text !== undefined;
  const before = siblings.slice(0, index).findLast(isText)?.marks ?? [];
  const after = siblings.slice(index + 1).find(isText)?.marks ?? [];
  return before.filter(
    ({ type }) => !['code', 'link'].includes(type) && after.some((mark) => mark.type === type),
  );
}

/**
 * The delimiters of a mark inside itself, where an edit took them out of it, are text: in the blocks that the saved
 * text does not have with them.
 */
export function withBareDelimiters(doc: NodeJson, saved: NodeJson): NodeJson {
  const read = new Set(saved.content?.map(keyOf));
  const bare = (node: NodeJson, index: number, siblings: readonly NodeJson[]): NodeJson =>
    isDelimiter(node)
      ? { type: 'text', text: String(node.attrs?.html), marks: marksAround(siblings, index) }
      : { ...node, ...(node.content && { content: node.content.map(bare) }) };
  const isGone = (node: NodeJson) => {
    let holdsOne = false;
    visit(node, (inner) => {
      holdsOne ||= isDelimiter(inner);
    });
    return holdsOne && !read.has(keyOf(node));
  };
  return {
    ...doc,
    ...(doc.content && { content: doc.content.map((node) => (isGone(node) ? bare(node, 0, [node]) : node)) }),
  };
}

/**
 * For editors that cannot strike, bare tildes are source; two that would strike across the edge of a mark are text,
 * with a backslash: in the blocks that the saved text does not have with bare ones.
 */
export function withProtectedTildes(doc: NodeJson, saved: NodeJson, { features }: Base): NodeJson {
  if (features.includes('strike')) return doc;
  const read = new Set(saved.content?.map(keyOf));
  const protectedIn = (node: NodeJson): NodeJson => ({
    ...node,
    ...(node.text && { text: node.text.replace(/(?<![~\\])~{1,2}(?!~)/g, '\\$&') }),
    ...(node.content && { content: node.content.map(protectedIn) }),
  });
  const content = (doc.content ?? []).map((node) =>
    read.has(keyOf(node)) || !read.has(keyOf(protectedIn(node))) ? node : protectedIn(node),
  );
  return { ...doc, content };
}

function isDelimiter({ type, attrs }: NodeJson): boolean {
  return type === 'htmlInline' && /^[*~]+$/.test(String(attrs?.html));
}

function visit(node: NodeJson, see: (node: NodeJson) => void): void {
  see(node);
  for (const child of node.content ?? []) visit(child, see);
}

function isOpaque({ type, attrs }: NodeJson): boolean {
  return type === 'codeBlock' && String(attrs?.language).startsWith('=');
}

/** Whether HTML would take in whatever follows it; then it is kept as code, in the middle of a text at least. */
function isEndless(node: NodeJson, base: Base): boolean {
  const following = documentOf(`${textOf(node)}\n\nend`, base).content ?? [];
  return following.at(-1)?.content?.[0]?.text !== 'end' || following.length < 2;
}

function textOf({ content = [] }: NodeJson): string {
  return content.map(({ text = '' }) => text).join('');
}

/** Each cell one line of text, in a grid, under a first row that is the header. */
function rectangle(table: NodeJson, note: (name: string) => void): NodeJson {
  const grid: (NodeJson | null)[][] = [];
  for (const [y, row] of (table.content ?? []).entries()) {
    grid[y] ??= [];
    let x = 0;
    for (const cell of row.content ?? []) {
      while (grid[y]?.[x] !== undefined) x += 1;
      const { colspan = 1, rowspan = 1 } = (cell.attrs ?? {}) as { colspan?: number; rowspan?: number };
      if (colspan * rowspan > 1) note('merged cells');
      for (let down = 0; down < rowspan && y + down < (table.content?.length ?? 0); down += 1) {
        for (let right = 0; right < colspan; right += 1) {
          grid[y + down] ??= [];
          (grid[y + down] as (NodeJson | null)[])[x + right] = down + right === 0 ? cell : null;
        }
      }
      if ((cell.type === 'tableHeader') !== (y === 0)) note('a header elsewhere than in the first row');
    }
  }
  const width = Math.max(1, ...grid.map((row) => row.length));
  const aligns = Array.from({ length: width }, (_, x) => grid[0]?.[x]?.attrs?.align ?? null);
  const rows = grid.map((row, y) => ({
    type: 'tableRow',
    content: aligns.map((align, x) => {
      const cell = row[x] ?? undefined;
      if (cell && (cell.attrs?.align ?? null) !== align)
        note('cells of a column that are aligned in several ways');
      const lines = cell ? linesOf(cell) : [];
      if (lines.length > 1) note('several blocks in a cell');
      const content = lines.flatMap((line, at) => (at === 0 ? line : [{ type: 'hardBreak' }, ...line]));
      return {
        type: y === 0 ? 'tableHeader' : 'tableCell',
        attrs: { align },
        content: [{ type: 'paragraph', content }],
      };
    }),
  }));
  return { type: 'table', content: rows };
}

function linesOf(node: NodeJson): NodeJson[][] {
  if (node.type === 'codeBlock')
    return textOf(node)
      .split('\n')
      .map((text) => (text === '' ? [] : [{ type: 'text', text }]));
  if (node.type === 'horizontalRule') return [[{ type: 'text', text: '---' }]];
  if (node.type === 'paragraph' || node.type === 'heading') return [node.content ?? []];
  return (node.content ?? []).flatMap(linesOf);
}
