/**
 * The contract of a construct: one file in nodes/ that knows both directions of one piece of Markdown.
 * The drivers parse.ts and serialize.ts walk the trees and hand each node to its construct.
 */

import type { BlockContent, DefinitionContent, Nodes, PhrasingContent, Text } from 'mdast';
import type { Options } from 'remark-stringify';
import type { FeatureSet } from './features.ts';
import type { MarkJson, NodeJson } from './json.ts';
import type { StylePicker } from './style.ts';

export type FlowNode = BlockContent | DefinitionContent;

/** Among blocks, or in inline content; a cell and a heading are one `line`, so their breaks are `<br>`. */
export type Place = 'flow' | 'paragraph' | 'line';

export interface ParseContext {
  readonly features: FeatureSet;
  readonly place: Place;
  /** The marks around the inline node being read. */
  readonly marks: readonly MarkJson[];
  /** Blocks that may be none. */
  blocks(nodes: readonly Nodes[]): NodeJson[];
  inline(nodes: readonly Nodes[], within?: { mark?: MarkJson; place?: Place }): NodeJson[];
  /** Plain text with the current marks, protected where it only looks like literal Markdown. */
  text(value: string, node?: Text): NodeJson[];
  /** Markdown that stands in the text as it is, with the current marks. */
  literal(markdown: string): NodeJson[];
  /** The Markdown of a block as its author wrote it. */
  blockSource(node: Nodes): string;
  /** The Markdown of an inline node: as its author wrote it, or else free of links to definitions elsewhere. */
  inlineSource(node: Nodes): string;
}

export interface PrintContext {
  readonly features: FeatureSet;
  readonly style: StylePicker;
  readonly place: Place;
  /** Whether text in brackets would refer to a definition. */
  isDefined(label: string): boolean;
  blocks(nodes: readonly NodeJson[] | undefined): FlowNode[];
  inline(nodes: readonly NodeJson[] | undefined, place?: Place): PhrasingContent[];
}

type Readers = {
  [T in Nodes['type']]?: (node: Extract<Nodes, { type: T }>, context: ParseContext) => NodeJson[];
};

export type Handlers = NonNullable<Options['handlers']>;

export interface Construct {
  /** From mdast: by mdast type. */
  parse?: Readers;
  /** To mdast, for a block: by ProseMirror type. */
  printBlock?: Record<string, (node: NodeJson, context: PrintContext) => FlowNode[]>;
  /** To mdast, for an inline node that is not text. */
  printInline?: Record<string, (node: NodeJson, context: PrintContext) => PhrasingContent[]>;
  /** To mdast, for a mark around inline content. */
  printMark?: Record<
    string,
    (mark: MarkJson, children: PhrasingContent[], context: PrintContext) => PhrasingContent[]
  >;
  /** From mdast to Markdown, where remark's own way would lose the author's style. */
  handlers?: Handlers;
}
