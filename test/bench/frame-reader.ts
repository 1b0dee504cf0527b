/**
 * Finds the WebSocket frames in what a server sends, keeps the beginning of each, and passes over the rest: a document
 * of a megabyte is not gathered only to be thrown away.
 */

/** So much of a frame is kept: a name, a type, and the state vector of a document in which a few have typed. */
const keptBytes = 4_096;

export class FrameReader {
  readonly #onFrame: (beginning: Buffer) => void;
  /** Of the frame that is being read: its header while that is incomplete, then the beginning of its payload. */
  #header: Buffer = Buffer.alloc(0);
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** How much of the payload is still to come; `null` while the header is. */
  #left: number | null = null;

  /** @param onFrame is called at the end of each frame, with its beginning */
  constructor(onFrame: (beginning: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  read(chunk: Buffer): void {
    let rest = chunk;
    while (rest.byteLength > 0) rest = this.#left === null ? this.#readHeader(rest) : this.#readPayload(rest);
  }

  #readHeader(chunk: Buffer): Buffer {
    const header = Buffer.concat([this.#header, chunk.subarray(0, 10 - this.#header.byteLength)]);
    const before = this.#header.byteLength;
    const [length, size] = lengthIn(header);
    if (length === null) {
      this.#header = header;
      return chunk.subarray(chunk.byteLength);
    }
    this.#header = Buffer.alloc(0);
    this.#left = length;
    if (length === 0) this.#end();
    return chunk.subarray(size - before);
  }

  #readPayload(chunk: Buffer): Buffer {
    const part = chunk.subarray(0, this.#left as number);
    if (this.#keptBytes < keptBytes) {
      const kept = Buffer.from(part.subarray(0, keptBytes - this.#keptBytes));
      this.#kept.push(kept);
      this.#keptBytes += kept.byteLength;
    }
    this.#left = (this.#left as number) - part.byteLength;
    if (this.#left === 0) this.#end();
    return chunk.subarray(part.byteLength);
  }

  #end(): void {
    const beginning = Buffer.concat(this.#kept);
    this.#left = null;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#onFrame(beginning);
  }
}

/** Of the payload, and of the header; `null` while there is too little of it to tell. */
function lengthIn(header: Buffer): [length: number | null, headerSize: number] {
  const short = (header[1] ?? 0) & 127;
  const size = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (header.byteLength < size) return [null, size];
  if (short < 126) return [short, size];
  return [short === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2)), size];
}
