/**
 * How an author writes Markdown: which of the many spellings of the same thing.
 *
 * `sniffStyle` reads it off a text. What has a place in the document (lists, headings, code, rules) is kept in
 * document order, so that a print with as many of them gives each its own style back; new ones get the commonest.
 */

import type { Code, Heading, List, Nodes, Paragraph } from 'mdast';
import { parseMarkdown, walk } from './remark.ts';

export interface ListStyle {
  /** `-`, `*` or `+`; `.` or `)` after a number. */
  marker: string;
  /** Blank lines between the items. */
  loose: boolean;
  /** Spaces between the marker and the text. */
  gap: number;
  /** Whether the numbers count up, or stay as the first. */
  counts: boolean;
}

export interface HeadingStyle {
  form: 'atx' | 'closedAtx' | 'setext';
  /** How long the line under a setext heading is; default: as long as its text. */
  underline?: number;
}

export interface CodeStyle {
  form: 'fenced' | 'indented';
  /** At least this fence. */
  fence: string;
}

export interface Style {
  emphasis: '*' | '_';
  strong: '*' | '_';
  hardBreak: '\\' | '  ';
  /** Web addresses stand bare, not in angle brackets. */
  bareUrls: boolean;
  paddedCells: boolean;
  /** `[**bold**](…)`, not `**[bold](…)**`. */
  linksOutside: boolean;
  /** Emphasis goes on behind a line break, and does not begin anew there. */
  breaksInside: boolean;
  bulletLists: readonly ListStyle[];
  orderedLists: readonly ListStyle[];
  headings: readonly HeadingStyle[];
  codeBlocks: readonly CodeStyle[];
  /** The rules as written, such as `* * *`. */
  rules: readonly string[];
}

export const plainStyle: Style = {
  emphasis: '*',
  strong: '*',
  hardBreak: '\\',
  bareUrls: true,
  paddedCells: true,
  linksOutside: false,
  breaksInside: true,
  bulletLists: [{ marker: '-', loose: false, gap: 1, counts: true }],
  orderedLists: [{ marker: '.', loose: false, gap: 1, counts: true }],
  headings: [{ form: 'atx' }],
  codeBlocks: [{ form: 'fenced', fence: '```' }],
  rules: ['---'],
};

type Sequence = 'bulletLists' | 'orderedLists' | 'headings' | 'codeBlocks' | 'rules';

/** Deals out a style to one print: the n-th list gets the n-th list's. */
export interface StylePicker {
  readonly style: Style;
  next<S extends Sequence>(sequence: S): Style[S][number];
}

/** @param totals how many of each the document to be printed has */
export function stylePicker(style: Style, totals: Record<Sequence, number>): StylePicker {
  const used: Partial<Record<Sequence, number>> = {};
  return {
    style,
    next<S extends Sequence>(sequence: S): Style[S][number] {
      const index = used[sequence] ?? 0;
      used[sequence] = index + 1;
      const known: readonly Style[S][number][] = style[sequence];
      const own = known.length === totals[sequence] ? known[index] : undefined;
      return own ?? commonest(known) ?? (plainStyle[sequence][0] as Style[S][number]);
    },
  };
}

/** One thing seen in a text: `value` is the style that it speaks for. */
export type StyleFact = { [F in keyof Style]: { of: F; value: OneOf<Style[F]> } }[keyof Style];
type OneOf<T> = T extends readonly (infer Item)[] ? Item : T;

/** Reads the style of a Markdown text; what it does not show is as in `fallback`. */
export function sniffStyle(markdown: string, fallback: Style = plainStyle): Style {
  return styleOf(styleFactsOf(parseMarkdown(markdown), markdown), fallback);
}

/** What a tree shows of its author's style, in document order. */
export function styleFactsOf(tree: Nodes, markdown: string): StyleFact[] {
  const facts: StyleFact[] = [];
  walk(tree, (node) => void facts.push(...ownFactsOf(node, markdown)));
  return facts;
}

/** What a node shows of it, its children apart. */
export function ownFactsOf(node: Nodes, markdown: string): StyleFact[] {
  const facts: StyleFact[] = [];
  const source = () => sourceOf(markdown, node);
  const only = 'children' in node && node.children.length === 1 ? node.children[0]?.type : undefined;
  switch (node.type) {
    case 'emphasis':
    case 'strong':
      facts.push({ of: node.type, value: source().startsWith('_') ? '_' : '*' });
      if (only === 'link') facts.push({ of: 'linksOutside', value: false });
      if (node.children.some(({ type }) => type === 'break')) facts.push({ of: 'breaksInside', value: true });
      break;
    case 'paragraph':
      if (hasBreakBetweenMarks(node)) facts.push({ of: 'breaksInside', value: false });
      break;
    case 'break':
      facts.push({ of: 'hardBreak', value: source().startsWith('\\') ? '\\' : '  ' });
      break;
    case 'link':
      if (!source().startsWith('[')) facts.push({ of: 'bareUrls', value: !source().startsWith('<') });
      if (only === 'strong' || only === 'emphasis') facts.push({ of: 'linksOutside', value: true });
      break;
    case 'tableRow':
      facts.push({ of: 'paddedCells', value: /\| \S/.test(source()) });
      break;
    case 'list':
      facts.push({ of: node.ordered ? 'orderedLists' : 'bulletLists', value: listStyle(markdown, node) });
      break;
    case 'heading':
      facts.push({ of: 'headings', value: headingStyle(source(), node) });
      break;
    case 'code':
      facts.push({ of: 'codeBlocks', value: codeStyle(source(), node) });
      break;
    case 'thematicBreak':
      facts.push({ of: 'rules', value: source().trimEnd() });
      break;
  }
  return facts;
}

