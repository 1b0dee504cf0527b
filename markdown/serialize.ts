/**
 * ProseMirror JSON → Markdown: the driver that hands each node to its construct in nodes/ and the mdast to remark.
 * It sees to what concerns all of them: flat marks become nested ones, literal text stays literal, and a node that
 * nobody knows is printed as something rather than dropped.
 */

import type { Html, Nodes, PhrasingContent, Root } from 'mdast';
import type { Options } from 'remark-stringify';
import type { FlowNode, Handlers, Place, PrintContext } from './construct.ts';
import type { Definitions } from './definitions.ts';
import { plainTextHandlers, spelledOutHandlers } from './escape.ts';
import { type FeatureSet, featureSet, literalPattern, type MarkdownOptions } from './features.ts';
import {
  byName,
  hasMark,
  isInline,
  type MarkJson,
  type NodeJson,
  plainText,
  stringAttr,
  textNode,
} from './json.ts';
import { beginsBlock } from './line-start.ts';
import { inlineSource } from './nodes/html.ts';
import { constructs } from './nodes/index.ts';
import { bareAddresses } from './nodes/link.ts';
import { isOpaque } from './nodes/opaque.ts';
import { printMarkdown } from './remark.ts';
import {
  plainStyle,
  type Style,
  type StylePicker,
  stylePicker,
  uniform,
  withEqualUnderlines,
} from './style.ts';
import { isAmong, marksAround, sameMark, tidy } from './tidy.ts';

export interface PrintOptions extends MarkdownOptions {
  /** What text in brackets would refer to. */
  definitions?: Definitions;
  /** Whether punctuation in texts is written as character references: the last way to have it read as text. */
  isSpelledOut?: boolean;
}

/** Prints a document in a style. The line ending is `\n`, also at the end, unless the document is empty. */
export function print(json: NodeJson, style: Style = plainStyle, options: PrintOptions = {}): string {
  const doc = tidy(json);
  const { definitions } = options;
  const context = contextOf(
    featureSet(options),
    stylePicker(style, countStyled(doc)),
    (label) => definitions?.has(label) ?? false,
    options.isSpelledOut,
  );
  const tree: Root = { type: 'root', children: context.blocks(doc.content) };
  return printMarkdown(tree, remarkOptions(style, options));
}

/**
 * Prints an old and a new text in one style, so that they differ by what was edited and nothing else.
 *
 * A style that knows each list in its place cannot do that when there are more lists than before.
 */
export function printBoth(
  old: NodeJson,
  live: NodeJson,
  style: Style,
  options: PrintOptions,
): { old: string; live: string } {
  const isAlike = JSON.stringify(countStyled(tidy(old))) === JSON.stringify(countStyled(tidy(live)));
  const shared = isAlike ? withEqualUnderlines(style) : uniform(style);
  return { old: print(old, shared, options), live: print(live, shared, options) };
}

const blockPrinters = byName(...constructs.map(({ printBlock }) => printBlock));
const inlinePrinters = byName(...constructs.map(({ printInline }) => printInline));
const markPrinters = byName(...constructs.map(({ printMark }) => printMark));
const handlers: Handlers = Object.assign({}, ...constructs.map((construct) => construct.handlers));

function remarkOptions(style: Style, options: PrintOptions): Options {
  const { definitions, isSpelledOut } = options;
  const texts = isSpelledOut
    ? spelledOutHandlers
    : plainTextHandlers((label) => definitions?.has(label) ?? false, !featureSet(options).has('strike'));
  return {
    emphasis: style.emphasis,
    strong: style.strong,
    rule: '*',
    fences: true,
    handlers: { ...handlers, ...texts },
    // A wrapped title is its author's hand: in one line, a word beside it changes one line.
    unsafe: [{ character: '\n', inConstruct: ['titleQuote', 'titleApostrophe'] }],
    join: [
      // In a tight list, blank lines keep apart what would run together: opaque Markdown has no known edges, a footnote
      // goes on, a paragraph takes in HTML, the first row of a table and some lists, and a rule under it makes it a heading, as
      // does the line under a setext heading.
      (left, right) => {
        if (isOpaqueNode(left) || isOpaqueNode(right) || left.type === 'footnoteDefinition') return 1;
        return left.type === 'paragraph' && isTakenIn(right) ? 1 : undefined;
      },
    ],
  };
}

