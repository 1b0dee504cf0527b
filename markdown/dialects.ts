/**
 * How editors call things: the names of nodes, marks and attributes, one table for each dialect.
 *
 * Inside the library everything has Tiptap's names, as in schema.ts; spelling.ts translates where JSON comes in or
 * goes out. One more dialect is one more entry here.
 */

import { type MarkSpec, type NodeSpec, Schema } from 'prosemirror-model';
import { allFeatures, type Feature, type MarkdownOptions, needs } from './features.ts';
import { schema } from './schema.ts';

export type DialectName = 'tiptap' | 'civicpress';

/** A name, and for each of our attributes its name there and its value when nobody set it. */
export type Spelling = readonly [
  name: string,
  attrs: Readonly<Record<string, readonly [name: string, unset: unknown]>>,
];

/** By our names. */
export type Spellings = Readonly<Record<string, Spelling>>;

export interface Dialect {
  readonly nodes: Spellings;
  /** In the order in which its schema has them. */
  readonly marks: Spellings;
  /** The features of an editor that was given nothing beyond the usual; all that the dialect can hold when unset. */
  readonly usual?: readonly Feature[];
}

const cellAttrs = {
  colspan: ['colspan', 1],
  rowspan: ['rowspan', 1],
  colwidth: ['colwidth', null],
  align: ['align', null],
} as const;

export const dialects: Readonly<Record<DialectName, Dialect>> = {
  tiptap: {
    nodes: spelledAlike(schema.nodes),
    marks: spelledAlike(schema.marks),
    // StarterKit alone.
    usual: ['strike'],
  },
  // The package `@civicpress/editor-schema`: prosemirror-schema-basic, its lists, prosemirror-tables and civicRef.
  civicpress: {
    nodes: {
      doc: ['doc', {}],
      paragraph: ['paragraph', {}],
      blockquote: ['blockquote', {}],
      horizontalRule: ['horizontal_rule', {}],
      heading: ['heading', { level: ['level', 1] }],
      codeBlock: ['code_block', { language: ['params', ''] }],
      text: ['text', {}],
      image: ['image', { src: ['src', null], alt: ['alt', null], title: ['title', null] }],
      hardBreak: ['hard_break', {}],
      orderedList: ['ordered_list', { start: ['order', 1] }],
      bulletList: ['bullet_list', {}],
      listItem: ['list_item', {}],
      table: ['table', {}],
      tableRow: ['table_row', {}],
      tableCell: ['table_cell', cellAttrs],
      tableHeader: ['table_header', cellAttrs],
      civicRef: ['civicRef', { refType: ['refType', 'record'], id: ['id', ''], label: ['label', ''] }],
    },
    marks: {
      link: ['link', { href: ['href', null], title: ['title', null] }],
      italic: ['em', {}],
      bold: ['strong', {}],
      code: ['code', {}],
    },
  },
};

export const dialectNames = Object.keys(dialects) as DialectName[];

type Types = Readonly<Record<string, { readonly spec: NodeSpec | MarkSpec }>>;

function spelledAlike(types: Types): Spellings {
  const spellings = Object.entries(types).map(([name, { spec }]) => {
    const attrs = Object.entries(spec.attrs ?? {}).map(([attr, { default: unset }]) => [attr, [attr, unset]]);
    return [name, [name, Object.fromEntries(attrs)]];
  });
  return Object.fromEntries(spellings);
}

/** The features that a dialect has nodes and marks for. */
export function featuresHeldBy(dialect: DialectName): Feature[] {
  const { nodes, marks } = dialects[dialect];
  return allFeatures.filter((feature) => {
    const { nodes: nodesNeeded = [], marks: marksNeeded = [] } = needs[feature];
    return nodesNeeded.every((name) => name in nodes) && marksNeeded.every((name) => name in marks);
  });
}

/** Those that are asked for and held, each once and in one order, so that equal sets are equal lists. */
export function featuresIn({ features = allFeatures, dialect = 'tiptap' }: MarkdownOptions): Feature[] {
  return featuresHeldBy(dialect).filter((feature) => features.includes(feature));
}

/** The features of an editor that was given nothing beyond the usual. */
export function usualFeaturesOf(dialect: DialectName): readonly Feature[] {
  return dialects[dialect].usual ?? featuresHeldBy(dialect);
}

/** By what other dialects call nodes and marks, and this one calls none: who uses them speaks another. */
export function foreignNamesIn(dialect: DialectName): ReadonlySet<string> {
  const namesIn = ({ nodes, marks }: Dialect) => Object.values({ ...nodes, ...marks }).map(([name]) => name);
  const own = new Set(namesIn(dialects[dialect]));
  return new Set(
    Object.values(dialects)
      .flatMap(namesIn)
      .filter((name) => !own.has(name)),
  );
}

/** The dialect's schema: ours under its names, without what it lacks. */
export function schemaOf(dialect: DialectName): Schema {
  const { nodes, marks } = dialects[dialect];
  const nameOf = (ours: string) => nodes[ours]?.[0] ?? ours;
  const nodeSpecs = Object.entries(nodes).map(([ours, [name, attrs]]) => {
    const spec: NodeSpec = { ...schema.nodes[ours]?.spec, attrs: unsetAttrs(attrs) };
    if (spec.content) spec.content = spec.content.replace(/\w+/g, nameOf);
    return [name, spec];
  });
  const markSpecs = Object.entries(marks).map(([ours, [name, attrs]]) => {
    const spec: MarkSpec = { ...schema.marks[ours]?.spec, attrs: unsetAttrs(attrs) };
    return [name, spec];
  });
  return new Schema({ nodes: Object.fromEntries(nodeSpecs), marks: Object.fromEntries(markSpecs) });
}

function unsetAttrs(attrs: Spelling[1]): Record<string, { default: unknown }> {
  return Object.fromEntries(Object.values(attrs).map(([name, unset]) => [name, { default: unset }]));
}
