/**
 * ProseMirror JSON ↔ Y.Doc, in the representation of y-prosemirror: an element per node, one Y.XmlText per run of
 * text, marks as formatting. Unlike y-prosemirror it needs no schema to read, so nothing is lost on the way.
 *
 * JSON is in the names of a dialect here, on both sides.
 */

import * as Y from 'yjs';
import { changesBetween } from './align.ts';
import { flatFrom, leavesBelow, maxDepth } from './bounds.ts';
import type { DialectName } from './dialects.ts';
import { block, joinText, type MarkJson, type NodeJson, sortMarks, stableString } from './json.ts';
import { completed, orderedMarks } from './spelling.ts';

/** Where y-prosemirror, and so every editor, has the document. */
export const fragmentName = 'default';

type SharedChild = Y.XmlElement | Y.XmlText | Y.XmlHook;

/** The document as JSON; nodes and marks from outside the schema come through as they are. */
export function jsonOf(doc: Y.Doc, dialect: DialectName = 'tiptap'): NodeJson {
  const fragment = doc.getXmlFragment(fragmentName);
  return block('doc', contentOf(fragment, dialect, isTooDeep(fragment) ? flatFrom : maxDepth));
}

/** Like the test of the same name on JSON, but without recursion. */
function isTooDeep(fragment: Y.XmlFragment): boolean {
  let level: SharedChild[] = fragment.toArray();
  for (let depth = 2; level.length > 0; depth += 1) {
    if (depth > maxDepth) return true;
    level = level.flatMap((child) => (child instanceof Y.XmlElement ? child.toArray() : []));
  }
  return false;
}

/** @param levels so many are left; below them, what holds text stands beside what holds text */
function contentOf(parent: Y.XmlFragment, dialect: DialectName, levels: number): NodeJson[] {
  const children = levels > 1 ? parent.toArray() : leavesBelow(parent.toArray(), blocksIn);
  const content = children.flatMap((child) => {
    if (child instanceof Y.XmlText) return textOf(child, dialect);
    return child instanceof Y.XmlElement ? [elementOf(child, dialect, levels - 1)] : [];
  });
  return joinText(content);
}

/** What stands in an element that does not hold text alone. */
function blocksIn(shared: SharedChild): SharedChild[] {
  if (!(shared instanceof Y.XmlElement)) return [];
  const children = shared.toArray();
  return children.some((child) => child instanceof Y.XmlElement) ? children : [];
}

function elementOf(element: Y.XmlElement, dialect: DialectName, levels: number): NodeJson {
  const attrs = element.getAttributes() as Record<string, unknown>;
  const content = contentOf(element, dialect, levels);
  return block(element.nodeName, content, Object.keys(attrs).length > 0 ? attrs : undefined);
}

function textOf(text: Y.XmlText, dialect: DialectName = 'tiptap'): NodeJson[] {
  const delta = text.toDelta() as { insert: unknown; attributes?: Record<string, unknown> }[];
  return delta.flatMap(({ insert, attributes = {} }) => {
    if (typeof insert !== 'string') return [];
    const marks = orderedMarks(
      Object.entries(attributes).map(([name, value]) => markOf(name, value)),
      dialect,
    );
    return [marks.length > 0 ? { type: 'text', text: insert, marks } : { type: 'text', text: insert }];
  });
}

/** y-prosemirror appends a hash to the name of marks that may overlap themselves. */
function markOf(name: string, value: unknown): MarkJson {
  const type = name.replace(/--[a-zA-Z0-9+/=]{8}$/, '');
  const hasAttrs = value !== null && typeof value === 'object' && Object.keys(value).length > 0;
  return hasAttrs ? { type, attrs: value as Record<string, unknown> } : { type };
}

type Shared = Y.XmlElement | Y.XmlText;

export function toShared(content: readonly NodeJson[]): Shared[] {
  return runsOf(content).map((run) => {
    if (Array.isArray(run)) {
      const text = new Y.XmlText();
      text.applyDelta(deltaOf(run));
      return text;
    }
    const element = new Y.XmlElement(run.type);
    for (const [name, value] of Object.entries(attrsOf(run))) element.setAttribute(name, value as string);
    const children = toShared(run.content ?? []);
    if (children.length > 0) element.insert(0, children);
    return element;
  });
}

/** Children as Yjs has them: neighbouring text nodes are one. */
type Run = NodeJson | NodeJson[];

function runsOf(content: readonly NodeJson[]): Run[] {
  const runs: Run[] = [];
  for (const node of content) {
    const last = runs.at(-1);
    if (node.text === undefined) runs.push(node);
    else if (Array.isArray(last)) last.push(node);
    else runs.push([node]);
  }
  return runs;
}

function deltaOf(run: readonly NodeJson[]) {
  return run.map(({ text = '', marks = [] }) => ({
    insert: text,
    ...(marks.length > 0 && { attributes: formatOf(marks) }),
  }));
}

function formatOf(marks: readonly MarkJson[]): Record<string, unknown> {
  return Object.fromEntries(sortMarks(marks).map(({ type, attrs = {} }) => [type, attrs]));
}

