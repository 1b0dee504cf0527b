/**
 * Markdown text ↔ mdast, through remark: CommonMark and GFM, with one addition to the grammar.
 *
 * A comment at the start of a line is an HTML block in CommonMark. A civic reference is one too, but belongs to
 * its paragraph: the block construct steps back from it, and the inline one takes it.
 */

import type { Code, Nodes, Paragraph, Parent, Root, RootContent } from 'mdast';
import { htmlFlow } from 'micromark-core-commonmark';
import type { Construct, Extension, State } from 'micromark-util-types';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import remarkStringify, { type Options } from 'remark-stringify';
import { type Processor, unified } from 'unified';
import { needlessFor, without } from './grammar.ts';
import { readPlainly } from './prose.ts';

const lessThan = '<'.charCodeAt(0);
const opening = '<!--civic-ref ';

/** Matches the opening of a civic reference without consuming it. */
const civicRefOpening: Construct = {
  partial: true,
  tokenize(effects, ok, nok) {
    let index = 0;
    const step: State = (code) => {
      if (index === opening.length) {
        effects.exit('data');
        return ok(code);
      }
      if (code !== opening.charCodeAt(index)) return nok(code);
      if (index === 0) effects.enter('data');
      index += 1;
      effects.consume(code);
      return step;
    };
    return step;
  },
};

const civicRefInParagraph: Extension = {
  disable: { null: ['htmlFlow'] },
  flow: {
    [lessThan]: {
      ...htmlFlow,
      name: 'htmlFlowButCivicRef',
      tokenize(effects, ok, nok) {
        return effects.check(civicRefOpening, nok, htmlFlow.tokenize.call(this, effects, ok, nok));
      },
    },
  },
};

function civicReferences(this: Processor) {
  const data = this.data();
  data.micromarkExtensions ??= [];
  data.micromarkExtensions.push(civicRefInParagraph);
}

const parser = unified().use(remarkParse).use(remarkGfm).use(civicReferences);

const sparing = new Map<string, { parse(markdown: string): Root }>();

/** The parser without what a text has no use for, and without what it does to the text of a tree afterwards. */
function parserFor(markdown: string): { parse(markdown: string): Root } {
  const needless = needlessFor(markdown);
  const key = needless.join();
  const known = sparing.get(key) ?? parser().use(withoutNeedless, needless).freeze();
  sparing.set(key, known);
  return known;
}

function withoutNeedless(this: Processor, needless: readonly string[]) {
  const data = this.data();
  data.micromarkExtensions = (data.micromarkExtensions ?? []).map((each) => without(each, needless));
  data.fromMarkdownExtensions = (data.fromMarkdownExtensions ?? [])
    .flat(2)
    .map(({ transforms: _findAddresses, ...each }) => each);
}

/** @param markdown with `\n` as its only line ending */
export function parseMarkdown(markdown: string): Root {
  return readPlainly(markdown, parseFully);
}

/** All of it as remark reads it. */
export function parseFully(markdown: string): Root {
  const tree = parserFor(markdown).parse(markdown);
  if (holdsAddress(tree)) for (const transform of transforms) transform(tree);
  mendIndentedCode(tree, markdown);
  return tree;
}

/** Where indented code could be a list but for its indentation, micromark ends the block and begins another. */
export function mendIndentedCode(tree: Root, markdown: string): void {
  walk(tree, (node) => {
    if ('children' in node && node.children.some(({ type }) => type === 'code'))
      joinIndentedCode(node, markdown);
  });
}

function joinIndentedCode(parent: Parent, markdown: string): void {
  const isIndented = (node: RootContent | undefined): node is Code =>
    node?.type === 'code' && /[ \t]/.test(markdown.charAt(node.position?.start.offset ?? 0));
  const joined: RootContent[] = [];
  for (const node of parent.children) {
    const last = joined.at(-1);
    if (isIndented(node) && isIndented(last) && node.position && last.position) {
      const lines = node.position.start.line - last.position.end.line;
      last.value += '\n'.repeat(lines) + node.value;
      last.position.end = node.position.end;
    } else {
      joined.push(node);
    }
  }
  parent.children = joined;
}

/** What remark does to the text of a tree after reading it: finding addresses. */
const transforms = (parser().freeze().data('fromMarkdownExtensions') ?? [])
  .flat(2)
  .flatMap(({ transforms: own }) => own ?? []);

const addressSign = /@|https?:\/\/|www\./i;

/** Whether text outside of links may hold an address, also one that was spelled with character references. */
function holdsAddress(node: Nodes): boolean {
  if (node.type === 'text') return addressSign.test(node.value);
  if (node.type === 'link' || node.type === 'linkReference' || !('children' in node)) return false;
  return node.children.some(holdsAddress);
}

/** A text, with the addresses that GFM finds in it, escaped or not. */
export function linkedText(value: string): { text: string; href?: string }[] {
  const paragraph: Paragraph = { type: 'paragraph', children: [{ type: 'text', value }] };
  for (const transform of transforms) transform({ type: 'root', children: [paragraph] });
  return paragraph.children.flatMap((node) => {
    if (node.type === 'text') return [{ text: node.value }];
    const [text] = node.type === 'link' ? node.children : [];
    return node.type === 'link' && text?.type === 'text' ? [{ text: text.value, href: node.url }] : [];
  });
}

/** No column is padded: a word in one cell would change every row. */
const gfm = { tablePipeAlign: false };
const plainPrinter = unified().use(remarkGfm, gfm).use(remarkStringify).freeze();

/** Prints a tree; ends in a line break unless empty. */
export function printMarkdown(tree: Root, options?: Options): string {
  const printer = options ? unified().use(remarkGfm, gfm).use(remarkStringify, options) : plainPrinter;
  return printer.stringify(tree);
}

/** Calls `visit` for a node and everything below it, in document order. */
export function walk(node: Nodes, visit: (node: Nodes) => void): void {
  visit(node);
  if ('children' in node) for (const child of node.children) walk(child, visit);
}
