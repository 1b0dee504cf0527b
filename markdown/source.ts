/**
 * A document and the Markdown that it grew from. `open` takes a text apart; `save` writes the document again so that
 * what nobody edited keeps its bytes, and what somebody edited changes by that edit. How, docs/markdown.md tells.
 */

import { headOf, type Source, takeApart } from './apart.ts';
import { type Base, converterVersion } from './base.ts';
import { flattened, isTooDense } from './bounds.ts';
import { featuresIn } from './dialects.ts';
import { rawLines } from './endings.ts';
import type { MarkdownOptions } from './features.ts';
import { block, type NodeJson } from './json.ts';
import { isToldBy, reconcile } from './reconcile.ts';
import { rememberedElsewhere, rememberedIn } from './remembered.ts';
import * as serialize from './serialize.ts';
import { spelled, understood } from './spelling.ts';
import type { Style } from './style.ts';
import { readText } from './text.ts';
import { keyOf } from './tidy.ts';
import { takeWhole, writeWhole } from './whole.ts';

/** A document as an editor holds it, and the base to save it against. */
export interface RecordDocument {
  readonly json: NodeJson;
  readonly base: Base;
}

/**
 * The document of a text. One that is too intricate to be taken apart (bounds.ts) becomes one opaque block, and stays
 * it as long as its base is saved against.
 *
 * @throws MarkdownError for bytes that are not valid UTF-8, and for a string with half a character in it
 */
export function open(markdown: string | Uint8Array, options: MarkdownOptions = {}): RecordDocument {
  const base = baseOf(readText(markdown), options);
  // A copy: what the caller does to the document must not change what it is compared with.
  const content = sourceOf(base).blocks.map(({ node }) => spelled(node, base.dialect));
  // StarterKit has a paragraph to write on in at the end of every document, and would put it there by itself.
  const isAtEnd = base.dialect === 'tiptap' && content.at(-1)?.type !== 'paragraph';
  if (isAtEnd || content.length === 0) content.push(block('paragraph'));
  return { json: block('doc', content), base };
}

function baseOf(markdown: string, options: MarkdownOptions): Base {
  const { dialect = 'tiptap', isOpaque = false } = options;
  const base: Base = {
    version: converterVersion,
    markdown,
    dialect,
    features: featuresIn(options),
    isOpaque,
  };
  if (isOpaque) return base;
  const { parsed, blocks } = sourceOf(base);
  const nodes = blocks.map(({ node }) => node);
  const isWhole = parsed.isTooIntricate || isTooDense(nodes, markdown.length);
  return isWhole ? { ...base, isOpaque: true } : base;
}

/**
 * The document as Markdown: the base's own bytes while nothing differs.
 *
 * Always with the options that the base was read with, whatever they are by now.
 */
export function save(document: RecordDocument): string {
  return rebase(document).markdown;
}

/**
 * What `save` gives, as the base for the next save: `base` itself while nothing differs.
 *
 * Cheaper than opening the saved text: it was taken apart already, to be checked.
 */
export function rebase({ json, base }: RecordDocument): Base {
  const live = understood(flattened(json), base.dialect);
  if (base.isOpaque) {
    const markdown = writeWhole(live, sourceOf(base));
    return markdown === undefined ? base : { ...base, markdown };
  }
  const { remembered = [], ...rest } = base;
  const old = sourceOf(base);
  const { markdown, source } = reconcile(live, old, base, remembered);
  if (markdown === undefined || markdown === base.markdown) return base;
  const isLost = isReshaped(source, old) || !isToldBy(source, old, base);
  const now = rememberedIn(remembered, old, source, isLost);
  const next: Base = { ...rest, markdown, ...(now.length > 0 && { remembered: now }) };
  taken.set(next, source);
  return next;
}

/**
 * Whether blocks or items have come, gone or become others. Of those it is remembered what they were also where an undo
 * of this save alone would tell: it need not tell of this save and the next ones together.
 */
function isReshaped(now: Source, old: Source): boolean {
  const shapeOf = ({ node }: Source['blocks'][number] | { node?: never } = {}) =>
    node && `${node.type} ${node.content?.[0]?.type === 'text' ? '' : node.content?.length}`;
  const length = Math.max(now.blocks.length, old.blocks.length);
  for (let at = 0; at < length; at += 1) if (shapeOf(now.blocks[at]) !== shapeOf(old.blocks[at])) return true;
  return false;
}

/** The base of a text that somebody else wrote instead; what is remembered goes along. */
export function withText({ remembered = [], ...base }: Base, markdown: string): Base {
  const linesOf = (text: string) => rawLines(text.slice(headOf(text).length));
  const now = rememberedElsewhere(remembered, linesOf(base.markdown), linesOf(markdown));
  return { ...base, markdown, ...(now.length > 0 && { remembered: now }) };
}

/** Whether the two are the same to Markdown, and to editors of one dialect. */
export function isAlike(one: RecordDocument, other: RecordDocument): boolean {
  if (one.base.dialect !== other.base.dialect) return false;
  const [oneKey, otherKey] = [one, other].map(({ json, base }) =>
    keyOf(understood(flattened(json), base.dialect)),
  );
  return oneKey === otherKey;
}

/** Prints a document that grew from nothing, in a style. The line ending is `\n`, also at the end. */
export function print(json: NodeJson, style?: Style, options: MarkdownOptions = {}): string {
  return serialize.print(understood(flattened(json), options.dialect ?? 'tiptap'), style, {
    ...options,
    features: featuresIn(options),
  });
}

/** The same base is saved against again and again, and taking it apart is most of the work. */
const taken = new WeakMap<Base, Source>();

function sourceOf(base: Base): Source {
  const known =
    taken.get(base) ?? (base.isOpaque ? takeWhole(base.markdown) : takeApart(base.markdown, base));
  taken.set(base, known);
  return known;
}
