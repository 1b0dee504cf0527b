/**
 * ProseMirror's JSON, the shape that every part of this library passes around, and small helpers on it.
 * What may stand in a document says schema.ts; nothing here knows Markdown.
 */

export interface MarkJson {
  type: string;
  attrs?: Record<string, unknown>;
}

export interface NodeJson {
  type: string;
  attrs?: Record<string, unknown>;
  content?: NodeJson[];
  text?: string;
  marks?: MarkJson[];
}

/** The order in which ProseMirror keeps marks: that of Tiptap's schema. */
const tiptapOrder = ['link', 'bold', 'code', 'italic', 'strike', 'underline'];

export function sortMarks(marks: readonly MarkJson[], order: readonly string[] = tiptapOrder): MarkJson[] {
  const rankOf = (mark: MarkJson) => {
    const rank = order.indexOf(mark.type);
    return rank < 0 ? order.length : rank;
  };
  return [...marks].sort((a, b) => rankOf(a) - rankOf(b) || (a.type < b.type ? -1 : 1));
}

export function textNode(text: string, marks: readonly MarkJson[] = []): NodeJson {
  return marks.length > 0 ? { type: 'text', text, marks: sortMarks(marks) } : { type: 'text', text };
}

/** Tables as one, without what every object has: whoever crafts an edit may call a node `constructor`. */
export function byName<Table extends object>(...tables: (Table | undefined)[]): Table {
  return Object.assign(Object.create(null), ...tables) as Table;
}

/** A node without an empty `content`, as ProseMirror itself writes it. */
export function block(type: string, content: NodeJson[] = [], attrs?: Record<string, unknown>): NodeJson {
  return { type, ...(attrs && { attrs }), ...(content.length > 0 && { content }) };
}

export function stringAttr(node: NodeJson | MarkJson, name: string): string {
  const value = node.attrs?.[name];
  return typeof value === 'string' ? value : '';
}

export function numberAttr(node: NodeJson, name: string, fallback: number): number {
  const value = node.attrs?.[name];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : fallback;
}

/** Of a list's items; Markdown has nine digits for it, and none below nought. */
export const maxNumber = 999_999_999;

/** The number that a list begins with, as far as Markdown can say it. */
export function startOf(list: NodeJson): number {
  return Math.min(Math.max(0, numberAttr(list, 'start', 1)), maxNumber);
}

const inlineTypes = new Set(['text', 'hardBreak', 'image', 'htmlInline', 'civicRef', 'footnoteReference']);

export function isInline(node: NodeJson): boolean {
  return inlineTypes.has(node.type) || node.text !== undefined;
}

export function hasMark(node: NodeJson, type: string): boolean {
  return node.marks?.some((mark) => mark.type === type) ?? false;
}

/** All text below a node, blocks apart by line breaks. */
export function plainText(node: NodeJson): string {
  if (node.text !== undefined) return node.text;
  const parts = (node.content ?? []).map(plainText);
  return parts.join(node.content?.some((child) => child.type === 'text') ? '' : '\n');
}

/** JSON with sorted keys, so that equal values have equal strings. */
export function stableString(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** Neighbouring text nodes with the same marks become one, as ProseMirror always has them. */
export function joinText(nodes: readonly NodeJson[]): NodeJson[] {
  const joined: NodeJson[] = [];
  for (const node of nodes) {
    if (node.text === '') continue;
    const last = joined.at(-1);
    if (last?.text !== undefined && node.text !== undefined && sameMarks(last, node)) {
      joined[joined.length - 1] = { ...last, text: last.text + node.text };
    } else {
      joined.push(node);
    }
  }
  return joined;
}

function sameMarks(a: NodeJson, b: NodeJson): boolean {
  const [marks, others] = [a.marks ?? [], b.marks ?? []];
  if (marks.length !== others.length) return false;
  return marks.length === 0 || stableString(marks) === stableString(others);
}
