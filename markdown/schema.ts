/**
 * What may stand in a document: the schema of a Tiptap 3 editor with StarterKit, the Table kit, TaskList, TaskItem
 * (nested) and Image (inline), plus our own four nodes. Same names, same content, same attributes and defaults
 * (test/markdown/schema.test.ts compares it with Tiptap's own). Rendering is the editor's affair.
 */

import { type MarkSpec, type NodeSpec, Schema } from 'prosemirror-model';

const cellAttrs = {
  colspan: { default: 1 },
  rowspan: { default: 1 },
  colwidth: { default: null },
  align: { default: null },
};

const nodes: Record<string, NodeSpec> = {
  paragraph: { content: 'inline*', group: 'block' },
  blockquote: { content: 'block+', group: 'block', defining: true },
  bulletList: { content: 'listItem+', group: 'block list' },
  codeBlock: {
    content: 'text*',
    marks: '',
    group: 'block',
    code: true,
    defining: true,
    attrs: { language: { default: null } },
  },
  doc: { content: 'block+' },
  hardBreak: { group: 'inline', inline: true, selectable: false, linebreakReplacement: true },
  heading: { content: 'inline*', group: 'block', defining: true, attrs: { level: { default: 1 } } },
  horizontalRule: { group: 'block' },
  listItem: { content: 'paragraph block*', defining: true },
  orderedList: {
    content: 'listItem+',
    group: 'block list',
    attrs: { start: { default: 1 }, type: { default: null } },
  },
  text: { group: 'inline' },
  table: { content: 'tableRow+', group: 'block', tableRole: 'table', isolating: true },
  tableRow: { content: '(tableCell | tableHeader)*', tableRole: 'row' },
  tableHeader: { content: 'block+', tableRole: 'header_cell', isolating: true, attrs: cellAttrs },
  tableCell: { content: 'block+', tableRole: 'cell', isolating: true, attrs: cellAttrs },
  taskList: { content: 'taskItem+', group: 'block list' },
  taskItem: { content: 'paragraph block*', defining: true, attrs: { checked: { default: false } } },
  image: {
    group: 'inline',
    inline: true,
    draggable: true,
    attrs: {
      src: { default: null },
      alt: { default: null },
      title: { default: null },
      width: { default: null },
      height: { default: null },
    },
  },
  civicRef: {
    group: 'inline',
    inline: true,
    atom: true,
    attrs: { refType: { default: 'record' }, id: { default: '' }, label: { default: '' } },
  },
  footnoteReference: { group: 'inline', inline: true, atom: true, attrs: { label: { default: '' } } },
  footnoteDefinition: {
    content: 'block+',
    group: 'block',
    defining: true,
    attrs: { label: { default: '' } },
  },
  htmlInline: { group: 'inline', inline: true, atom: true, attrs: { html: { default: '' } } },
};

const marks: Record<string, MarkSpec> = {
  link: {
    inclusive: true,
    attrs: {
      href: { default: null },
      target: { default: '_blank' },
      rel: { default: 'noopener noreferrer nofollow' },
      class: { default: null },
      title: { default: null },
    },
  },
  bold: {},
  code: { excludes: '_', code: true },
  italic: {},
  strike: {},
  underline: {},
};

export const schema: Schema = new Schema({ nodes, marks });
