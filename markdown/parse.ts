/**
 * Markdown → ProseMirror JSON: the driver that walks mdast and hands each node to its construct in nodes/.
 * It sees to what concerns all of them: link definitions, literal text, opaque blocks, text joined as ProseMirror has it.
 */

import type { Definition, Nodes, Root } from 'mdast';
import type { Construct, ParseContext, Place } from './construct.ts';
import { type FeatureSet, literalPattern } from './features.ts';
import { joinText, type MarkJson, type NodeJson, textNode } from './json.ts';
import { constructs } from './nodes/index.ts';
import { opaqueMarkdown } from './nodes/opaque.ts';
import { parseMarkdown, printMarkdown, walk } from './remark.ts';

/** A top-level block and the lines of the source that it came from, counted from 0, the end excluded. */
export interface ParsedBlock {
  node: NodeJson;
  firstLine: number;
  endLine: number;
}

/** @param markdown with `\n` as its only line ending, without frontmatter */
export function parseBlocks(markdown: string, features: FeatureSet): ParsedBlock[] {
  const tree = parseMarkdown(markdown);
  resolveReferences(tree);
  const context = contextOf(markdown, features, new Set(tree.children));
  return tree.children.flatMap((node) =>
    context.blocks([node]).map((json) => ({
      node: json,
      firstLine: (node.position?.start.line ?? 1) - 1,
      endLine: node.position?.end.line ?? 1,
    })),
  );
}

const readers = Object.assign({}, ...constructs.map((construct) => construct.parse)) as Record<
  string,
  (node: Nodes, context: ParseContext) => NodeJson[]
> satisfies Construct['parse'];

interface Within {
  marks: readonly MarkJson[];
  place: Place;
}

function contextOf(source: string, features: FeatureSet, topLevel: ReadonlySet<Nodes>): ParseContext {
  const within = ({ marks, place }: Within): ParseContext => {
    const context: ParseContext = {
      features,
      place,
      marks,
      blocks: (nodes) => nodes.flatMap((node) => readBlock(node, context)),
      inline(nodes, change = {}) {
        const inner = within(changed({ marks, place }, change));
        return joinText(
          nodes.flatMap((node) => readers[node.type]?.(node, inner) ?? inner.text(inner.sourceOf(node))),
        );
      },
      text: (value) => {
        const line = value.replace(literalPattern(features, marks), (found) => `\\${found}`);
        return [textNode(line.replace(/[ \t]*(?:\r\n|\r|\n)[ \t]*/g, ' '), marks)];
      },
      literal: (markdown) => [textNode(markdown.replace(/\s*\n\s*/g, ' '), marks)],
      sourceOf: (node) =>
        topLevel.has(node) && !hasReference(node)
          ? source.slice(node.position?.start.offset, node.position?.end.offset)
          : printAlone(node),
    };
    return context;
  };
  return within({ marks: [], place: 'flow' });
}

function changed(outer: Within, change: { mark?: MarkJson; place?: Place }): Within {
  const { mark, place = outer.place === 'flow' ? 'paragraph' : outer.place } = change;
  const isNew = mark && !outer.marks.some((known) => known.type === mark.type);
  return { place, marks: isNew ? [...outer.marks, mark] : outer.marks };
}

function readBlock(node: Nodes, context: ParseContext): NodeJson[] {
  return readers[node.type]?.(node, context) ?? opaqueMarkdown(context.sourceOf(node));
}

function printAlone(node: Nodes): string {
  return printMarkdown({ type: 'root', children: [node] } as Root).trimEnd();
}

/** Links and images by reference become plain ones, so that no node depends on a definition elsewhere. */
function resolveReferences(tree: Root): void {
  const definitions = new Map<string, Definition>();
  walk(tree, (node) => {
    if (node.type === 'definition' && !definitions.has(node.identifier))
      definitions.set(node.identifier, node);
  });
  walk(tree, (node) => {
    if (node.type !== 'linkReference' && node.type !== 'imageReference') return;
    const definition = definitions.get(node.identifier);
    if (!definition) return;
    const type = node.type === 'linkReference' ? 'link' : 'image';
    Object.assign(node, { type, url: definition.url, title: definition.title ?? null });
  });
}

function hasReference(node: Nodes): boolean {
  let found = false;
  walk(node, (inner) => {
    if ('referenceType' in inner) found = true;
  });
  return found;
}
