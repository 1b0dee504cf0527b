/**
 * Markdown → ProseMirror JSON: the driver that walks mdast and hands each node to its construct in nodes/.
 * It sees to what concerns all of them: link definitions, literal text, opaque blocks, text joined as ProseMirror has it.
 */

import type { Definition, Nodes, Root } from 'mdast';
import { isTooDeep, isTooIntricate } from './bounds.ts';
import type { Construct, ParseContext, Place } from './construct.ts';
import { type AnyDefinition, Definitions, definitionsIn } from './definitions.ts';
import { type FeatureSet, literalPattern } from './features.ts';
import { joinText, type MarkJson, type NodeJson, textNode } from './json.ts';
import { beginsBlock } from './line-start.ts';
import { constructs } from './nodes/index.ts';
import { opaqueMarkdown } from './nodes/opaque.ts';
import { withUnderlines } from './nodes/underline.ts';
import { parseMarkdown, printMarkdown, walk } from './remark.ts';
import { reread } from './reread.ts';
import { canGoOn, cutsOf } from './slices.ts';
import { ownFactsOf, type StyleFact, styleFactsOf } from './style.ts';
import { type LineRange, linesIn } from './tokens.ts';

/** A top-level block, the lines that it came from, counted from 0, the end excluded, and how they are written. */
export interface ParsedBlock {
  readonly node: NodeJson;
  readonly firstLine: number;
  readonly endLine: number;
  readonly style: readonly StyleFact[];
  /** Each item of a list, row of a table or block in a quote; lines are counted from the first of the block. */
  readonly children: readonly ParsedChild[];
}

export interface ParsedChild extends LineRange {
  readonly style: readonly StyleFact[];
}

export interface Parsed {
  readonly blocks: readonly ParsedBlock[];
  readonly definitions: readonly AnyDefinition[];
  /** The lines that hold link definitions and nothing else, with the blank ones before them. */
  readonly hidden: readonly LineRange[];
  /** The lines of link definitions behind the marker of an item or a footnote. */
  readonly behindMarkers: readonly LineRange[];
  /** The lines at which the slices start. */
  readonly sliceStarts: readonly number[];
  /** What each slice was parsed as, to be remembered for the next text. */
  readonly slices: ReadonlyMap<string, ParsedSlice>;
  /** Whether a part of the text was not parsed at all, since that would take too long. */
  readonly isTooIntricate: boolean;
}

export interface ParsedSlice {
  readonly blocks: readonly ParsedBlock[];
  readonly definitions: readonly AnyDefinition[];
  readonly hidden: readonly LineRange[];
  readonly behindMarkers: readonly LineRange[];
  /** Whether the last block may go on after a blank line. */
  readonly mayGoOn: boolean;
  readonly isTooIntricate: boolean;
}

/** Slices that need no parsing again, by their text and what they refer to; grows by what is parsed. */
export type Memory = Map<string, ParsedSlice>;

/**
 * Parses a text slice by slice, with the same result as all at once.
 *
 * Blocks are found without knowing any definition, so a first round looks for definitions where some may be; the
 * second parses each slice behind stubs of those that it refers to in other slices.
 *
 * @param lines each with `\n` at its end; no frontmatter
 * @param elsewhere the definitions to go by, for lines out of the middle of a text
 */
export function parseLines(
  lines: readonly string[],
  features: FeatureSet,
  memory: Memory = new Map(),
  elsewhere?: Definitions,
): Parsed {
  const slices: Memory = new Map();
  const before = [...memory];
  const parse = (text: string, stubs = '') => {
    const key = stubs + text;
    const parsed =
      memory.get(key) ??
      (stubs === '' ? reread(text, before, (part) => parseSlice(part, '', features)) : undefined) ??
      parseSlice(text, stubs, features);
    memory.set(key, parsed);
    slices.set(key, parsed);
    return parsed;
  };
  const found = sliceUp(lines, parse).map((slice) => ({
    ...slice,
    alone: slice.text.includes(']:') ? parse(slice.text) : undefined,
  }));
  const definitions = found.flatMap(({ alone }) => alone?.definitions ?? []);
  const defined = elsewhere ?? new Definitions(definitions);
  const read = found.map(({ text, firstLine, alone }) => ({
    firstLine,
    parsed: parse(text, defined.stubsFor(text, alone?.definitions)),
  }));
  return {
    blocks: read.flatMap(({ parsed, firstLine }) => parsed.blocks.map((block) => moved(block, firstLine))),
    definitions,
    hidden: found.flatMap(({ alone, firstLine }) =>
      (alone?.hidden ?? []).map((range) => moved(range, firstLine)),
    ),
    behindMarkers: found.flatMap(({ alone, firstLine }) =>
      (alone?.behindMarkers ?? []).map((range) => moved(range, firstLine)),
    ),
    sliceStarts: found.map(({ firstLine }) => firstLine),
    slices,
    isTooIntricate: read.some(({ parsed }) => parsed.isTooIntricate),
  };
}

