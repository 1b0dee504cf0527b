/**
 * For editors and dashboards. Dashboards watch specs (`watchSpecs`); editors tell the server what they know, so that
 * they cannot harm a document by opening it.
 *
 * An editor deletes from the shared document, for everybody, what its schema lacks. The server therefore keeps out
 * one that lacks a configured feature; what an editor has is announced in the WebSocket's address.
 *
 * @example
 * const url = announceFeatures('wss://records.example.org/realtime', featuresOf(editor.schema));
 * const provider = new HocuspocusProvider({ url, name: 'record:noise-bylaw', token });
 */
import { type DialectName, dialects } from '../markdown/dialects.ts';
import { allFeatures, type Feature, needs } from '../markdown/features.ts';

export type { SpecEvent, SpecMetadata } from '../extensions/spec-updates/events.ts';
export type { ConnectionState, Transport } from './watch-specs/connection.ts';
export type { SpecChangeEvent } from './watch-specs/sequence.ts';
export {
  type SpecsWatch,
  type WatchSpecsOptions,
  watchSpecs,
} from './watch-specs/watch-specs.ts';

/** As much of a ProseMirror schema as it takes: names of nodes and marks. */
export interface SchemaNames {
  readonly nodes: Readonly<Record<string, unknown>>;
  readonly marks: Readonly<Record<string, unknown>>;
}

/**
 * The features that an editor with this schema has.
 *
 * @param dialect what its nodes are called: the server's `document.dialect`
 */
export function featuresOf(schema: SchemaNames, dialect: DialectName = 'tiptap'): Feature[] {
  const has = (kind: 'nodes' | 'marks', name: string) => {
    const spelling = dialects[dialect][kind][name];
    return spelling !== undefined && spelling[0] in schema[kind];
  };
  return allFeatures.filter((feature) => {
    const { nodes = [], marks = [] } = needs[feature];
    return nodes.every((name) => has('nodes', name)) && marks.every((name) => has('marks', name));
  });
}

/** The WebSocket's address with the announcement, which is no secret. */
export function announceFeatures(url: string, features: readonly Feature[]): string {
  const announced = new URL(url);
  announced.searchParams.set('features', features.join(','));
  return announced.href;
}
