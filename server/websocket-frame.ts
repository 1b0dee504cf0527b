/**
 * Puts a message into a WebSocket frame once, however many sockets it goes to.
 *
 * Hocuspocus hands the same bytes to every connection of a room. `ws` would build a header for each and write header
 * and payload apart; one finished frame saves that, and its sockets write one buffer.
 */

/** Frames by payload, for as long as somebody still holds the payload. */
const frames = new WeakMap<Uint8Array, Uint8Array>();

/** A final, binary, unmasked frame, as servers send them (RFC 6455, section 5.2). */
export function frameOf(payload: Uint8Array): Uint8Array {
  const known = frames.get(payload);
  if (known) return known;
  const frame = frameFor(payload.byteLength);
  frame.set(payload, frame.byteLength - payload.byteLength);
  frames.set(payload, frame);
  return frame;
}

/** A payload to be filled, in its frame already: one of megabytes need not be copied once more to be sent. */
export function emptyPayload(byteLength: number): Uint8Array {
  const frame = frameFor(byteLength);
  const payload = frame.subarray(frame.byteLength - byteLength);
  frames.set(payload, frame);
  return payload;
}

/** With its header, and with room for the payload behind that. */
function frameFor(byteLength: number): Buffer {
  const header = headerFor(byteLength);
  const frame = Buffer.allocUnsafe(header.byteLength + byteLength);
  frame.set(header);
  return frame;
}

const finalBinary = 0x82;

function headerFor(length: number): Buffer {
  if (length < 126) return Buffer.from([finalBinary, length]);
  if (length < 65_536) {
    const header = Buffer.from([finalBinary, 126, 0, 0]);
    header.writeUInt16BE(length, 2);
    return header;
  }
  const header = Buffer.from([finalBinary, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}
