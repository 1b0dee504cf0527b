/**
 * How frames begin on each kind of server: Hocuspocus puts the document's name in front and wants a token first,
 * y-websocket has the name in the URL and nothing else. Behind that both speak y-protocols.
 */
import { createEncoder, type Encoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding';
import { writeSyncStep1, writeSyncStep2 } from 'y-protocols/sync';
import * as Y from 'yjs';

export const messageType = {
  sync: 0,
  awareness: 1,
  auth: 2,
  syncReply: 4,
  stateless: 5,
  syncStatus: 8,
} as const;
export const syncStep = { one: 0, two: 1 } as const;

const nothing = new Y.Doc();

export interface Wire {
  /** Path of the WebSocket for this document. */
  path(documentName: string): string;
  /** With which each frame for this document begins. */
  beginning(documentName: string): Uint8Array;
  readonly wantsToken: boolean;
}

export const hocuspocus: Wire = {
  path: () => '/realtime',
  beginning(documentName) {
    const encoder = createEncoder();
    writeVarString(encoder, documentName);
    return toUint8Array(encoder);
  },
  wantsToken: true,
};

export const yWebsocket: Wire = {
  path: (documentName) => `/${documentName}`,
  beginning: () => new Uint8Array(),
  wantsToken: false,
};

/** The frames of one document on one wire. */
export class Frames {
  readonly path: string;
  /** Where a frame's type stands. */
  readonly typeAt: number;
  readonly #beginning: Uint8Array;
  readonly #wantsToken: boolean;

  constructor(wire: Wire, documentName: string) {
    this.path = wire.path(documentName);
    this.#beginning = wire.beginning(documentName);
    this.#wantsToken = wire.wantsToken;
    this.typeAt = this.#beginning.byteLength;
  }

  of(type: number, write: (encoder: Encoder) => void): Uint8Array {
    const encoder = createEncoder();
    writeVarUint(encoder, type);
    write(encoder);
    return Buffer.concat([this.#beginning, toUint8Array(encoder)]);
  }

  /** With which somebody comes who has nothing. */
  opening(token: string): Uint8Array[] {
    const signIn = this.of(messageType.auth, (encoder) => {
      writeVarUint(encoder, 0);
      writeVarString(encoder, token);
    });
    const question = this.of(messageType.sync, (encoder) => writeSyncStep1(encoder, nothing));
    return this.#wantsToken ? [signIn, question] : [question];
  }

  /** What somebody has who has nothing, for a server with this state vector. */
  answer(stateVector: Uint8Array): Uint8Array {
    return this.of(messageType.sync, (encoder) => writeSyncStep2(encoder, nothing, stateVector));
  }
}
