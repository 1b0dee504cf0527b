/**
 * How an author writes Markdown: which of the many spellings of the same thing.
 *
 * `sniffStyle` reads it off a text. What has a place in the document (lists, headings, code, rules) is kept in
 * document order, so that a print with as many of them gives each its own style back; new ones get the commonest.
 */

import type { Code, Heading, List, Nodes, ThematicBreak } from 'mdast';
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

/** Reads the style of a Markdown text; what it does not show is as in `fallback`. */
export function sniffStyle(markdown: string, fallback: Style = plainStyle): Style {
  const found = {
    emphasis: [] as Style['emphasis'][],
    strong: [] as Style['strong'][],
    hardBreak: [] as Style['hardBreak'][],
    bareUrls: [] as boolean[],
    paddedCells: [] as boolean[],
    linksOutside: [] as boolean[],
    bulletLists: [] as ListStyle[],
    orderedLists: [] as ListStyle[],
    headings: [] as HeadingStyle[],
    codeBlocks: [] as CodeStyle[],
    rules: [] as string[],
  };
  walk(parseMarkdown(markdown), (node) => {
    const source = sourceOf(markdown, node);
    const only = 'children' in node && node.children.length === 1 ? node.children[0]?.type : undefined;
    if (node.type === 'link' && (only === 'strong' || only === 'emphasis')) found.linksOutside.push(true);
    if (only === 'link' && (node.type === 'strong' || node.type === 'emphasis'))
      found.linksOutside.push(false);
    switch (node.type) {
      case 'emphasis':
        found.emphasis.push(source.startsWith('_') ? '_' : '*');
        break;
      case 'strong':
        found.strong.push(source.startsWith('_') ? '_' : '*');
        break;
      case 'break':
        found.hardBreak.push(source.startsWith('\\') ? '\\' : '  ');
        break;
      case 'link':
        if (!source.startsWith('[')) found.bareUrls.push(!source.startsWith('<'));
        break;
      case 'tableRow':
        found.paddedCells.push(/\| \S/.test(source));
        break;
      case 'list':
        (node.ordered ? found.orderedLists : found.bulletLists).push(listStyle(markdown, node));
        break;
      case 'heading':
        found.headings.push(headingStyle(source, node));
        break;
      case 'code':
        found.codeBlocks.push(codeStyle(source, node));
        break;
      case 'thematicBreak':
        found.rules.push(ruleStyle(source, node));
        break;
    }
  });
  return {
    emphasis: commonest(found.emphasis) ?? fallback.emphasis,
    strong: commonest(found.strong) ?? fallback.strong,
    hardBreak: commonest(found.hardBreak) ?? fallback.hardBreak,
    bareUrls: commonest(found.bareUrls) ?? fallback.bareUrls,
    paddedCells: commonest(found.paddedCells) ?? fallback.paddedCells,
    linksOutside: commonest(found.linksOutside) ?? fallback.linksOutside,
    bulletLists: found.bulletLists.length > 0 ? found.bulletLists : fallback.bulletLists,
    orderedLists: found.orderedLists.length > 0 ? found.orderedLists : fallback.orderedLists,
    headings: found.headings.length > 0 ? found.headings : fallback.headings,
    codeBlocks: found.codeBlocks.length > 0 ? found.codeBlocks : fallback.codeBlocks,
    rules: found.rules.length > 0 ? found.rules : fallback.rules,
  };
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

function ruleStyle(source: string, _rule: ThematicBreak): string {
  return source.trimEnd();
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
