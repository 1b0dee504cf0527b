/**
 * Puts a message into a WebSocket frame once, however many sockets it goes to.
 *
 * Hocuspocus hands the same bytes to every connection of a room. `ws` would build a header for each and write header
 * and payload apart; one finished frame saves that, and its sockets write one buffer.
 */

/** Small ones are built anew sooner than they are found again, but for the one that was asked for last. */
const smallBytes = 1_024;
let lastPayload: Uint8Array | undefined;
let lastFrame: Uint8Array = new Uint8Array();

/** Frames of the others by payload, for as long as somebody still holds the payload. */
const frames = new WeakMap<Uint8Array, Uint8Array>();

/** A final, binary, unmasked frame, as servers send them (RFC 6455, section 5.2). */
export function frameOf(payload: Uint8Array): Uint8Array {
  if (payload === lastPayload) return lastFrame;
  if (payload.byteLength <= smallBytes) {
    lastPayload = payload;
    lastFrame = filledFrame(payload);
    return lastFrame;
  }
  const frame = frames.get(payload) ?? filledFrame(payload);
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

function filledFrame(payload: Uint8Array): Uint8Array {
  const frame = frameFor(payload.byteLength);
  frame.set(payload, frame.byteLength - payload.byteLength);
  return frame;
}

const finalBinary = 0x82;

/** With its header, and with room for the payload behind that. */
function frameFor(byteLength: number): Buffer {
  const headerBytes = byteLength < 126 ? 2 : byteLength < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + byteLength);
  frame[0] = finalBinary;
  if (headerBytes === 2) {
    frame[1] = byteLength;
  } else if (headerBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(byteLength, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(byteLength), 2);
  }
  return frame;
}
