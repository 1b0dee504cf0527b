/**
 * As little of a provider as it takes to be served: cheap enough to run a thousand of them.
 *
 * It holds no document. It says so in the exchange of states with which a connection begins, as a provider with an
 * empty document would: a server may hold back every acknowledgement until that exchange is complete.
 */
import { once } from 'node:events';
import { createDecoder, readVarUint8Array } from 'lib0/decoding';
import {
  createEncoder,
  type Encoder,
  toUint8Array,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding';
import { WebSocket } from 'ws';
import { writeSyncStep1, writeSyncStep2, writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';

const messageType = { sync: 0, awareness: 1, auth: 2, syncReply: 4, stateless: 5, syncStatus: 8 } as const;
const syncStep = { one: 0, two: 1 } as const;

const nothing = new Y.Doc();

export class LightClient {
  readonly #socket: WebSocket;
  readonly #documentName: string;
  /** Where, in a frame for this document, its type stands: behind the name and the name's length. */
  readonly #typeAt: number;
  #received: () => void = () => undefined;
  #exchanged: () => void = () => undefined;
  /** Resolves once the server has acknowledged what this client had when it came: nothing. */
  readonly exchanged = new Promise<void>((resolve) => {
    this.#exchanged = resolve;
  });
  #isExchanged = false;
  /** Called with every frame from the server. */
  onFrame: (frame: Buffer) => void = () => undefined;
  /** Called when the server has acknowledged an edit; in the order of the edits. */
  onAcknowledged: () => void = () => undefined;

  private constructor(socket: WebSocket, documentName: string) {
    this.#socket = socket;
    this.#documentName = documentName;
    this.#typeAt = 1 + Buffer.byteLength(documentName);
    socket.on('message', (frame: Buffer) => this.#take(frame));
  }

  /** Resolves once the server has sent the document. */
  static async join(port: number, documentName: string, token: string): Promise<LightClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/realtime`, { perMessageDeflate: false });
    await once(socket, 'open');
    const client = new LightClient(socket, documentName);
    const closed = once(socket, 'close').then(([code, reason]) => {
      throw new Error(`the server closed ${documentName} with ${code} ${reason}`);
    });
    closed.catch(() => undefined);
    const received = new Promise<void>((resolve) => {
      client.#received = resolve;
    });
    client.#send(messageType.auth, (encoder) => {
      writeVarUint(encoder, 0);
      writeVarString(encoder, token);
    });
    client.#send(messageType.sync, (encoder) => writeSyncStep1(encoder, nothing));
    await Promise.race([received, closed]);
    return client;
  }

  sendUpdate(update: Uint8Array): void {
    this.#send(messageType.sync, (encoder) => writeUpdate(encoder, update));
  }

  /** Says where its cursor is. */
  sendState(clientId: number, clock: number, state: unknown): void {
    const update = createEncoder();
    writeVarUint(update, 1);
    writeVarUint(update, clientId);
    writeVarUint(update, clock);
    writeVarString(update, JSON.stringify(state));
    this.#send(messageType.awareness, (encoder) => writeVarUint8Array(encoder, toUint8Array(update)));
  }

  sendStateless(payload: string): void {
    this.#send(messageType.stateless, (encoder) => writeVarString(encoder, payload));
  }

  /** Whether a frame brings a stateless message. */
  isStateless(frame: Buffer): boolean {
    return frame[this.#typeAt] === messageType.stateless;
  }

  /** Whether a frame brings an edit. */
  isEdit(frame: Buffer): boolean {
    return frame[this.#typeAt] === messageType.sync;
  }

  leave(): void {
    this.#socket.terminate();
  }

  #take(frame: Buffer): void {
    this.onFrame(frame);
    const [type, step] = frame.subarray(this.#typeAt);
    if (type === messageType.syncStatus && step === 1) return this.#acknowledged();
    if (type !== messageType.sync && type !== messageType.syncReply) return;
    if (step === syncStep.two) this.#received();
    if (step === syncStep.one)
      this.#answer(readVarUint8Array(createDecoder(frame.subarray(this.#typeAt + 2))));
  }

  #answer(stateVector: Uint8Array): void {
    this.#send(messageType.sync, (encoder) => writeSyncStep2(encoder, nothing, stateVector));
  }

  #acknowledged(): void {
    if (this.#isExchanged) return this.onAcknowledged();
    this.#isExchanged = true;
    this.#exchanged();
  }

  #send(type: number, write: (encoder: Encoder) => void): void {
    const encoder = createEncoder();
    writeVarString(encoder, this.#documentName);
    writeVarUint(encoder, type);
    write(encoder);
    this.#socket.send(toUint8Array(encoder));
  }
}
