/**
 * Definitions of links and footnotes: the one thing in Markdown that works from afar.
 *
 * A slice of a text reads as it does in the whole when the definitions that it refers to stand before it.
 */

import type { Definition, FootnoteDefinition, Nodes } from 'mdast';
import { type NodeJson, stringAttr } from './json.ts';
import { printMarkdown, walk } from './remark.ts';

export type AnyDefinition = Definition | FootnoteDefinition;

/** What a reference must name to mean this definition. */
export function nameOf({ type, identifier }: AnyDefinition): string {
  return nameFrom(type === 'footnoteDefinition' ? `^${identifier}` : identifier);
}

/** As CommonMark compares labels; the mark of a quote that stands in a wrapped label is not part of it. */
export function nameFrom(label: string): string {
  return label
    .replace(/\n[ \t>]*/g, ' ')
    .replace(/[\t ]+/g, ' ')
    .trim()
    .toLowerCase()
    .toUpperCase();
}

export function definitionsIn(nodes: readonly Nodes[]): AnyDefinition[] {
  const found: AnyDefinition[] = [];
  for (const node of nodes) {
    walk(node, (inner) => {
      if (inner.type === 'definition' || inner.type === 'footnoteDefinition') found.push(inner);
    });
  }
  return found;
}

/** Of several definitions with one name, the first is the one that counts. */
export class Definitions {
  readonly #byName = new Map<string, AnyDefinition>();

  constructor(definitions: readonly AnyDefinition[]) {
    for (const definition of definitions) {
      const name = nameOf(definition);
      if (!this.#byName.has(name)) this.#byName.set(name, definition);
    }
  }

  has(label: string): boolean {
    return this.#byName.has(nameFrom(label));
  }

  /**
   * Markdown that, in front of a text, defines what the text may refer to; '' when that is nothing.
   *
   * @param own the definitions that stand in the text itself
   */
  stubsFor(text: string, own: readonly AnyDefinition[] = []): string {
    if (this.#byName.size === 0 || !text.includes(']')) return '';
    const used = new Set<AnyDefinition>();
    for (const [, label = ''] of text.matchAll(/\[((?:\\[\s\S]|[^[\]\\])+)\]/g)) {
      const definition = this.#byName.get(nameFrom(label));
      if (definition) used.add(definition);
    }
    if (used.size === 0) return '';
    const known = new Set(own.map(stubOf));
    const missing = [...used].map(stubOf).filter((stub) => !known.has(stub));
    if (missing.length === 0) return '';
    // A rule at the end: after a footnote, an indented line would be part of it.
    return `${missing.join('\n')}\n***\n\n`;
  }
}

const stubs = new WeakMap<AnyDefinition, string>();

function stubOf(definition: AnyDefinition): string {
  const known = stubs.get(definition);
  if (known !== undefined) return known;
  const bare: AnyDefinition = definition.type === 'definition' ? definition : { ...definition, children: [] };
  const stub = printMarkdown({ type: 'root', children: [bare] });
  stubs.set(definition, stub);
  return stub;
}

/** Those of a source, and the footnotes that a document has. */
export function definitionsOf(source: readonly AnyDefinition[], live: readonly NodeJson[]): Definitions {
  const footnotes = (nodes: readonly NodeJson[]): FootnoteDefinition[] =>
    nodes.flatMap((node) => {
      const label = stringAttr(node, 'label');
      const own: FootnoteDefinition = {
        type: 'footnoteDefinition',
        identifier: label.toLowerCase(),
        label,
        children: [],
      };
      if (node.type === 'table') return [];
      return [...(node.type === 'footnoteDefinition' ? [own] : []), ...footnotes(node.content ?? [])];
    });
  return new Definitions([...source, ...footnotes(live)]);
}
