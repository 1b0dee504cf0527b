/**
 * Somebody at the door of a gateway: a plain WebSocket that speaks as little of Hocuspocus as a test needs.
 */

import { createDecoder, readVarString, readVarUint } from 'lib0/decoding';
import { createEncoder, toUint8Array, writeVarString, writeVarUint, writeVarUint8Array } from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { until } from '../helpers/until.ts';

export interface VisitorOptions {
  /** Whether pings are answered. */
  readonly autoPong?: boolean;
  /** Of the upgrade. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class Visitor {
  readonly ws: WebSocket;
  pings = 0;
  frames = 0;
  /** Why it was not let into documents, in order. */
  readonly denials: string[] = [];
  closed: { code: number; reason: string } | undefined;
  /** HTTP status of a refused upgrade. */
  refusedWith: number | undefined;

  constructor(url: string, { autoPong = true, headers = {} }: VisitorOptions = {}) {
    this.ws = new WebSocket(url.replace('http', 'ws'), { autoPong, headers });
    this.ws.on('error', () => undefined);
    this.ws.on('ping', () => {
      this.pings += 1;
    });
    this.ws.on('message', (frame: Buffer) => {
      this.frames += 1;
      const denial = denialIn(frame);
      if (denial !== null) this.denials.push(denial);
    });
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

  async entered(): Promise<this> {
    await until('the socket is open', () => this.isOpen);
    return this;
  }

  async sentAway(): Promise<{ code: number; reason: string }> {
    return until('the socket is closed', () => this.closed);
  }

  /** Asks to be let into a document. */
  authenticate(documentName: string, token = 'token'): void {
    this.ws.send(
      frameOf(documentName, (encoder) => {
        writeVarUint(encoder, 2);
        writeVarUint(encoder, 0);
        writeVarString(encoder, token);
      }),
    );
  }

  /**
   * Asks for everything that is in a document.
   *
   * @param client of which it has nothing: another one makes another question
   */
  askForAll(documentName: string, client = 1): void {
    this.sync(documentName, 0, Y.encodeStateVector(new Map([[client, 0]])));
  }

  /** Sends a message of this type, and cuts it off behind that. */
  stammer(documentName: string, type: number): void {
    this.ws.send(frameOf(documentName, (encoder) => writeVarUint(encoder, type)));
  }

  /** Sends an update. */
  edit(documentName: string, update: Uint8Array): void {
    this.sync(documentName, 2, update);
  }

  private sync(documentName: string, step: number, payload: Uint8Array = new Uint8Array()): void {
    this.ws.send(
      frameOf(documentName, (encoder) => {
        writeVarUint(encoder, 0);
        writeVarUint(encoder, step);
        writeVarUint8Array(encoder, payload);
      }),
    );
  }
}

function frameOf(
  documentName: string,
  write: (encoder: ReturnType<typeof createEncoder>) => void,
): Uint8Array {
  const encoder = createEncoder();
  writeVarString(encoder, documentName);
  write(encoder);
  return toUint8Array(encoder);
}

/** The reason in a frame that lets nobody in. */
function denialIn(frame: Buffer): string | null {
  const decoder = createDecoder(frame);
  readVarString(decoder);
  const isDenial = readVarUint(decoder) === 2 && readVarUint(decoder) === 1;
  return isDenial ? readVarString(decoder) : null;
}
