/**
 * Looks at the document name with which every Hocuspocus frame begins, and at what stands behind it, before Hocuspocus
 * does.
 *
 * Hocuspocus keeps its documents in plain objects, where `constructor` and `__proto__` are found without being there.
 */
import { IncomingMessage, OutgoingMessage } from '@hocuspocus/server';
import { createDecoder, readVarString, readVarUint8Array } from 'lib0/decoding';
import { asRealtimeError, type ErrorCode, errors, RealtimeError } from './errors.ts';
import type { RoomTypes } from './room-types.ts';

function split(address: string): [documentName: string, session: string | undefined] {
  const end = address.indexOf(sessionSeparator);
  return end < 0 ? [address, undefined] : [address.slice(0, end), address.slice(end + 1)];
}

/** The document's name in an address. */
export function documentNameIn(address: string): string {
  return split(address)[0];
}

/** Types of frames; Hocuspocus does not export the numbers. */
export const frameTypes = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  syncReply: 4,
  stateless: 5,
  close: 7,
  /** Acknowledges an edit, or says that it was not taken. */
  syncStatus: 8,
} as const;

/** The address of a frame that acknowledges an edit; `null` for every other frame. */
export function acknowledgedAddress(frame: Uint8Array): string | null {
  return addressBefore(frame, [frameTypes.syncStatus, 1]);
}

/** The address of a frame with which a provider leaves a document; `null` for every other frame. */
export function leftAddress(frame: Uint8Array): string | null {
  return addressBefore(frame, [frameTypes.close]);
}

/** The address in a frame that ends, right behind it, with these bytes; else `null`. */
function addressBefore(frame: Uint8Array, ending: readonly number[]): string | null {
  const [start, end] = placeOfAddress(frame);
  if (frame.length !== end + ending.length) return null;
  if (ending.some((byte, index) => frame[end + index] !== byte)) return null;
  return Buffer.from(frame.subarray(start, end)).toString();
}

/** Where it begins and ends: behind its length, in one byte or two. A longer one is written by nobody, and has no place. */
function placeOfAddress({ 0: first = 0, 1: second = 0 }: Uint8Array): [start: number, end: number] {
  if (first < 128) return [1, 1 + first];
  return second < 128 ? [2, 2 + ((first & 127) | (second << 7))] : [2, Number.POSITIVE_INFINITY];
}

/** Whether it has this beginning: an address, and of what type it is. */
export function begins(frame: Uint8Array, beginning: Uint8Array): boolean {
  // From behind: addresses have more in common at their start.
  for (let at = beginning.byteLength - 1; at >= 0; at -= 1) if (frame[at] !== beginning[at]) return false;
  return true;
}

/**
 * The update in a frame that has this beginning.
 *
 * @throws Error when the frame is cut off
 */
export function updateBehind(beginning: Uint8Array, frame: Uint8Array): Uint8Array {
  const decoder = createDecoder(frame);
  decoder.pos = beginning.byteLength;
  const update = readVarUint8Array(decoder);
  // What stands behind the frame in memory is none of it.
  if (decoder.pos > frame.byteLength) throw new RangeError('it is cut off');
  return update;
}

/** An edit, something that may ask for a whole document or for rights, or anything else that a client may send. */
export type FrameKind = 'edit' | 'question' | 'other';

/**
 * `null` for what no client has to send, or for a small number in several bytes: Hocuspocus would read something else in
 * it than is counted here.
 */
export function kindOf(frame: Uint8Array): FrameKind | null {
  const [, end] = placeOfAddress(frame);
  const type = frame[end];
  if (type === frameTypes.sync || type === frameTypes.syncReply) {
    const step = frame[end + 1] ?? 0;
    if (step >= 128) return null;
    return step === 0 ? 'question' : 'edit';
  }
  if (type === frameTypes.auth || type === frameTypes.queryAwareness) return 'question';
  return type === frameTypes.awareness || type === frameTypes.stateless || type === frameTypes.close
    ? 'other'
    : null;
}

/** Whether it brings a token. */
export function isToken(frame: Uint8Array): boolean {
  return frame[placeOfAddress(frame)[1]] === frameTypes.auth;
}

/**
 * The address of any frame.
 *
 * @throws when there is none
 */
export function addressOf(frame: Uint8Array): string {
  return readVarString(new IncomingMessage(frame).decoder);
}

/** The same; `null` when there is none. */
export function addressIn(frame: Uint8Array): string | null {
  try {
    return addressOf(frame);
  } catch {
    return null;
  }
}

/** Separates the name from the id that a session-aware provider adds. */
const sessionSeparator = '\0';

/** It goes before each frame to that provider. */
const sessionGrammar = /^[\w.-]{1,128}$/;

/** An address that is longer is not worth an answer. */
const longestAnswered = 1_024;

/** Why nobody is let in at this address: `undefined` when its name is valid; `null` when it is not worth an answer. */
export function wrongName(
  address: string,
  roomTypes: Pick<RoomTypes, 'check'>,
): ErrorCode | null | undefined {
  try {
    const [documentName, session] = split(address);
    roomTypes.check(documentName);
    if (session !== undefined && !sessionGrammar.test(session)) {
      throw new RealtimeError('invalid-document-name');
    }
    return undefined;
  } catch (thrown) {
    return address.length > longestAnswered ? null : asRealtimeError(thrown).code;
  }
}

/** The frame that refuses to let somebody in. */
export function refusal(address: string, code: ErrorCode): Uint8Array {
  return new OutgoingMessage(address).writePermissionDenied(errors[code].reason).toUint8Array();
}

/** The frame that acknowledges an edit: the same bytes for everybody at this address, each time. */
export function acknowledgement(address: string): Uint8Array {
  const known = acknowledgements.get(address);
  if (known) return known;
  const frame = new OutgoingMessage(address).writeSyncStatus(true).toUint8Array();
  if (acknowledgements.size >= maxAcknowledgements) acknowledgements.clear();
  acknowledgements.set(address, frame);
  return frame;
}

/** By address, of documents that are edited; forgotten together. */
const acknowledgements = new Map<string, Uint8Array>();
const maxAcknowledgements = 2_000;

/** The frame that tells one client something that is no part of the document. */
export function notice(address: string, event: string, data: unknown): Uint8Array {
  return new OutgoingMessage(address).writeStateless(JSON.stringify({ event, data })).toUint8Array();
}
