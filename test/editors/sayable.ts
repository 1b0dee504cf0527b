/**
 * What Markdown cannot say, and what is expected to stand for it after a save: written down apart from the library,
 * so that it shows what gets lost, and where.
 */

import { type Base, type NodeJson, open } from '../../markdown/index.ts';

export interface Sayable {
  readonly doc: NodeJson;
  /** What had to be replaced. */
  readonly approximations: ReadonlySet<string>;
}

export function sayable(doc: NodeJson, base: Base): Sayable {
  const approximations = new Set<string>();
  const defined = new Set<string>();
  visit(doc, (node) => {
    if (node.type === 'footnoteDefinition') defined.add(String(node.attrs?.label).toLowerCase());
  });
  const replaced = (node: NodeJson): NodeJson[] => {
    const instead = replace(node);
    if (instead) return instead;
    return [node.content ? { ...node, content: joined(node.content.flatMap(replaced)) } : node];
  };
  const replace = (node: NodeJson): NodeJson[] | undefined => {
    const note = (name: string) => void approximations.add(name);
    if (isOpaque(node)) {
      const read = open(node.content?.[0]?.text ?? '', base).json.content ?? [];
      if (JSON.stringify(read[0]?.content) === JSON.stringify(node.content)) return undefined;
      note('a source block that is none any more');
      return read;
    }
    if (node.type === 'footnoteReference' && !defined.has(String(node.attrs?.label).toLowerCase())) {
      note('a reference to a footnote that is not there');
      return [{ type: 'text', text: `[^${node.attrs?.label}]` }];
    }
    if (node.type === 'table') return [rectangle(node, note)];
    const marks = node.marks ?? [];
    if (marks.length > 1 && marks.some(({ type }) => type === 'code')) {
      note('code with another mark');
      return [{ ...node, text: `\`${node.text}\``, marks: marks.filter(({ type }) => type !== 'code') }];
    }
    return undefined;
  };
  return { doc: replaced(doc)[0] as NodeJson, approximations };
}

function visit(node: NodeJson, see: (node: NodeJson) => void): void {
  see(node);
  for (const child of node.content ?? []) visit(child, see);
}

function isOpaque({ type, attrs }: NodeJson): boolean {
  return type === 'codeBlock' && String(attrs?.language).startsWith('=');
}

function joined(content: readonly NodeJson[]): NodeJson[] {
  return [...content];
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
  const width = Math.max(...grid.map((row) => row.length));
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
    return (node.content?.[0]?.text ?? '').split('\n').map((text) => [{ type: 'text', text }]);
  if (node.type === 'horizontalRule') return [[{ type: 'text', text: '---' }]];
  if (node.type === 'paragraph' || node.type === 'heading') return [node.content ?? []];
  return (node.content ?? []).flatMap(linesOf);
}
