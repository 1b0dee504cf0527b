/**
 * Somebody who comes into a document, reads it, and from then on lets everything pass unread.
 *
 * A socket without a WebSocket library: what a thousand of these cost must not be what limits the server beside them.
 */
import { randomBytes, randomFillSync } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { createDecoder, readVarUint8Array } from 'lib0/decoding';
import { FrameReader } from './frame-reader.ts';
import { Frames, messageType, syncStep, type Wire } from './wire.ts';

/** All of them read into the same memory: what is in it counts for a moment only. */
const shared = Buffer.allocUnsafe(65_536);

export class Onlooker {
  readonly #socket: Socket;
  readonly #frames: Frames;
  readonly #token: string;
  #reader: FrameReader | null = null;
  #isAnswered = false;
  #hasDocument = false;
  #joined: () => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  private constructor(port: number, frames: Frames, token: string) {
    this.#frames = frames;
    this.#token = token;
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (bytes, buffer) => {
          this.#read((buffer as Buffer).subarray(0, bytes));
          return true;
        },
      },
    });
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => this.#failed(new Error('the server closed the socket')));
    this.#socket.write(
      `GET ${frames.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
  }

  /** Resolves once it has the document, and has told the server that it had nothing. */
  static join(port: number, documentName: string, token: string, wire: Wire): Promise<Onlooker> {
    const onlooker = new Onlooker(port, new Frames(wire, documentName), token);
    return new Promise((resolve, reject) => {
      onlooker.#joined = () => resolve(onlooker);
      onlooker.#failed = reject;
    });
  }

  leave(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#isAnswered && this.#hasDocument) return;
    if (this.#reader) return this.#reader.read(chunk);
    const end = chunk.indexOf('\r\n\r\n');
    if (!chunk.subarray(0, end).toString('latin1').startsWith('HTTP/1.1 101 ')) {
      return this.#failed(new Error('the server did not take the upgrade'));
    }
    this.#reader = new FrameReader((beginning) => this.#take(beginning));
    for (const frame of this.#frames.opening(this.#token)) this.#socket.write(masked(frame));
    this.#reader.read(chunk.subarray(end + 4));
  }

  /** @param beginning of a frame: as much of it as tells what it is */
  #take(beginning: Buffer): void {
    const { typeAt } = this.#frames;
    const type = beginning[typeAt];
    const step = beginning[typeAt + 1];
    if (type !== messageType.sync && type !== messageType.syncReply) return;
    if (step === syncStep.two) this.#hasDocument = true;
    if (step === syncStep.one && !this.#isAnswered) {
      this.#isAnswered = true;
      const stateVector = readVarUint8Array(createDecoder(beginning.subarray(typeAt + 2)));
      this.#socket.write(masked(this.#frames.answer(stateVector)));
    }
    if (!this.#isAnswered || !this.#hasDocument) return;
    this.#reader = null;
    this.#joined();
  }
}

/** A final, binary frame as clients send them (RFC 6455, section 5.2); so short as these are. */
function masked(payload: Uint8Array): Buffer {
  if (payload.byteLength > 65_535) throw new RangeError('too long for an onlooker');
  const isShort = payload.byteLength < 126;
  const header = isShort
    ? [0x82, 0x80 | payload.byteLength]
    : [0x82, 0x80 | 126, payload.byteLength >> 8, payload.byteLength & 255];
  const mask = randomFillSync(Buffer.alloc(4));
  return Buffer.concat([
    Buffer.from(header),
    mask,
    payload.map((byte, index) => byte ^ (mask[index % 4] as number)),
  ]);
}