/** Parses a text that stands in another one, whose definitions it may refer to. */
export function parseWithin(text: string, defined: Definitions, features: FeatureSet): ParsedSlice {
  return parseSlice(text, defined.stubsFor(text), features);
}

const containers = new Set(['list', 'table', 'blockquote']);

function childrenOf(node: Nodes, source: string): ParsedChild[] {
  if (!containers.has(node.type) || !('children' in node)) return [];
  const start = lineOf(node.position?.start);
  return (node.children as Nodes[])
    .filter((child) => child.type !== 'definition')
    .map((child) => ({
      firstLine: lineOf(child.position?.start) - start,
      endLine: lineOf(child.position?.end) + 1 - start,
      style: styleFactsOf(child, source),
    }));
}

interface Slice {
  text: string;
  firstLine: number;
}

function sliceUp(lines: readonly string[], parse: (text: string) => ParsedSlice): Slice[] {
  const cuts = cutsOf(lines);
  const slices: Slice[] = [];
  for (let index = 0; index < cuts.length; ) {
    const firstLine = cuts[index] as number;
    let count = 1;
    const join = () => lines.slice(firstLine, cuts[index + count]).join('');
    let text = join();
    while (index + count < cuts.length && canGoOn.test(text) && parse(text).mayGoOn) {
      // Twice as many each time, so that one comment that never ends is not parsed over and over.
      count *= 2;
      text = join();
    }
    slices.push({ text, firstLine });
    index += count;
  }
  return slices;
}

/** A text that is no document (bounds.ts): one opaque block. */
function unparsed(lines: readonly string[]): ParsedSlice {
  const firstLine = lines.findIndex((line) => /\S/.test(line));
  const endLine = lines.findLastIndex((line) => /\S/.test(line)) + 1;
  const [node] = opaqueMarkdown(lines.slice(firstLine, endLine).join('').trimEnd());
  const blocks = node ? [{ node, firstLine, endLine, style: [], children: [] }] : [];
  return { blocks, definitions: [], hidden: [], behindMarkers: [], mayGoOn: false, isTooIntricate: true };
}

function parseSlice(text: string, stubs: string, features: FeatureSet): ParsedSlice {
  const lines = linesIn(text);
  if (isTooIntricate(lines)) return unparsed(lines);
  const source = stubs + text;
  const tree = parseMarkdown(source);
  const stubLines = linesOf(stubs);
  const nodes = tree.children.filter((node) => lineOf(node.position?.start) >= stubLines);
  const definitions = definitionsIn(nodes);
  const children = nodes.map((node) => childrenOf(node, source));
  const styles = nodes.map((node, index) =>
    containers.has(node.type)
      ? [...ownFactsOf(node, source), ...(children[index] ?? []).flatMap(({ style }) => style)]
      : styleFactsOf(node, source),
  );
  resolveReferences(tree);
  const context = contextOf(
    source,
    features,
    new Set(tree.children),
    new Definitions(definitionsIn(tree.children)),
  );
  const blocks = nodes.flatMap((node, index) =>
    context.blocks([node]).map((json) => ({
      node: json,
      firstLine: lineOf(node.position?.start) - stubLines,
      endLine: lineOf(node.position?.end) + 1 - stubLines,
      style: styles[index] ?? [],
      children: children[index] ?? [],
    })),
  );
  if (blocks.some(({ node }) => isTooDeep(node))) return unparsed(lines);
  const last = nodes.at(-1)?.type;
  const defined = definedLines(definitions, text, stubLines);
  const mayGoOn = last === 'code' || last === 'html';
  return { blocks, definitions, ...defined, mayGoOn, isTooIntricate: false };
}

function linesOf(text: string): number {
  return text.split('\n').length - 1;
}

function lineOf(point: { line: number } | undefined): number {
  return (point?.line ?? 1) - 1;
}

function moved<T extends LineRange>(range: T, lines: number): T {
  return { ...range, firstLine: range.firstLine + lines, endLine: range.endLine + lines };
}

function definedLines(
  definitions: readonly AnyDefinition[],
  text: string,
  stubLines: number,
): Pick<ParsedSlice, 'hidden' | 'behindMarkers'> {
  const [hidden, behindMarkers]: [LineRange[], LineRange[]] = [[], []];
  const lines = definitions.length === 0 ? [] : linesIn(text);
  const isBare = (line: string | undefined) => line !== undefined && /^[ \t>]*$/.test(line.trimEnd());
  for (const { type, position } of definitions) {
    if (type !== 'definition') continue;
    let firstLine = lineOf(position?.start) - stubLines;
    const endLine = lineOf(position?.end) - stubLines + 1;
    const offset = (position?.start.column ?? 1) - 1;
    if (!isBare(lines[firstLine]?.slice(0, offset))) {
      behindMarkers.push({ firstLine, endLine, offset });
      continue;
    }
    while (isBare(lines[firstLine - 1])) firstLine -= 1;
    hidden.push({ firstLine, endLine });
  }
  return { hidden, behindMarkers };
}

