/**
 * A table as GFM has it: a rectangle of cells, one paragraph in each, and one alignment for each column.
 *
 * What editors can do beyond that, and Markdown cannot say, is flattened here: a merged cell keeps its text in its
 * first place, and the places that it covered are empty; the blocks of a cell are lines of its paragraph.
 */

import { block, isInline, type NodeJson, numberAttr, plainText, stringAttr, textNode } from './json.ts';

export function rectangleOf(table: NodeJson): NodeJson {
  const rows = gridOf(table);
  const columns = Math.max(1, ...rows.map((row) => row.length));
  const aligns = Array.from({ length: columns }, (_, column) =>
    stringAttr(rows[0]?.[column] ?? empty, 'align'),
  );
  const cells = rows.map((row) =>
    aligns.map((align, column) => {
      const cell = row[column] ?? empty;
      return block(isCell(cell) ? cell.type : 'tableCell', [block('paragraph', linesOf(cell))], {
        align: align || null,
      });
    }),
  );
  return block(
    'table',
    cells.map((row) => block('tableRow', row)),
  );
}

/** Whether rows are all of one length, without merged cells: then none has to do with another. */
export function isRegular(rows: readonly NodeJson[]): boolean {
  const columns = rows[0]?.content?.length ?? 0;
  return rows.every(
    ({ type, content = [] }) =>
      type === 'tableRow' &&
      content.length === columns &&
      content.every((cell) => spanOf(cell, 'rowspan') === 1 && spanOf(cell, 'colspan') === 1),
  );
}

const empty: NodeJson = { type: 'tableCell' };

/** The cells in their places; those that a merged cell covers are left out. */
function gridOf(table: NodeJson): NodeJson[][] {
  const grid: NodeJson[][] = [];
  for (const [index, row] of (table.content ?? []).entries()) {
    grid[index] ??= [];
    let column = 0;
    for (const cell of row.type === 'tableRow' ? (row.content ?? []) : [row]) {
      while (grid[index]?.[column]) column += 1;
      for (let down = 0; down < spanOf(cell, 'rowspan'); down += 1) {
        for (let right = 0; right < spanOf(cell, 'colspan'); right += 1) {
          if (index + down >= (table.content?.length ?? 0)) break;
          grid[index + down] ??= [];
          (grid[index + down] as NodeJson[])[column + right] = down + right === 0 ? cell : empty;
        }
      }
    }
  }
  return grid;
}

/** No table is wider, so that a number out of nowhere cannot ask for more. */
const widest = 1_000;

function spanOf(cell: NodeJson, name: string): number {
  return Math.min(widest, Math.max(1, numberAttr(cell, name, 1)));
}

function isCell({ type }: NodeJson): boolean {
  return type === 'tableCell' || type === 'tableHeader';
}

/** The text of a cell, however deep, with line breaks between its blocks. */
function linesOf(cell: NodeJson): NodeJson[] {
  return textsOf(isCell(cell) ? (cell.content ?? []) : [cell]).flatMap((line, index) =>
    index === 0 ? line : [{ type: 'hardBreak' }, ...line],
  );
}

function textsOf(nodes: readonly NodeJson[]): NodeJson[][] {
  return nodes.flatMap((node): NodeJson[][] => {
    if (isInline(node)) return [[node]];
    if (node.type === 'horizontalRule') return [[textNode('---')]];
    if (node.type === 'codeBlock') return codeLinesOf(node);
    if (isTextblock(node)) return [node.content ?? []];
    return textsOf(node.content ?? []);
  });
}

function isTextblock({ type, content }: NodeJson): boolean {
  return type === 'paragraph' || type === 'heading' || (content?.some(isInline) ?? false);
}

function codeLinesOf(code: NodeJson): NodeJson[][] {
  return plainText(code)
    .split('\n')
    .map((line) => (line === '' ? [] : [textNode(line)]));
}
