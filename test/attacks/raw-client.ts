/**
 * A client that sends whatever it likes: a plain WebSocket that speaks Hocuspocus, and counts what it is told.
 */
import type { Socket } from 'node:net';
import { createDecoder, readVarString, readVarUint } from 'lib0/decoding';
import { createEncoder, toUint8Array, writeVarString, writeVarUint, writeVarUint8Array } from 'lib0/encoding';
import { type ClientOptions, WebSocket } from 'ws';
import * as Y from 'yjs';
import { until } from '../helpers/until.ts';

export const types = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  syncReply: 4,
  stateless: 5,
} as const;
const closing = 7;
const syncStatus = 8;

const nothing = Y.encodeStateVector(new Y.Doc());

export class RawClient {
  readonly ws: WebSocket;
  /** Documents that it is in, or was. */
  readonly entered: string[] = [];
  /** What it was refused, and why. */
  readonly denials: string[] = [];
  /** Stateless messages. */
  readonly notices: string[] = [];
  /** Edits that were said to be saved, and those that were said not to be. */
  acknowledged = 0;
  declined = 0;
  /** How often the server has shown it out of a document. */
  shownOut = 0;
  frames = 0;
  bytes = 0;
  closed: { code: number; reason: string } | undefined;
  /** HTTP status of a refused upgrade. */
  refusedWith: number | undefined;

  constructor(url: string, options: ClientOptions = {}) {
    this.ws = new WebSocket(`${url.replace('http', 'ws')}`, { perMessageDeflate: false, ...options });
    this.ws.on('error', () => undefined);
    this.ws.on('message', (frame: Buffer) => this.#take(frame));
    this.ws.on('unexpected-response', (request, response) => {
      this.refusedWith = response.statusCode;
      request.destroy();
    });
    this.ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
  }

  get isOpen(): boolean {
    return this.ws.readyState === WebSocket.OPEN;
  }

  /** What became of it, for a message. */
  get fate(): string {
    const { entered, denials, shownOut, acknowledged, declined, closed, isOpen } = this;
    return JSON.stringify({
      entered: entered.length,
      denials,
      shownOut,
      acknowledged,
      declined,
      closed,
      isOpen,
    });
  }

  get isOver(): boolean {
    return this.closed !== undefined || this.refusedWith !== undefined;
  }

  /** The connection under it, for what is no WebSocket frame. */
  get stream(): Socket {
    return (this.ws as unknown as { _socket: Socket })._socket;
  }

  async connected(): Promise<this> {
    await until('the socket is open', () => this.isOpen || this.isOver);
    return this;
  }

  async sentAway(withinMs?: number): Promise<{ code: number; reason: string }> {
    return until('the socket is closed', () => this.closed, withinMs);
  }

  /** Asks to be let in, and waits for the answer. */
  async enter(documentName: string, token: string): Promise<this> {
    await this.connected();
    this.authenticate(documentName, token);
    const before = this.denials.length;
    const isAnswered = () =>
      this.entered.includes(documentName) || this.denials.length > before || this.isOver;
    await until('the server answers', isAnswered);
    return this;
  }

  authenticate(address: string, token: string): void {
    this.send(address, types.auth, (encoder) => {
      writeVarUint(encoder, 0);
      writeVarString(encoder, token);
    });
  }

  askForAll(address: string, stateVector: Uint8Array = nothing): void {
    this.sync(address, 0, stateVector);
  }

  /** Answers the server's question with nothing, as an editor without a document does. */
  exchange(address: string): void {
    this.askForAll(address);
    this.sync(address, 1, Y.encodeStateAsUpdate(new Y.Doc()));
  }

  edit(address: string, update: Uint8Array): void {
    this.sync(address, 2, update);
  }

  sync(address: string, step: number, payload: Uint8Array): void {
    this.send(address, types.sync, (encoder) => {
      writeVarUint(encoder, step);
      writeVarUint8Array(encoder, payload);
    });
  }

  awareness(address: string, update: Uint8Array): void {
    this.send(address, types.awareness, (encoder) => writeVarUint8Array(encoder, update));
  }

  send(address: string, type: number, write: (encoder: ReturnType<typeof createEncoder>) => void): void {
    const encoder = createEncoder();
    writeVarString(encoder, address);
    writeVarUint(encoder, type);
    write(encoder);
    this.sendBytes(toUint8Array(encoder));
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.isOpen) this.ws.send(bytes);
  }

  end(): void {
    this.ws.terminate();
  }

  #take(frame: Buffer): void {
    this.frames += 1;
    this.bytes += frame.byteLength;
    const decoder = createDecoder(frame);
    const address = readVarString(decoder);
    const type = readVarUint(decoder);
    if (type === syncStatus) {
      if (readVarUint(decoder) === 1) this.acknowledged += 1;
      else this.declined += 1;
    } else if (type === types.auth) {
      if (readVarUint(decoder) === 1) this.denials.push(readVarString(decoder));
      else this.entered.push(address);
    } else if (type === closing) {
      this.shownOut += 1;
    } else if (type === types.stateless) {
      this.notices.push(readVarString(decoder));
    }
  }
}
