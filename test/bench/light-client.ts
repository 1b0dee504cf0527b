/**
 * As little of a provider as it takes to be served: cheap enough to run a thousand of them.
 *
 * It holds no document. It says so in the exchange of states with which a connection begins, as a provider with an
 * empty document would: a server may hold back every acknowledgement until that exchange is complete.
 */
import { once } from 'node:events';
import { createDecoder, readVarUint8Array } from 'lib0/decoding';
import { createEncoder, toUint8Array, writeVarString, writeVarUint, writeVarUint8Array } from 'lib0/encoding';
import { WebSocket } from 'ws';
import { writeUpdate } from 'y-protocols/sync';
import { Frames, hocuspocus, messageType, syncStep } from './wire.ts';

export class LightClient {
  readonly #socket: WebSocket;
  readonly #frames: Frames;
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

  private constructor(socket: WebSocket, frames: Frames) {
    this.#socket = socket;
    this.#frames = frames;
    this.#typeAt = frames.typeAt;
    socket.on('message', (frame: Buffer) => this.#take(frame));
  }

  /** Resolves once the server has sent the document. */
  static async join(
    port: number,
    documentName: string,
    token: string,
    wire = hocuspocus,
  ): Promise<LightClient> {
    const frames = new Frames(wire, documentName);
    const socket = new WebSocket(`ws://127.0.0.1:${port}${frames.path}`, { perMessageDeflate: false });
    const client = new LightClient(socket, frames);
    await once(socket, 'open');
    const closed = once(socket, 'close').then(([code, reason]) => {
      throw new Error(`the server closed ${documentName} with ${code} ${reason}`);
    });
    closed.catch(() => undefined);
    const received = new Promise<void>((resolve) => {
      client.#received = resolve;
    });
    for (const frame of frames.opening(token)) socket.send(frame);
    await Promise.race([received, closed]);
    return client;
  }

  sendUpdate(update: Uint8Array): void {
    this.#socket.send(this.#frames.of(messageType.sync, (encoder) => writeUpdate(encoder, update)));
  }

  /** Says where its cursor is. */
  sendState(clientId: number, clock: number, state: unknown): void {
    const update = createEncoder();
    writeVarUint(update, 1);
    writeVarUint(update, clientId);
    writeVarUint(update, clock);
    writeVarString(update, JSON.stringify(state));
    this.#socket.send(
      this.#frames.of(messageType.awareness, (encoder) => writeVarUint8Array(encoder, toUint8Array(update))),
    );
  }

  sendStateless(payload: string): void {
    this.#socket.send(this.#frames.of(messageType.stateless, (encoder) => writeVarString(encoder, payload)));
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
    const type = frame[this.#typeAt];
    const step = frame[this.#typeAt + 1];
    if (type === messageType.syncStatus && step === 1) return this.#acknowledged();
    if (type !== messageType.sync && type !== messageType.syncReply) return;
    if (step === syncStep.two) this.#received();
    if (step === syncStep.one) {
      const stateVector = readVarUint8Array(createDecoder(frame.subarray(this.#typeAt + 2)));
      this.#socket.send(this.#frames.answer(stateVector));
    }
  }

  #acknowledged(): void {
    if (this.#isExchanged) return this.onAcknowledged();
    this.#isExchanged = true;
    this.#exchanged();
  }
}