/** Those that are set. */
function attrsOf(node: NodeJson): Record<string, unknown> {
  const set = Object.entries(node.attrs ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(set.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Makes the document hold `json` with the smallest edit it finds, in one transaction.
 *
 * Nodes that stay the same keep their Yjs items, so cursors and other people's edits in them survive.
 */
export function replaceContent(
  doc: Y.Doc,
  json: NodeJson,
  { dialect = 'tiptap', origin }: { dialect?: DialectName; origin?: unknown } = {},
): void {
  const { content = [] } = completed(json, dialect);
  doc.transact(() => updateChildren(doc.getXmlFragment(fragmentName), content), origin);
}

function updateChildren(parent: Y.XmlFragment, content: readonly NodeJson[]): void {
  const wanted = runsOf(content);
  const wantedKeys = wanted.map(keyOfRun);
  const presentKeys = parent.toArray().map(keyOfShared);
  // From the end, so that the indexes before an edit stay right.
  for (const change of changesBetween(presentKeys, wantedKeys).reverse()) {
    updateRange(parent, change.at, change.length, wanted.slice(change.from, change.from + change.count));
  }
}

/** Replaces `length` children; those that pair up with a wanted one of their kind are edited in place. */
function updateRange(parent: Y.XmlFragment, at: number, length: number, wanted: readonly Run[]): void {
  let index = at;
  let left = length;
  for (const [position, run] of wanted.entries()) {
    const children = parent.toArray().slice(index, index + left);
    const isPartner = (child: Y.XmlElement | Y.XmlText | Y.XmlHook) => isSameKind(child, run);
    const room = left - (wanted.length - position - 1);
    const found = children.slice(0, Math.max(1, room)).findIndex(isPartner);
    const partner = children[found];
    if (!partner) {
      parent.insert(index, toShared(Array.isArray(run) ? run : [run]));
    } else {
      if (found > 0) parent.delete(index, found);
      left -= found + 1;
      updateShared(partner, run);
    }
    index += 1;
  }
  if (left > 0) parent.delete(index, left);
}

function isSameKind(shared: unknown, run: Run): boolean {
  if (shared instanceof Y.XmlText) return Array.isArray(run);
  return shared instanceof Y.XmlElement && !Array.isArray(run) && shared.nodeName === run.type;
}

function updateShared(shared: Y.XmlElement | Y.XmlText | Y.XmlHook, run: Run): void {
  if (shared instanceof Y.XmlText && Array.isArray(run)) updateText(shared, run);
  if (!(shared instanceof Y.XmlElement) || Array.isArray(run)) return;
  const attrs = attrsOf(run);
  const present = shared.getAttributes() as Record<string, unknown>;
  for (const [name, value] of Object.entries(attrs)) {
    if (stableString(present[name]) !== stableString(value)) shared.setAttribute(name, value as string);
  }
  for (const name of Object.keys(present)) if (!(name in attrs)) shared.removeAttribute(name);
  updateChildren(shared, run.content ?? []);
}

/** One insertion and one deletion between the common beginning and end, then the formatting that differs. */
function updateText(text: Y.XmlText, run: readonly NodeJson[]): void {
  const before = textOf(text)
    .map((node) => node.text)
    .join('');
  const after = run.map((node) => node.text).join('');
  const { start, endBefore, endAfter } = differingRange(before, after);
  if (endBefore > start) text.delete(start, endBefore - start);
  if (endAfter > start) text.insert(start, after.slice(start, endAfter), {});
  let index = 0;
  for (const { insert, attributes = {} } of deltaOf(run) as {
    insert: string;
    attributes?: Record<string, unknown>;
  }[]) {
    format(text, index, insert.length, attributes);
    index += insert.length;
  }
}

function format(text: Y.XmlText, from: number, length: number, wanted: Record<string, unknown>): void {
  const delta = text.toDelta() as { insert: string; attributes?: Record<string, unknown> }[];
  let index = 0;
  for (const { insert, attributes = {} } of delta) {
    const start = Math.max(from, index);
    const end = Math.min(from + length, index + insert.length);
    index += insert.length;
    if (end <= start) continue;
    const change: Record<string, unknown> = {};
    for (const name of Object.keys(attributes)) if (!(name in wanted)) change[name] = null;
    for (const [name, value] of Object.entries(wanted)) {
      if (stableString(attributes[name]) !== stableString(value)) change[name] = value;
    }
    if (Object.keys(change).length > 0) text.format(start, end - start, change);
  }
}

/** Where two strings differ; never inside a surrogate pair, which Yjs would break. */
function differingRange(
  before: string,
  after: string,
): { start: number; endBefore: number; endAfter: number } {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  if (isHighSurrogate(before, start - 1)) start -= 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  if (isHighSurrogate(before, before.length - end - 1) && end > 0) end -= 1;
  return { start, endBefore: before.length - end, endAfter: after.length - end };
}

function isHighSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xd800 && code < 0xdc00;
}

function keyOfRun(run: Run): string {
  if (Array.isArray(run))
    return stableString(joinText(run).map(({ text, marks = [] }) => [text, formatOf(marks)]));
  return stableString([run.type, attrsOf(run), runsOf(run.content ?? []).map(keyOfRun)]);
}

function keyOfShared(shared: Y.XmlElement | Y.XmlText | Y.XmlHook): string {
  if (shared instanceof Y.XmlText) return keyOfRun(textOf(shared));
  if (shared instanceof Y.XmlHook) return 'hook';
  const children = shared.toArray().map(keyOfShared);
  return stableString([shared.nodeName, shared.getAttributes(), children]);
}