function isTakenIn(node: Nodes): boolean {
  if (node.type === 'heading') return node.depth < 3 && node.data?.style?.form === 'setext';
  // What begins on the line of a marker is under the paragraph as well.
  if (node.type === 'blockquote') return node.children[0] !== undefined && isTakenIn(node.children[0]);
  if (node.type !== 'list') return ['html', 'table', 'thematicBreak'].includes(node.type);
  const [first] = node.children[0]?.children ?? [];
  const isEmpty = !first || (first.type === 'paragraph' && first.children.length === 0);
  if ((first?.type === 'list' || first?.type === 'blockquote') && isTakenIn(first)) return true;
  return isEmpty || (node.ordered === true && node.start !== 1);
}

function isOpaqueNode(node: { type: string }): boolean {
  return node.type === 'html' && !(node as Html).value.startsWith('<');
}

function countStyled(doc: NodeJson): Parameters<typeof stylePicker>[1] {
  const totals = { bulletLists: 0, orderedLists: 0, headings: 0, codeBlocks: 0, rules: 0 };
  const count = (node: NodeJson) => {
    if (node.type === 'bulletList') totals.bulletLists += 1;
    else if (node.type === 'orderedList') totals.orderedLists += 1;
    else if (node.type === 'heading') totals.headings += 1;
    else if (node.type === 'codeBlock' && !isOpaque(stringAttr(node, 'language'))) totals.codeBlocks += 1;
    else if (node.type === 'horizontalRule') totals.rules += 1;
    node.content?.forEach(count);
  };
  count(doc);
  return totals;
}

function contextOf(
  features: FeatureSet,
  style: StylePicker,
  isDefined: PrintContext['isDefined'],
  isSpelledOut = false,
): PrintContext {
  const at = (place: Place): PrintContext => {
    const context: PrintContext = {
      features,
      style,
      place,
      isDefined,
      blocks: (nodes = []) => groupInline(nodes).flatMap((node) => printBlock(node, context)),
      inline(nodes = [], where = place === 'flow' ? 'paragraph' : place) {
        const inner = where === place ? context : at(where);
        const withLiterals = (node: NodeJson, index: number) => {
          // Space that is spelled out keeps HTML from beginning a block, and is none that anybody sees.
          if (where === 'paragraph' && beginsBlock(nodes, index, stringAttr(node, 'html')))
            return [textNode(' ', marksAround(nodes, index)), node];
          return splitLiterals(
            node,
            literalPattern(features, node.marks, where),
            where === 'paragraph' && beginsBlock(nodes, index, node.text ?? ''),
            isSpelledOut,
          );
        };
        const nested = nest(bridged(nodes.flatMap(withLiterals), style), inner);
        return style.style.bareUrls ? bareAddresses(nested) : nested;
      },
    };
    return context;
  };
  return at('flow');
}

/** Text that stands where only blocks may stand, from an editor with another schema, becomes paragraphs. */
function groupInline(nodes: readonly NodeJson[]): NodeJson[] {
  const blocks: NodeJson[] = [];
  let open: NodeJson[] | undefined;
  for (const node of nodes) {
    if (!isInline(node)) {
      blocks.push(node);
      open = undefined;
    } else if (open) {
      open.push(node);
    } else {
      open = [node];
      blocks.push({ type: 'paragraph', content: open });
    }
  }
  return blocks;
}

function printBlock(node: NodeJson, context: PrintContext): FlowNode[] {
  const printer = blockPrinters[node.type];
  if (printer) return printer(node, context);
  if (node.content?.some(isInline)) return [{ type: 'paragraph', children: context.inline(node.content) }];
  if (node.content) return context.blocks(node.content);
  return node.attrs ? [{ type: 'html', value: traceOf(node) }] : [];
}

/** A trace of a node that has neither Markdown nor text. */
function traceOf(node: NodeJson): string {
  const json = JSON.stringify({ type: node.type, attrs: node.attrs }).replaceAll('--', '-\\u002d');
  return `<!-- ${json} -->`;
}