const readers = Object.assign({}, ...constructs.map((construct) => construct.parse)) as Record<
  string,
  (node: Nodes, context: ParseContext) => NodeJson[]
> satisfies Construct['parse'];

/**
 * Tells of a run of tildes in a text whether it has no backslash in the source. A tilde that strikes nothing where it
 * stands strikes nothing when it is written there again, and needs no protection; one with a backslash does.
 */
function bareTildes(value: string, source: string): (at: number, length: number) => boolean {
  if (!value.includes('~')) return () => false;
  const written = [...source.matchAll(/\\[^~]|\\?~|&#(?:0*126|[xX]0*7[eE]);/g)].map(([found]) => found);
  const tildes = written.filter((found) => !/^\\[^~]/.test(found));
  const places = [...value.matchAll(/~/g)].map(({ index }) => index);
  const isKnown = tildes.length === places.length;
  const bare = new Set(places.filter((_, index) => isKnown && tildes[index] === '~'));
  return (at, length) => Array.from({ length }, (_, index) => at + index).every((place) => bare.has(place));
}

interface Within {
  marks: readonly MarkJson[];
  place: Place;
}

function contextOf(
  source: string,
  features: FeatureSet,
  topLevel: ReadonlySet<Nodes>,
  defined: Definitions,
): ParseContext {
  // A label that nothing defines is mere text, also without a backslash.
  const isBareLabel = (found: string) => found.startsWith('[^') && !defined.has(found.slice(1, -1));
  const sourceOf = ({ position }: Nodes) => source.slice(position?.start.offset, position?.end.offset);
  const within = ({ marks, place }: Within): ParseContext => {
    const context: ParseContext = {
      features,
      place,
      marks,
      blocks: (nodes) => nodes.flatMap((node) => readBlock(node, context)),
      inline(nodes, change = {}) {
        const inner = within(changed({ marks, place }, change));
        const content = joinText(
          (features.has('underline') ? withUnderlines(nodes) : nodes).flatMap(
            (node) => readers[node.type]?.(node, inner) ?? inner.text(inner.inlineSource(node)),
          ),
        );
        return inner.place === 'paragraph' ? content.map(withoutNeedlessBackslash) : content;
      },
      text: (value, node) => {
        const bare = node ? bareTildes(value, sourceOf(node)) : undefined;
        const isBareTilde = (found: string, at: number) => found.startsWith('~') && bare?.(at, found.length);
        const line = value.replace(literalPattern(features, marks, place), (found, ...rest) => {
          const at = rest.find((each): each is number => typeof each === 'number') ?? 0;
          return isBareLabel(found) || isBareTilde(found, at) ? found : `\\${found}`;
        });
        return [textNode(line.replace(/[ \t]*(?:\r\n|\r|\n)[ \t]*/g, ' '), marks)];
      },
      literal: (markdown) => [textNode(markdown.replace(/\s*\n\s*/g, ' '), marks)],
      blockSource: (node) => (topLevel.has(node) ? sourceOf(node) : sourceWithin(node, source)),
      inlineSource(node) {
        const own = sourceOf(node);
        const [found] = own.match(literalPattern(features, marks, place)) ?? [];
        return found === own && !hasReference(node) && readsAs(own, node) ? own : printAlone(node);
      },
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

/** At the start of a line it protects what is no literal Markdown anyway. */
function withoutNeedlessBackslash(node: NodeJson, index: number, content: readonly NodeJson[]): NodeJson {
  const bare = node.text?.startsWith('\\') ? node.text.slice(1) : '';
  return beginsBlock(content, index, bare) ? { ...node, text: bare } : node;
}

function readBlock(node: Nodes, context: ParseContext): NodeJson[] {
  return readers[node.type]?.(node, context) ?? opaqueMarkdown(context.blockSource(node));
}

/** The source of a block inside a list or quote, without what indents and quotes its lines. */
function sourceWithin(node: Nodes, source: string): string {
  const { start, end } = node.position ?? {};
  const [first = '', ...lines] = source.slice(start?.offset, end?.offset).split('\n');
  const prefix = new RegExp(`^[ \\t>]{0,${(start?.column ?? 1) - 1}}`);
  const own = [first, ...lines.map((line) => line.replace(prefix, ''))].join('\n').trimEnd();
  return readsAs(own, node) ? own : printAlone(node);
}

/** Whether a text, by itself, is a node and nothing else. */
function readsAs(text: string, node: Nodes): boolean {
  const [only, ...others] = parseMarkdown(text).children;
  if (!only || others.length > 0) return false;
  const inline = only.type === 'paragraph' && node.type !== 'paragraph' ? only.children : [only];
  return inline.length === 1 && printAlone(inline[0] as Nodes) === printAlone(node);
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
