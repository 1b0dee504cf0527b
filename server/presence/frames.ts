/**
 * Reads and writes the awareness of y-protocols as bytes: a count, then for each client its id, its clock and its
 * state as JSON.
 *
 * Nothing is applied to anything here, and no JSON is parsed: most of what arrives is replaced before anybody sees it.
 */
import { createDecoder, readVarUint, readVarUint8Array } from 'lib0/decoding';
import { createEncoder, toUint8Array, writeVarString, writeVarUint, writeVarUint8Array } from 'lib0/encoding';

/** What a client says of itself, or of somebody else. */
export interface Announcement {
  readonly clientId: number;
  readonly clock: number;
  /** A part of the bytes that were read; `null` as JSON takes the state away. */
  readonly json: Uint8Array;
}

/** The state of who is gone, as JSON. */
export const gone = Buffer.from('null');

export function isGone(json: Uint8Array): boolean {
  return json.byteLength === gone.byteLength && gone.equals(json);
}

/** A client of y-websocket sends back everybody's states whenever one changes; nobody has more to say. */
const maxAnnouncements = 2_000;

/** A clock counts changes; beyond this it would lose its precision, here or in a peer. */
const maxClock = 2 ** 40;

/** @throws Error for what is no awareness, or more than a client can have to say */
export function readAnnouncements(update: Uint8Array): Announcement[] {
  const decoder = createDecoder(update);
  const count = readVarUint(decoder);
  if (count > maxAnnouncements) throw new RangeError('too many states');
  const announcements: Announcement[] = [];
  for (let index = 0; index < count; index += 1) {
    const clientId = readVarUint(decoder);
    const clock = readVarUint(decoder);
    if (clock > maxClock) throw new RangeError('a clock is too high');
    announcements.push({ clientId, clock, json: readVarUint8Array(decoder) });
  }
  return announcements;
}

export function writeAnnouncements(announcements: readonly Announcement[]): Uint8Array {
  const encoder = createEncoder();
  writeVarUint(encoder, announcements.length);
  for (const { clientId, clock, json } of announcements) {
    writeVarUint(encoder, clientId);
    writeVarUint(encoder, clock);
    writeVarUint8Array(encoder, json);
  }
  return toUint8Array(encoder);
}

/** Types of Hocuspocus' frames. */
const awareness = 1;
const queryAwareness = 3;

/** With which every awareness frame for this address begins. */
export function beginningOf(address: string): Uint8Array {
  const encoder = createEncoder();
  writeVarString(encoder, address);
  writeVarUint(encoder, awareness);
  return toUint8Array(encoder);
}

export function awarenessFrame(address: string, update: Uint8Array): Uint8Array {
  const encoder = createEncoder();
  writeVarString(encoder, address);
  writeVarUint(encoder, awareness);
  writeVarUint8Array(encoder, update);
  return toUint8Array(encoder);
}

/** What a frame that is about awareness says, or asks; `null` for every other frame with a valid address. */
export function presenceIn(frame: Uint8Array): { address: string; isQuestion: boolean } | null {
  const decoder = createDecoder(frame);
  const address = readVarUint8Array(decoder);
  const type = frame[decoder.pos];
  if (type !== awareness && type !== queryAwareness) return null;
  return { address: Buffer.from(address).toString(), isQuestion: type === queryAwareness };
}
