/**
 * One response of server-sent events: frames go out, a reader that does not keep up is cut off.
 *
 * `better-sse` was looked at. It writes without looking at what waits already, so that one stalled reader fills the
 * memory; it encodes each event once for every reader, and has a timer for each. What is left of it is this file.
 */
import type { ServerResponse } from 'node:http';

/** Proxies are neither to keep nor to gather what passes. */
const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

/** How long a reader may take to read the end. */
const farewellMs = 5_000;

/** A comment, which readers pass over. */
const keepAlive = Buffer.from(':\n\n');

/**
 * Bytes that many streams may share: what waits for a slow reader is there once.
 *
 * @param data of one line, as JSON is
 * @param id `null` when this event is no place to go on from
 */
export function encodeFrame(event: string, data: string, id: string | null = null): Buffer {
  return Buffer.from(`${id === null ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`);
}

export class EventStream {
  readonly #response: ServerResponse;
  readonly #maxBufferedBytes: number;
  /** How much the system had taken at the last tick, in bytes. */
  #takenBefore = -1;

  constructor(response: ServerResponse, maxBufferedBytes: number) {
    this.#response = response;
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  /** @param more headers of this answer alone */
  open(retryMs: number, more: Readonly<Record<string, string>>): void {
    this.#response.socket?.setNoDelay(true);
    this.#response.writeHead(200, { ...headers, ...more });
    this.send(Buffer.from(`retry: ${retryMs}\n\n`));
  }

  /** Whether it went out: `false` when the reader had so much before it that it is cut off, or is gone already. */
  send(frame: Buffer): boolean {
    if (this.#response.destroyed || this.#response.writableEnded) return false;
    if (this.#response.writableLength <= this.#maxBufferedBytes) {
      this.#response.write(frame);
      return true;
    }
    this.#response.destroy();
    return false;
  }

  /** To be called in a steady rhythm: keeps the connection alive, and ends one that took nothing since the last call. */
  tick(): void {
    const { socket, writableLength } = this.#response;
    if (!socket) return;
    const taken = socket.bytesWritten - socket.writableLength;
    if (writableLength === 0) this.#response.write(keepAlive);
    else if (taken === this.#takenBefore) this.#response.destroy();
    this.#takenBefore = taken;
  }

  /** Says after how long to come back, and ends the response. */
  close(retryMs: number): void {
    this.#response.end(`retry: ${retryMs}\n\n`);
    // Who does not read would keep it open.
    const lateness = setTimeout(() => this.#response.destroy(), farewellMs);
    this.#response.once('close', () => clearTimeout(lateness));
  }
}
