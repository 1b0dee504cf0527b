/**
 * GFM tables. The first row is the header; columns are never padded to one width, since then one changed cell would
 * rewrite every row. A cell holds one paragraph whose hard breaks are `<br>`.
 *
 * ProseMirror wants rectangles: short rows are filled up. A row with more cells than the header, whose surplus GFM
 * hides, keeps the whole table opaque. What an editor's table has beyond that, rectangle.ts makes a rectangle of.
 */

import type { AlignType, Table, TableCell, TableRow } from 'mdast';
import type { Construct, ParseContext, PrintContext } from '../construct.ts';
import { block, type NodeJson } from '../json.ts';
import { rectangleOf } from '../rectangle.ts';
import { opaqueMarkdown } from './opaque.ts';

declare module 'mdast' {
  interface TableData {
    padded?: boolean;
  }
}

export const table: Construct = {
  parse: {
    table(node, context) {
      const columns = node.children[0]?.children.length ?? 0;
      const isRagged = node.children.some((row) => row.children.length > columns);
      if (!context.features.has('table') || isRagged) return opaqueMarkdown(context.blockSource(node));
      const rows = node.children.map((row, index) => {
        const cells = Array.from({ length: columns }, (_, column) =>
          parseCell(
            row.children[column],
            index === 0 ? 'tableHeader' : 'tableCell',
            node.align?.[column],
            context,
          ),
        );
        return block('tableRow', cells);
      });
      return [block('table', rows)];
    },
  },
  printBlock: {
    table(node, context) {
      const rows = (rectangleOf(node).content ?? []).map(({ content = [] }) => content);
      if (rows.length === 0) return [];
      const align = (rows[0] ?? []).map(alignOf);
      const children = rows.map((cells) => printRow(cells, context));
      return [{ type: 'table', align, children, data: { padded: context.style.style.paddedCells } }];
    },
  },
  handlers: {
    table(node: Table, _parent, state, info) {
      const space = node.data?.padded === false ? '' : ' ';
      const exit = state.enter('table');
      const line = (cells: string[]) => `|${cells.map((cell) => space + cell + space).join('|')}|`;
      const lines = node.children.map((row) =>
        line(row.children.map((cell) => state.handle(cell, row, state, info))),
      );
      exit();
      const [header = '', ...body] = lines;
      return [header, line((node.align ?? []).map(delimiterOf)), ...body].join('\n');
    },
  },
};

function parseCell(
  cell: TableCell | undefined,
  type: 'tableHeader' | 'tableCell',
  align: AlignType | undefined,
  context: ParseContext,
): NodeJson {
  const content = context.inline(cell?.children ?? [], { place: 'line' });
  return block(type, [block('paragraph', content)], align ? { align } : undefined);
}

function printRow(cells: readonly NodeJson[], context: PrintContext): TableRow {
  return {
    type: 'tableRow',
    children: cells.map(({ content: [paragraph] = [] }) => ({
      type: 'tableCell',
      children: context.inline(paragraph?.content, 'line'),
    })),
  };
}

function alignOf({ attrs }: NodeJson): AlignType {
  const align = attrs?.align;
  return align === 'left' || align === 'center' || align === 'right' ? align : null;
}

function delimiterOf(align: AlignType): string {
  if (align === 'left') return ':--';
  if (align === 'right') return '--:';
  return align === 'center' ? ':-:' : '---';
}
