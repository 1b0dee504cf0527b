/**
 * One client's socket, as Hocuspocus and the hooks see it: it writes frames, holds acknowledgements back until they are
 * true, and neither sending nor closing ever throws.
 */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { Acknowledgements } from './acknowledgements.ts';
import type { Conduct } from './conduct.ts';
import { correlationId } from './correlation.ts';
import { type ErrorCode, errors } from './errors.ts';
import type { Standing } from './excess.ts';
import { acknowledgedAddress, acknowledgement } from './frame-address.ts';
import type { Traffic } from './operations/traffic.ts';
import type { Pace } from './pace.ts';
import type { PlainClient } from './plain-client.ts';
import type { ClientSocket } from './session.ts';
import { frameOf } from './websocket-frame.ts';

/** How long a peer that is cut off has for reading why, in ms. */
const cuttingOffMs = 1_000;

/**
 * A peer that is told to go may have this much on its way to us. Reading what it sends beyond that, for as long as it
 * takes its time to go, would be work for nothing, and very much when it comes in small pieces.
 */
const mostBytesBehindClosing = 1_048_576;

export interface GatewaySocketOptions {
  readonly ws: WebSocket;
  /** The TCP connection under it. Without compression nothing waits inside `ws`, so both may write, in order. */
  readonly stream: Duplex;
  readonly address: string;
  readonly features: ReadonlySet<string> | null;
  /** For a client that speaks y-websocket. */
  readonly plain: PlainClient | null;
  readonly conduct: Conduct;
  /** A peer that reads too slowly, or not at all, is cut off: it comes back and asks for what it lacks. */
  readonly maxBufferedBytes: number;
  readonly whenDurable: (documentName: string, then: () => void) => void;
  readonly traffic: Pick<Traffic, 'count'>;
}

export class GatewaySocket implements ClientSocket {
  readonly id = correlationId();
  readonly address: string;
  readonly features: ReadonlySet<string> | null;
  readonly openDocuments = new Set<string>();
  readonly acknowledgements: Acknowledgements;
  readonly whenClosed: (() => void)[] = [];
  userId: string | undefined;
  bytesBeforeAuthentication = 0;
  /** Runs until somebody is known. */
  lateness: NodeJS.Timeout | undefined;
  isAlive = true;
  /** Set before the first frame comes; one that is refused at the door has none. */
  pace: Pace | undefined;
  standing: Standing = 'fine';
  readonly plain: PlainClient | null;
  readonly conduct: Conduct;
  #isAuthenticated = false;
  readonly #ws: WebSocket;
  readonly #stream: Duplex;
  readonly #maxBufferedBytes: number;
  readonly #traffic: Pick<Traffic, 'count'>;

  constructor({
    ws,
    stream,
    address,
    features,
    plain,
    conduct,
    maxBufferedBytes,
    whenDurable,
    traffic,
  }: GatewaySocketOptions) {
    this.#ws = ws;
    this.#traffic = traffic;
    this.plain = plain;
    this.conduct = conduct;
    this.#stream = stream;
    this.address = address;
    this.features = features;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.acknowledgements = new Acknowledgements({
      whenDurable,
      send: (address) => this.#tell(acknowledgement(address)),
    });
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength;
  }

  get isAuthenticated(): boolean {
    return this.#isAuthenticated;
  }

  set isAuthenticated(isAuthenticated: boolean) {
    this.#isAuthenticated = isAuthenticated;
    if (!isAuthenticated) return;
    clearTimeout(this.lateness);
    this.lateness = undefined;
  }

  /** Open until all is handled that came over it. */
  get readyState(): number {
    return this.pace?.isWaiting ? WebSocket.OPEN : this.#ws.readyState;
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    // Hocuspocus sends bytes only.
    const message = data as Uint8Array;
    const address = acknowledgedAddress(message);
    if (address === null) this.#tell(message);
    else this.acknowledgements.take(address);
  }

  /** In the client's own words. */
  #tell(frame: Uint8Array): void {
    const message = this.plain ? this.plain.outgoing(frame) : frame;
    if (!message) return;
    this.#traffic.count('out', frame);
    this.write(message);
  }

  /** As it stands. */
  write(message: Uint8Array): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.bufferedBytes <= this.#maxBufferedBytes) this.#stream.write(frameOf(message));
    else this.#ws.terminate();
  }

  say(text: string): void {
    if (this.bufferedBytes <= this.#maxBufferedBytes) this.#ws.send(text);
  }

  close(code = 1000, reason = ''): void {
    this.pace?.stop();
    if (this.#ws.readyState === WebSocket.OPEN) this.#hearLittle();
    // A close frame holds 123 bytes of reason; ws throws beyond that.
    this.#ws.close(code, Buffer.from(reason).subarray(0, 123));
  }

  #hearLittle(): void {
    let bytes = 0;
    this.#stream.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > mostBytesBehindClosing) this.#ws.terminate();
    });
  }

  refuse(code: ErrorCode): void {
    this.close(errors[code].closeCode, errors[code].reason);
  }

  /** The same for one from which nothing more is to be read, not even its answer. */
  cutOff(code: ErrorCode): void {
    this.refuse(code);
    this.#ws.pause();
    setTimeout(() => this.#ws.terminate(), cuttingOffMs).unref();
  }

  terminate(): void {
    this.#ws.terminate();
  }

  pingOrTerminate(): void {
    // While nothing is read from it, its answer is not read either; but a ping to one that has left fails, and ends it.
    if (this.pace?.isWaiting) return this.#ws.ping();
    if (!this.isAlive) return this.#ws.terminate();
    this.isAlive = false;
    this.#ws.ping();
  }
}
