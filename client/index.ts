/**
 * For editors: tells the server what an editor knows, so that it cannot harm a document by opening it.
 *
 * An editor deletes from the shared document, for everybody, what its schema lacks. The server therefore keeps out
 * one that lacks a configured feature; what an editor has is announced in the WebSocket's address.
 *
 * @example
 * const url = announceFeatures('wss://records.example.org/realtime', featuresOf(editor.schema));
 * const provider = new HocuspocusProvider({ url, name: 'record:noise-bylaw', token });
 */
import type { Feature } from '../markdown/index.ts';

/** As much of a ProseMirror schema as it takes: names of nodes and marks. */
export interface SchemaNames {
  readonly nodes: Readonly<Record<string, unknown>>;
  readonly marks: Readonly<Record<string, unknown>>;
}

/** The nodes and marks that a feature needs; an editor that lacks one of them lacks the feature. */
const needs: Readonly<Record<Feature, Partial<Record<'nodes' | 'marks', readonly string[]>>>> = {
  table: { nodes: ['table', 'tableRow', 'tableHeader', 'tableCell'] },
  taskList: { nodes: ['taskList', 'taskItem'] },
  image: { nodes: ['image'] },
  strike: { marks: ['strike'] },
  footnote: { nodes: ['footnoteReference', 'footnoteDefinition'] },
  civicRef: { nodes: ['civicRef'] },
  html: { nodes: ['htmlInline'] },
};

/** The features that an editor with this schema has. */
export function featuresOf(schema: SchemaNames): Feature[] {
  const features = Object.keys(needs) as Feature[];
  return features.filter((feature) => {
    const { nodes = [], marks = [] } = needs[feature];
    return nodes.every((name) => name in schema.nodes) && marks.every((name) => name in schema.marks);
  });
}

/** The WebSocket's address with the announcement, which is no secret. */
export function announceFeatures(url: string, features: readonly Feature[]): string {
  const announced = new URL(url);
  announced.searchParams.set('features', features.join(','));
  return announced.href;
}
