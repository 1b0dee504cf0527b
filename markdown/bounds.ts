/**
 * What is too intricate for a document: remark would need time that grows with the square of such a text or faster,
 * or nest deeper than the stack holds.
 *
 * A quick look, without parsing anything, at what was measured to hurt most. The limits are far from anything that
 * somebody wrote: of 676 files the most intricate paragraph had 37 runs of `*`, `_` or `~`, 88 brackets, lists three
 * deep. What hurts and is not seen here takes long instead, and whoever opens texts of strangers sets a deadline.
 */

import type { NodeJson } from './json.ts';

const limits = {
  /** Quotes and lists that one line opens. */
  containers: 100,
  /** Columns before such a mark. */
  indentation: 400,
  /** Runs of `*`, `_` and `~` in a paragraph: 1,300 took a third of a second, 2,600 a whole one. */
  emphasis: 1_000,
  /** `[` and `]` in a paragraph. */
  brackets: 2_000,
  /** `&` in a word, at the end of which a web address may stand. */
  entities: 200,
  /** Nodes in one another, in a document. */
  depth: 100,
  /** Nodes in all, where there is one for every few characters; 1 MB of law has 37,000. */
  nodes: 40_000,
  charactersPerNode: 3,
} as const;

const mark = /[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t\n]))/y;
const blank = /^[ \t>]*\n?$/;
/** Or a definition, of which there may be thousands in a row. */
const beginsParagraph = /^[ \t]*(?:[>|#]|[-*+][ \t]|\d{1,9}[.)][ \t]|\[[^\]]+\]:)/;
const fence = /^[ \t>]*(?:```|~~~)/;
/** HTML and indented code are not searched for emphasis and links. */
const isLiteral = /^[ \t]*<|^(?: {4}|\t)/;

/** @param lines each with `\n` at its end */
export function isTooIntricate(lines: Iterable<string>): boolean {
  let [emphasis, brackets] = [0, 0];
  let [isFenced, isSkipped, isFirst] = [false, false, true];
  for (const line of lines) {
    if (opensTooMuch(line)) return true;
    if (blank.test(line)) {
      [emphasis, brackets, isSkipped, isFirst] = [0, 0, false, true];
      continue;
    }
    if (fence.test(line)) isFenced = !isFenced;
    if (isFirst) isSkipped = isLiteral.test(line);
    if (beginsParagraph.test(line)) [emphasis, brackets] = [0, 0];
    isFirst = false;
    if (isFenced || isSkipped) continue;
    emphasis += countOf(line, /[*_~]+/g);
    brackets += countOf(line, /[[\]]/g);
    if (emphasis > limits.emphasis || brackets > limits.brackets) return true;
    if (line.includes('&') && line.split(/\s/).some((word) => countOf(word, /&/g) > limits.entities))
      return true;
  }
  return false;
}

function opensTooMuch(line: string): boolean {
  mark.lastIndex = 0;
  let count = 0;
  while (count <= limits.containers && mark.test(line)) count += 1;
  if (count > limits.containers) return true;
  return count > 0 && line.search(/[^ \t]/) > limits.indentation;
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/**
 * Whether a text makes more nodes than it has words: whoever takes in a document is held up by each of them, and by
 * 100 KB of empty cells as long as by a law of 3 MB.
 */
export function isTooDense(nodes: readonly NodeJson[], length: number): boolean {
  const count = countOfNodes(nodes);
  return count > limits.nodes && count * limits.charactersPerNode > length;
}

function countOfNodes(nodes: readonly NodeJson[]): number {
  let count = nodes.length;
  for (const { content } of nodes) if (content) count += countOfNodes(content);
  return count;
}

/** Whether nodes stand in one another deeper than a document may have it. */
export function isTooDeep(node: NodeJson, depth = 1): boolean {
  if (depth > limits.depth) return true;
  return node.content?.some((child) => isTooDeep(child, depth + 1)) ?? false;
}

/**
 * A live document has the depth that somebody gave it, and everything here walks it by recursion. Of one that is too
 * deep this much stays; further in it keeps its text, but not what that stands in.
 */
export const flatFrom = 20;

/** The document itself unless it is too deep. */
export function flattened(node: NodeJson): NodeJson {
  return isTooDeep(node) ? shallow(node, 1) : node;
}

function shallow(node: NodeJson, depth: number): NodeJson {
  if (!node.content) return node;
  const content =
    depth < flatFrom ? node.content.map((child) => shallow(child, depth + 1)) : leavesOf(node.content);
  return { ...node, content };
}

function leavesOf(nodes: readonly NodeJson[]): NodeJson[] {
  return leavesBelow(nodes, (node) => {
    const { content = [] } = node;
    return content.some((child) => child.content) ? content : [];
  });
}

/**
 * In document order, without recursion.
 *
 * @param childrenOf none for what is to stay as it is
 */
export function leavesBelow<Node>(
  nodes: readonly Node[],
  childrenOf: (node: Node) => readonly Node[],
): Node[] {
  const leaves: Node[] = [];
  const open = nodes.toReversed();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const children = childrenOf(node);
    if (children.length === 0) leaves.push(node);
    else for (const child of children.toReversed()) open.push(child);
  }
  return leaves;
}

export const maxDepth = limits.depth;
