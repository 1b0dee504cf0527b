/**
 * Looks at the document name with which every Hocuspocus frame begins, before Hocuspocus does.
 *
 * Hocuspocus keeps its documents in plain objects, where `constructor` and `__proto__` are found without being there.
 */
import { IncomingMessage, OutgoingMessage } from '@hocuspocus/server';
import { readVarString } from 'lib0/decoding';
import { parseDocumentName } from './document-name.ts';
import { asRealtimeError } from './errors.ts';

/** Separates the name from the id that a session-aware provider adds. */
const sessionSeparator = '\0';

/** A name that is longer is not worth an answer. */
const longestAnswered = 1_024;

/**
 * `null` for a frame whose name is valid, else the frame that refuses it; `undefined` when there is no name to answer to.
 */
export function refusalOf(frame: Uint8Array): Uint8Array | null | undefined {
  let address: string;
  try {
    address = readVarString(new IncomingMessage(frame).decoder);
  } catch {
    return undefined;
  }
  const [name] = address.split(sessionSeparator, 1) as [string];
  try {
    parseDocumentName(name);
    return null;
  } catch (thrown) {
    if (address.length > longestAnswered) return undefined;
    const { reason } = asRealtimeError(thrown);
    return new OutgoingMessage(address).writePermissionDenied(reason).toUint8Array();
  }
}