/** Whether emphasis ends before a line break and more of its kind begins behind it. */
function hasBreakBetweenMarks({ children }: Paragraph): boolean {
  const shown = children.filter((node) => node.type !== 'text' || /\S/.test(node.value));
  return shown.some(({ type }, index) => {
    const [before, after] = [shown[index - 1]?.type, shown[index + 1]?.type];
    return type === 'break' && before === after && (before === 'emphasis' || before === 'strong');
  });
}

export function styleOf(facts: readonly StyleFact[], fallback: Style): Style {
  const all = <F extends keyof Style>(of: F) =>
    facts.filter((fact) => fact.of === of).map((fact) => fact.value as OneOf<Style[F]>);
  const most = <F extends keyof Style>(of: F) => (commonest(all(of)) as Style[F] | undefined) ?? fallback[of];
  const each = <S extends Sequence>(of: S): Style[S] => {
    const found = all(of);
    return found.length > 0 ? (found as unknown as Style[S]) : fallback[of];
  };
  return {
    emphasis: most('emphasis'),
    strong: most('strong'),
    hardBreak: most('hardBreak'),
    bareUrls: most('bareUrls'),
    paddedCells: most('paddedCells'),
    linksOutside: most('linksOutside'),
    breaksInside: most('breaksInside'),
    bulletLists: each('bulletLists'),
    orderedLists: each('orderedLists'),
    headings: each('headings'),
    codeBlocks: each('codeBlocks'),
    rules: each('rules'),
  };
}

/** The same for every list, heading and so on: for two documents in which they stand in different places. */
export function uniform(style: Style): Style {
  const one = <S extends Sequence>(of: S): Style[S] =>
    [commonest(style[of] as readonly Style[S][number][]) ?? plainStyle[of][0]] as unknown as Style[S];
  return {
    ...style,
    bulletLists: one('bulletLists'),
    orderedLists: one('orderedLists'),
    headings: one('headings'),
    codeBlocks: one('codeBlocks'),
    rules: one('rules'),
  };
}

/** For prints that are compared: the line under a heading is the author's, not the edit's, however long the text. */
export function withEqualUnderlines(style: Style): Style {
  return { ...style, headings: style.headings.map((heading) => ({ ...heading, underline: 3 })) };
}

/** For a block that reads otherwise in its author's style: what follows a blank line, a fence or a number sign is plain. */
export function plainest(style: Style): Style {
  const loose = (list: ListStyle) => ({ ...list, loose: true, gap: 1 });
  return {
    ...uniform(style),
    emphasis: '*',
    strong: '*',
    bareUrls: false,
    linksOutside: false,
    bulletLists: uniform(style).bulletLists.map(loose),
    orderedLists: uniform(style).orderedLists.map(loose),
    headings: plainStyle.headings,
    codeBlocks: plainStyle.codeBlocks,
  };
}

/** For code right behind a list: indented, it would be part of the last item. */
export function withFences(style: Style): Style {
  return { ...style, codeBlocks: style.codeBlocks.map((code) => ({ ...code, form: 'fenced' })) };
}

/** For a list beside one with the usual marker: with the same, the two would be one. */
export function otherMarkers(style: Style): Style {
  const other: Record<string, string> = { '-': '*', '*': '-', '+': '-', '.': ')', ')': '.' };
  const swap = (list: ListStyle) => ({ ...list, marker: other[list.marker] ?? list.marker });
  return { ...style, bulletLists: style.bulletLists.map(swap), orderedLists: style.orderedLists.map(swap) };
}

function sourceOf(markdown: string, node: Nodes): string {
  return markdown.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0);
}

function listStyle(markdown: string, list: List): ListStyle {
  const items = list.children.map((item) => sourceOf(markdown, item));
  const [, number = '', marker = '-', spaces = ' '] = /^(\d*)([-*+.)])([ \t]*)/.exec(items[0] ?? '') ?? [];
  const [, second = ''] = /^(\d*)/.exec(items[1] ?? '') ?? [];
  return {
    marker,
    loose: (list.spread ?? false) || list.children.some((item) => item.spread),
    gap: /^ {1,4}$/.test(spaces) ? spaces.length : 1,
    counts: second === '' || second !== number,
  };
}

function headingStyle(source: string, heading: Heading): HeadingStyle {
  if (!source.startsWith('#')) return { form: 'setext' };
  return { form: new RegExp(`[ \\t]#{${heading.depth}}$`).test(source) ? 'closedAtx' : 'atx' };
}

function codeStyle(source: string, code: Code): CodeStyle {
  const fence = /^(?:`{3,}|~{3,})/.exec(source)?.[0];
  const isIndented = fence === undefined && !code.lang;
  return { form: isIndented ? 'indented' : 'fenced', fence: fence ?? '```' };
}

/** The value that occurs most, the first of equals. */
function commonest<T>(values: readonly T[]): T | undefined {
  const counts = new Map<string, { value: T; count: number }>();
  for (const value of values) {
    const key = JSON.stringify(value);
    const entry = counts.get(key) ?? { value, count: 0 };
    entry.count += 1;
    counts.set(key, entry);
  }
  let best: { value: T; count: number } | undefined;
  for (const entry of counts.values()) if (!best || entry.count > best.count) best = entry;
  return best?.value;
}
