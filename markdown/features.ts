/**
 * What the deployed editors know beyond the bare StarterKit, and how the rest travels.
 *
 * An editor deletes, for everybody, each node that its schema lacks. So a construct whose feature is off never
 * stands in the document as a node: a block travels as a code block (`=html`, `=md`), an inline construct as its
 * literal Markdown in the text. The patterns here find that literal Markdown again when the text is printed.
 */

import type { Place } from './construct.ts';
import type { DialectName } from './dialects.ts';
import type { MarkJson } from './json.ts';

export type Feature = 'table' | 'taskList' | 'image' | 'strike' | 'footnote' | 'civicRef' | 'html';

export const allFeatures: readonly Feature[] = [
  'table',
  'taskList',
  'image',
  'strike',
  'footnote',
  'civicRef',
  'html',
];

/** The nodes and marks that a feature needs, by our names; an editor that lacks one of them lacks the feature. */
export const needs: Readonly<Record<Feature, Partial<Record<'nodes' | 'marks', readonly string[]>>>> = {
  table: { nodes: ['table', 'tableRow', 'tableHeader', 'tableCell'] },
  taskList: { nodes: ['taskList', 'taskItem'] },
  image: { nodes: ['image'] },
  strike: { marks: ['strike'] },
  footnote: { nodes: ['footnoteReference', 'footnoteDefinition'] },
  civicRef: { nodes: ['civicRef'] },
  html: { nodes: ['htmlInline'] },
};

export interface MarkdownOptions {
  /** What the editors know; default: {@link allFeatures}. */
  features?: readonly Feature[];
  /** What their nodes are called; default: `tiptap`. */
  dialect?: DialectName;
  /** Whether the text becomes one opaque block without a look into it: for one that took too long. */
  isOpaque?: boolean;
}

/** With `underline`, which every editor of Tiptap's has and no other: nobody has to ask for it. */
export type FeatureSet = ReadonlySet<Feature | 'underline'>;

export function featureSet({ features = allFeatures, dialect = 'tiptap' }: MarkdownOptions = {}): FeatureSet {
  return new Set(dialect === 'tiptap' ? [...features, 'underline'] : features);
}

/** The language of a code block that holds source, not code. */
export const opaque = { html: '=html', markdown: '=md' } as const;

// White space is what Markdown takes for it: a no-break space is none.
const gap = String.raw`[ \t\n]`;
const inDestination = String.raw`(?:\\[()<\\]|\\(?![()<\\])|[^\x00-\x20\x7f()<\\])*`;
const destination = String.raw`\((?:<(?:\\.|[^<>\n\\])*>|${inDestination}(?:\(${inDestination}\)${inDestination})*)(?: "(?:\\.|[^"\\])*")?\)`;
const tagName = '[A-Za-z][A-Za-z0-9-]*';
// micromark ends a value without quotes at a slash; CommonMark does not.
const attributeValue = String.raw`"[^"]*"|'[^']*'|[^ \t\n/"'=<>${'`'}]+`;
const attribute = `${gap}+[A-Za-z_:][A-Za-z0-9_:.-]*(?:${gap}*=${gap}*(?:${attributeValue}))?`;

const literal = {
  /** ProseMirror has no mark on nothing. */
  emptyLink: String.raw`\[\]${destination}`,
  image: String.raw`!\[(?:\\.|[^[\]\\])*\]${destination}`,
  footnote: String.raw`\[\^(?:\\.|[^ \t\n[\]\\])+\]`,
  civicRef: '<!--civic-ref [^\\n]*?-->',
  html: [
    `<${tagName}(?:${attribute})*${gap}*/?>`,
    `</${tagName}${gap}*>`,
    '<!---?>',
    '<!--[^\\n]*?-->',
    String.raw`<\?[^\n]*?\?>`,
    '<![A-Za-z][^>]*>',
    String.raw`<!\[CDATA\[[^\n]*?\]\]>`,
  ].join('|'),
  /** Three in a row strike nothing, and are a fence at the start of a line. */
  strike: '(?<!~)~{1,2}(?!~)',
  /** Tiptap's code mark excludes every other one, so code inside other marks stands as its source. */
  code: '(?<!`)(?<fence>`+)(?!`).+?(?<!`)\\k<fence>(?!`)',
};

/** Tags that stand for something else: a mark that every editor has, and a line break where there is only one line. */
function notHtml(features: FeatureSet, place: Place): string {
  return (features.has('underline') ? '(?!</?u>)' : '') + (place === 'line' ? '(?!<[bB][rR][ \\t]*/?>)' : '');
}

/** What stands literally in a text for one editor or another, apart. */
export const literalRegion = new RegExp(
  `(${[literal.emptyLink, literal.image, literal.civicRef, literal.html].join('|')})`,
);

export const literalRegions: RegExp = new RegExp(literalRegion, 'g');

const patterns = new Map<string, RegExp>();

/**
 * Finds the Markdown that stands literally in a text with these marks.
 *
 * A backslash in front belongs to the find: it marks text that only looks like the construct, and is not printed.
 */
export function literalPattern(
  features: FeatureSet,
  marks: readonly MarkJson[] = [],
  place: Place = 'paragraph',
): RegExp {
  const inLink = marks.some((mark) => mark.type === 'link');
  // A link holds no other one; in it, `[]()` is text.
  const sources = inLink ? [] : [literal.emptyLink];
  if (!features.has('image') || inLink) sources.push(literal.image);
  if (!features.has('footnote') || inLink) sources.push(literal.footnote);
  if (!features.has('civicRef') || inLink) sources.push(literal.civicRef);
  if (!features.has('html') || inLink) sources.push(`${notHtml(features, place)}(?:${literal.html})`);
  if (!features.has('strike')) sources.push(literal.strike);
  if (marks.length > 0) sources.push(literal.code);

  const source = `\\\\?(?:${sources.join('|')})`;
  let pattern = patterns.get(source);
  if (!pattern) {
    pattern = new RegExp(source, 'g');
    patterns.set(source, pattern);
  }
  return pattern;
}
