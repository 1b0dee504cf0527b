/**
 * Parses and makes document names: the one place that knows their grammar.
 *
 * A name comes from a client and goes into logs, database keys and URLs,
 * so nothing else in the server looks at one before this file has. Which types of document there are is for
 * room-types.ts to say.
 */
import { RealtimeError } from './errors.ts';

export interface DocumentName {
  /** Small letters and dashes: `record`. */
  readonly type: string;
  /** Matches `^[A-Za-z0-9_-]{1,128}$`; `null` in the name of a document that is the only one of its type. */
  readonly id: string | null;
}

const grammar = /^([a-z][a-z-]{0,31})(?::([A-Za-z0-9_-]{1,128}))?$/;

/** @throws RealtimeError `invalid-document-name` for anything that is neither `<type>:<id>` nor `<type>` */
export function parseDocumentName(name: string): DocumentName {
  const [, type, id = null] = grammar.exec(name) ?? [];
  if (type === undefined) throw new RealtimeError('invalid-document-name');
  return { type, id };
}

/** @throws RealtimeError `invalid-document-name` for anything that is not `record:<id>` */
export function recordIdOf(documentName: string): string {
  const { type, id } = parseDocumentName(documentName);
  if (type !== 'record' || id === null) throw new RealtimeError('invalid-document-name');
  return id;
}

export function documentNameOf(recordId: string): string {
  return `record:${recordId}`;
}
