/**
 * Looks at the document name with which every Hocuspocus frame begins, before Hocuspocus does.
 *
 * Hocuspocus keeps its documents in plain objects, where `constructor` and `__proto__` are found without being there.
 */
import { IncomingMessage, OutgoingMessage } from '@hocuspocus/server';
import { readVarString } from 'lib0/decoding';
import { parseDocumentName } from './document-name.ts';
import { asRealtimeError } from './errors.ts';

/** The document's name in an address. */
export function documentNameIn(address: string): string {
  return address.split(sessionSeparator, 1)[0] as string;
}

/** Type of Hocuspocus' acknowledgements; it does not export the number. */
const syncStatus = 8;

/** The address of a frame that acknowledges an edit; `null` for every other frame. */
export function acknowledgedAddress(frame: Uint8Array): string | null {
  // The length of the address, in one byte or two, the address, the type, and 1 for "taken".
  const [first = 0, second = 0] = frame;
  const [start, length] = first < 128 ? [1, first] : [2, (first & 127) | (second << 7)];
  const isAcknowledgement =
    frame.length === start + length + 2 &&
    frame[start + length] === syncStatus &&
    frame[start + length + 1] === 1;
  return isAcknowledgement ? Buffer.from(frame.subarray(start, start + length)).toString() : null;
}

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
  try {
    parseDocumentName(documentNameIn(address));
    return null;
  } catch (thrown) {
    if (address.length > longestAnswered) return undefined;
    const { reason } = asRealtimeError(thrown);
    return new OutgoingMessage(address).writePermissionDenied(reason).toUint8Array();
  }
}
