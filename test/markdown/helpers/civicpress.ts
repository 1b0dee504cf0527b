/**
 * The schema of CivicPress' own editor, as the package `@civicpress/editor-schema` puts it together: the nodes and
 * marks of prosemirror-schema-basic, lists, tables, and civic references.
 */

import { type MarkSpec, type NodeSpec, Schema } from 'prosemirror-model';
import { tableNodes } from 'prosemirror-tables';

const nodes: Record<string, NodeSpec> = {
  doc: { content: 'block+' },
  paragraph: { content: 'inline*', group: 'block' },
  blockquote: { content: 'block+', group: 'block', defining: true },
  horizontal_rule: { group: 'block' },
  heading: { attrs: { level: { default: 1 } }, content: 'inline*', group: 'block', defining: true },
  code_block: {
    content: 'text*',
    marks: '',
    group: 'block',
    code: true,
    defining: true,
    attrs: { params: { default: '' } },
  },
  text: { group: 'inline' },
  image: {
    inline: true,
    attrs: { src: {}, alt: { default: null }, title: { default: null } },
    group: 'inline',
    draggable: true,
  },
  hard_break: { inline: true, group: 'inline', selectable: false },
  ordered_list: { attrs: { order: { default: 1 } }, content: 'list_item+', group: 'block' },
  bullet_list: { content: 'list_item+', group: 'block' },
  list_item: { content: 'paragraph block*', defining: true },
  ...tableNodes({
    tableGroup: 'block',
    cellContent: 'block+',
    cellAttributes: { align: { default: null } },
  }),
  civicRef: {
    group: 'inline',
    inline: true,
    atom: true,
    attrs: { refType: { default: 'record' }, id: { default: '' }, label: { default: '' } },
  },
};

const marks: Record<string, MarkSpec> = {
  link: { attrs: { href: {}, title: { default: null } }, inclusive: false },
  em: {},
  strong: {},
  code: { code: true },
};

export const civicpressSchema = new Schema({ nodes, marks });
