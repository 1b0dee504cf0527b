/**
 * Blocks that hold source (nodes/opaque.ts), after somebody has edited that source: it is what it reads as now.
 *
 * `<div>` that became `<di v>` is a paragraph, and a list that was typed there is a list. So the document that is to
 * be written holds those blocks instead, and their text is the source as it was typed.
 *
 * The delimiters of a mark inside itself (nodes/marks.ts) are source too. Where an edit took them out of it, they are
 * the text that they look like.
 */

import type { Source } from './apart.ts';
import type { Definitions } from './definitions.ts';
import { featureSet } from './features.ts';
import { block, joinText, type NodeJson, stringAttr, textNode } from './json.ts';
import { isOpaque } from './nodes/opaque.ts';
import { type Memory, parseLines, parseWithin } from './parse.ts';
import { type PrintOptions, print } from './serialize.ts';
import { otherMarkers } from './style.ts';
import { isSame, marksAround, withoutOrphans } from './tidy.ts';
import { linesIn } from './tokens.ts';

export interface Restated {
  readonly blocks: readonly NodeJson[];
  /** What was typed as source: the first block that it reads as has the text, the others have ''. */
  readonly typed: ReadonlyMap<NodeJson, string>;
}

/**
 * @param isKnown whether a block stands in the source as it is; only others are looked at
 * @param memory what was read so far; grows
 */
export function restate(
  live: readonly NodeJson[],
  isKnown: (index: number) => boolean,
  source: Source,
  options: PrintOptions,
  definitions: Definitions,
  memory: Memory,
): Restated | undefined {
  const typed = new Map<NodeJson, string>();
  let hasChanged = false;
  let plain: readonly NodeJson[] | undefined;
  const style = source.style();
  const hidden = new Set(
    source.parsed.hidden.flatMap(({ firstLine, endLine }) => source.lines.slice(firstLine, endLine)),
  );
  const readsAs = (node: NodeJson) =>
    [style, otherMarkers(style)].some((each) => {
      const text = print(block('doc', [node]), each, options);
      const [only, ...others] = parseWithin(text, definitions, featureSet(options)).blocks;
      return only !== undefined && others.length === 0 && isSame(only.node, node);
    });
  const restated = (node: NodeJson, isTop = false): NodeJson[] => {
    // The blocks of a cell are lines of text (rectangle.ts).
    if (!holdsSource(node) || node.type === 'table') return [node];
    if (node.content && node.type !== 'codeBlock')
      return [{ ...node, content: node.content.flatMap((child) => restated(child)) }];
    const text = print(block('doc', [node]), style, options);
    // What it reads as by itself is most often what is written, and need not be parsed again for that.
    const [same, ...more] = parseLines(linesIn(text), featureSet(options), memory, definitions).blocks;
    if (same && more.length === 0 && isSame(same.node, node)) return [node];
    const read = parseWithin(text, definitions, featureSet(options)).blocks;
    const [only, ...others] = read;
    // Nothing can stand for a text that reads as nothing, a link definition: it is written as it is, and once.
    const isThere = !only && linesIn(text).every((line) => hidden.has(line));
    if (!isThere && (!only || (others.length === 0 && isSame(only.node, node)))) return [node];
    hasChanged = true;
    const nodes = read.map((each) => each.node);
    if (isTop) for (const [at, each] of nodes.entries()) typed.set(each, at === 0 ? text : '');
    return nodes;
  };
  const blocks = live.flatMap((node, index) => {
    if (isKnown(index)) return [node];
    if (holdsDelimiter(node)) {
      // A reference to a footnote that is not there is text as well.
      plain ??= withoutOrphans(block('doc', [...live]), !featureSet(options).has('footnote')).content ?? [];
      const asText = plain[index] ?? node;
      if (!readsAs(asText) && readsAs(withBareDelimiters(asText))) {
        hasChanged = true;
        return [withBareDelimiters(node)];
      }
    }
    return restated(node, true);
  });
  return hasChanged ? { blocks, typed } : undefined;
}

function holdsSource(node: NodeJson): boolean {
  return isOpaque(stringAttr(node, 'language')) || (node.content?.some(holdsSource) ?? false);
}

function isDelimiter({ type, attrs }: NodeJson): boolean {
  return type === 'htmlInline' && ['**', '*', '~~'].includes(String(attrs?.html));
}

function holdsDelimiter(node: NodeJson): boolean {
  return isDelimiter(node) || (node.content?.some(holdsDelimiter) ?? false);
}

function withBareDelimiters(node: NodeJson): NodeJson {
  const { content } = node;
  if (!content || !holdsDelimiter(node)) return node;
  const bare = content.map((child, index) =>
    isDelimiter(child)
      ? textNode(stringAttr(child, 'html'), marksAround(content, index))
      : withBareDelimiters(child),
  );
  return { ...node, content: joinText(bare) };
}
