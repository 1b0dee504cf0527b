/**
 * A document and the Markdown that it grew from. `open` takes a text apart; `save` writes the document again so that
 * what nobody edited keeps its bytes, and what somebody edited changes by that edit. How, docs/markdown.md tells.
 */

import { type Source, takeApart } from './apart.ts';
import { featureSet, type MarkdownOptions } from './features.ts';
import { block, type NodeJson } from './json.ts';
import { reconcile } from './reconcile.ts';

/** What a document grew from; plain JSON, stored beside the document, never inside it. */
export interface Base {
  readonly version: 1;
  readonly markdown: string;
}

export function open(markdown: string, options: MarkdownOptions = {}): { json: NodeJson; base: Base } {
  const base: Base = { version: 1, markdown };
  // A copy: what the caller does to the document must not change what it is compared with.
  const content = sourceOf(base, options).blocks.map(({ node }) => copyOf(node));
  return { json: block('doc', content.length > 0 ? content : [block('paragraph')]), base };
}

/** The document as Markdown: the base's own bytes while nothing differs. */
export function save(json: NodeJson, base: Base, options: MarkdownOptions = {}): string {
  return rebase(json, base, options).markdown;
}

/**
 * What `save` gives, as the base for the next save: `base` itself while nothing differs.
 *
 * Cheaper than opening the saved text: it was taken apart already, to be checked.
 */
export function rebase(json: NodeJson, base: Base, options: MarkdownOptions = {}): Base {
  const { markdown, source } = reconcile(json, sourceOf(base, options), options);
  if (markdown === undefined || markdown === base.markdown) return base;
  const next: Base = { version: 1, markdown };
  remember(next, options, source);
  return next;
}

/** The same base is saved against again and again, and taking it apart is most of the work. */
const taken = new WeakMap<Base, Map<string, Source>>();

function sourceOf(base: Base, options: MarkdownOptions): Source {
  return taken.get(base)?.get(nameOf(options)) ?? remember(base, options, takeApart(base.markdown, options));
}

function remember(base: Base, options: MarkdownOptions, source: Source): Source {
  const sources = taken.get(base) ?? new Map<string, Source>();
  taken.set(base, sources.set(nameOf(options), source));
  return source;
}

function nameOf(options: MarkdownOptions): string {
  return [...featureSet(options)].sort().join();
}

function copyOf(node: NodeJson): NodeJson {
  const { attrs, marks, content } = node;
  return {
    ...node,
    ...(attrs && { attrs: { ...attrs } }),
    ...(marks && {
      marks: marks.map((mark) => (mark.attrs ? { ...mark, attrs: { ...mark.attrs } } : { ...mark })),
    }),
    ...(content && { content: content.map(copyOf) }),
  };
}
