/**
 * Parses and makes document names: the one place that knows their grammar.
 *
 * A name comes from a client and goes into logs, database keys and URLs,
 * so nothing else in the server looks at one before this file has.
 */
import { RealtimeError } from './errors.ts';

/** `id` matches `^[A-Za-z0-9_-]{1,128}$`. */
export interface RecordDocument {
  readonly type: 'record';
  readonly id: string;
}

const recordName = /^record:([A-Za-z0-9_-]{1,128})$/;

/** @throws RealtimeError `invalid-document-name` for anything that is not `record:<id>` */
export function parseDocumentName(name: string): RecordDocument {
  const id = recordName.exec(name)?.[1];
  if (id === undefined) throw new RealtimeError('invalid-document-name');
  return { type: 'record', id };
}

/** @throws RealtimeError `invalid-document-name` */
export function recordIdOf(documentName: string): string {
  return parseDocumentName(documentName).id;
}

export function documentNameOf(recordId: string): string {
  return `record:${recordId}`;
}
