/**
 * Looks at the document name with which every Hocuspocus frame begins, before Hocuspocus does.
 *
 * Hocuspocus keeps its documents in plain objects, where `constructor` and `__proto__` are found without being there.
 */
import { IncomingMessage, OutgoingMessage } from '@hocuspocus/server';
import { readVarString } from 'lib0/decoding';
import { asRealtimeError } from './errors.ts';
import type { RoomTypes } from './room-types.ts';

/** The document's name in an address. */
export function documentNameIn(address: string): string {
  return address.split(sessionSeparator, 1)[0] as string;
}

/** Type of Hocuspocus' acknowledgements; it does not export the number. */
const syncStatus = 8;

/** Type of the frame with which a provider leaves a document. */
const close = 7;

/** The address of a frame that acknowledges an edit; `null` for every other frame. */
export function acknowledgedAddress(frame: Uint8Array): string | null {
  return addressBefore(frame, [syncStatus, 1]);
}

/** The address of a frame with which a provider leaves a document; `null` for every other frame. */
export function leftAddress(frame: Uint8Array): string | null {
  return addressBefore(frame, [close]);
}

/** The address in a frame that ends, right behind it, with these bytes; else `null`. */
function addressBefore(frame: Uint8Array, ending: readonly number[]): string | null {
  // The length of the address, in one byte or two, and the address.
  const [first = 0, second = 0] = frame;
  const [start, length] = first < 128 ? [1, first] : [2, (first & 127) | (second << 7)];
  const end = start + length;
  if (frame.length !== end + ending.length) return null;
  if (ending.some((byte, index) => frame[end + index] !== byte)) return null;
  return Buffer.from(frame.subarray(start, end)).toString();
}

/** The address of any frame. */
export function addressOf(frame: Uint8Array): string {
  return readVarString(new IncomingMessage(frame).decoder);
}

/** Separates the name from the id that a session-aware provider adds. */
const sessionSeparator = '\0';

/** A name that is longer is not worth an answer. */
const longestAnswered = 1_024;

/**
 * `null` for a frame whose name is valid, else the frame that refuses it; `undefined` when there is no name to answer to.
 */
export function refusalOf(
  frame: Uint8Array,
  roomTypes: Pick<RoomTypes, 'check'>,
): Uint8Array | null | undefined {
  let address: string;
  try {
    address = addressOf(frame);
  } catch {
    return undefined;
  }
  try {
    roomTypes.check(documentNameIn(address));
    return null;
  } catch (thrown) {
    if (address.length > longestAnswered) return undefined;
    const { reason } = asRealtimeError(thrown);
    return new OutgoingMessage(address).writePermissionDenied(reason).toUint8Array();
  }
}