/**
 * Nodes bear no marks in Yjs, so one between two texts takes what both of them have; a line break does so where its
 * author has it so: in lines that are bold one by one, the words of one decide nothing about the next.
 */
function bridged(content: readonly NodeJson[], { style }: StylePicker): NodeJson[] {
  return content.map((node, index) => {
    if (node.text !== undefined) return node;
    const isApart = node.type === 'hardBreak' && !style.breaksInside;
    const marks = marksAround(content, index).filter(({ type }) => !isApart || type === 'link');
    return marks.length > 0 ? { ...node, marks } : node;
  });
}

/** A piece of text that is already Markdown. */
const literalType = 'literal';

/**
 * @param isTextAtStart whether what stands first is text, though it looks like a literal
 * @param areTildesText whether tildes are: two that would strike what they do not both stand in cannot be bare
 */
function splitLiterals(
  node: NodeJson,
  literals: RegExp,
  isTextAtStart: boolean,
  areTildesText: boolean,
): NodeJson[] {
  const { text } = node;
  if (text === undefined || hasMark(node, 'code')) return [node];
  const pieces: NodeJson[] = [];
  let end = 0;
  for (const match of text.matchAll(literals)) {
    if (match.index > end) pieces.push({ ...node, text: text.slice(end, match.index) });
    const bare = match[0].replace(/^\\/, '');
    const isBareText = (isTextAtStart && match.index === 0) || (areTildesText && bare.startsWith('~'));
    const isText = bare !== match[0] || isBareText;
    pieces.push(isText ? { ...node, text: bare } : { ...node, type: literalType, text: bare });
    end = match.index + match[0].length;
  }
  return end === 0 ? [node] : end < text.length ? [...pieces, { ...node, text: text.slice(end) }] : pieces;
}

/** When marks cover the same text, the first is the outermost. */
function nestingOrder({ style }: StylePicker): string[] {
  const emphasis = ['italic', 'bold', 'strike'];
  return style.linksOutside ? ['link', ...emphasis] : [...emphasis, 'link'];
}

/** Flat marks → nested nodes: the mark that reaches furthest is the outer one. */
function nest(nodes: readonly NodeJson[], context: PrintContext): PhrasingContent[] {
  const result: PhrasingContent[] = [];
  for (let index = 0; index < nodes.length; ) {
    const node = nodes[index] as NodeJson;
    const outer = outerMark(nodes, index, nestingOrder(context.style));
    if (!outer) {
      result.push(...printInline(node, context));
      index += 1;
      continue;
    }
    const children = nest(
      nodes.slice(index, outer.end).map((inner) => ({
        ...inner,
        marks: (inner.marks ?? []).filter((mark) => !sameMark(mark, outer.mark)),
      })),
      context,
    );
    result.push(...(markPrinters[outer.mark.type]?.(outer.mark, children, context) ?? children));
    index = outer.end;
  }
  return result;
}

function outerMark(
  nodes: readonly NodeJson[],
  start: number,
  order: readonly string[],
): { mark: MarkJson; end: number } | undefined {
  let best: { mark: MarkJson; end: number } | undefined;
  const marks = (nodes[start]?.marks ?? []).filter((mark) => mark.type !== 'code');
  marks.sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
  for (const mark of marks) {
    let end = start + 1;
    while (nodes[end] && isAmong(mark, nodes[end]?.marks ?? [])) end += 1;
    if (!best || end > best.end) best = { mark, end };
  }
  return best;
}

function printInline(node: NodeJson, context: PrintContext): PhrasingContent[] {
  if (node.type === literalType) return [inlineSource(node.text ?? '')];
  if (node.text !== undefined) {
    return hasMark(node, 'code')
      ? [{ type: 'inlineCode', value: node.text }]
      : [{ type: 'text', value: node.text }];
  }
  const printer = inlinePrinters[node.type];
  if (printer) return printer(node, context);
  if (node.content)
    return context.inline(
      node.content.flatMap((child) =>
        isInline(child) ? [child] : [{ type: 'text', text: plainText(child) }],
      ),
    );
  return node.attrs ? [inlineSource(traceOf(node))] : [];
}
