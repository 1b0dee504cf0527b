/**
 * Lets a provider leave a document and come back to it on the same socket at once, as an editor does that is built anew.
 *
 * Hocuspocus would hand the frames of the newcomer to the connection that is about to be closed: its token would be
 * taken for a renewed one, and everything after that wait for a token for ever. So they wait here until it is closed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Hocuspocus } from '@hocuspocus/server';
import { addressOf, leftAddress } from './frame-address.ts';
import type { ConnectionContext } from './session.ts';

type ClientConnection = ReturnType<Hocuspocus<ConnectionContext>['handleConnection']>;

/** What Hocuspocus keeps to itself: the addresses that have sent a token, until they leave or are refused. */
interface Inside {
  readonly documentConnectionsEstablished: ReadonlySet<string>;
}

/** Pause between two looks at whether it is closed: Hocuspocus does not say. */
const pollMs = 5;

/** What comes beyond this is handed on at once, for Hocuspocus to judge. */
const maxWaitingBytes = 1_048_576;

export class Farewells {
  readonly #connection: ClientConnection;

  /** Whether somebody else handles this frame. */
  readonly #isTaken: (frame: Uint8Array) => boolean;

  /** Frames behind a farewell, by address; none as a rule. */
  #waiting: Map<string, Uint8Array[]> | undefined;
  #waitingBytes = 0;
  #isClosed = false;

  constructor(connection: ClientConnection, isTaken: (frame: Uint8Array) => boolean) {
    this.#connection = connection;
    this.#isTaken = isTaken;
  }

  /** Hands a frame with a valid address on, now or when its turn comes. */
  handle(frame: Uint8Array): void {
    const behind = this.#waiting?.get(addressOf(frame));
    if (!behind || this.#waitingBytes + frame.byteLength > maxWaitingBytes) return this.#handleNow(frame);
    behind.push(frame);
    this.#waitingBytes += frame.byteLength;
  }

  /** The socket is closed. */
  forget(): void {
    this.#isClosed = true;
    this.#waiting = undefined;
  }

  #handleNow(frame: Uint8Array): void {
    if (this.#isTaken(frame)) return;
    const address = leftAddress(frame);
    // Who was never in has nothing to leave: Hocuspocus would keep the farewell, and close the next one who comes.
    if (address !== null && !this.#isIn(address)) return;
    this.#connection.handleMessage(frame);
    if (address !== null) void this.#whenLeft(address);
  }

  async #whenLeft(address: string): Promise<void> {
    const behind: Uint8Array[] = [];
    this.#waiting ??= new Map();
    this.#waiting.set(address, behind);
    while (this.#isIn(address) && !this.#isClosed) await delay(pollMs, undefined, { ref: false });
    if (this.#isClosed) return;
    this.#waiting?.delete(address);
    if (this.#waiting?.size === 0) this.#waiting = undefined;
    for (const frame of behind) {
      this.#waitingBytes -= frame.byteLength;
      this.handle(frame);
    }
  }

  /** Whether it is in the document, or on its way into it. */
  #isIn(address: string): boolean {
    const { documentConnectionsEstablished } = this.#connection as unknown as Inside;
    return documentConnectionsEstablished.has(address);
  }
}
