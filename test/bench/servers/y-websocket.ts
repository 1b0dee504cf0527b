/**
 * The server of y-websocket, as little of it as makes it one: each update goes to everybody in the room, its author too,
 * a `send` for each; awareness is kept and passed on by y-protocols. Nothing is stored.
 *
 * Built after `@y/websocket-server`, which cannot stand here itself: its 0.1.5 wants a Yjs 14 that is not released.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createDecoder, readVarUint, readVarUint8Array } from 'lib0/decoding';
import {
  createEncoder,
  type Encoder,
  length,
  toUint8Array,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness';
import { readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import type { ServerOptions } from '../server-handle.ts';
import type { Started } from '../server-process.ts';
import { Frames, messageType, yWebsocket } from '../wire.ts';
import { storedIn } from './stored.ts';

interface Changed {
  readonly added: number[];
  readonly updated: number[];
  readonly removed: number[];
}

const pingEveryMs = 30_000;

class Room {
  readonly #document = new Y.Doc();
  readonly #awareness = new Awareness(this.#document);
  readonly #frames = new Frames(yWebsocket, '');
  /** With the clients that each has announced. */
  readonly #sockets = new Map<WebSocket, Set<number>>();

  constructor(stored: Uint8Array | null) {
    if (stored) Y.applyUpdate(this.#document, stored);
    this.#awareness.setLocalState(null);
    this.#document.on('update', (update: Uint8Array) =>
      this.#toAll(messageType.sync, (encoder) => writeUpdate(encoder, update)),
    );
    this.#awareness.on('update', ({ added, updated, removed }: Changed, origin: WebSocket | null) => {
      const own = origin && this.#sockets.get(origin);
      for (const client of added) own?.add(client);
      for (const client of removed) own?.delete(client);
      this.#toAll(messageType.awareness, (encoder) =>
        this.#writeStates(encoder, added.concat(updated, removed)),
      );
    });
  }

  enter(socket: WebSocket): void {
    this.#sockets.set(socket, new Set());
    socket.on('message', (frame: Buffer) => this.#take(socket, frame));
    socket.on('close', () => {
      removeAwarenessStates(this.#awareness, [...(this.#sockets.get(socket) ?? [])], null);
      this.#sockets.delete(socket);
    });
    this.#tell(
      socket,
      this.#frames.of(messageType.sync, (encoder) => writeSyncStep1(encoder, this.#document)),
    );
    const states = [...this.#awareness.getStates().keys()];
    if (states.length === 0) return;
    this.#tell(
      socket,
      this.#frames.of(messageType.awareness, (encoder) => this.#writeStates(encoder, states)),
    );
  }

  #take(socket: WebSocket, frame: Buffer): void {
    const decoder = createDecoder(frame);
    const type = readVarUint(decoder);
    if (type === messageType.awareness) {
      applyAwarenessUpdate(this.#awareness, readVarUint8Array(decoder), socket);
    } else if (type === messageType.sync) {
      const answer = createEncoder();
      writeVarUint(answer, messageType.sync);
      readSyncMessage(decoder, answer, this.#document, socket);
      if (length(answer) > 1) this.#tell(socket, toUint8Array(answer));
    }
  }

  #writeStates(encoder: Encoder, clients: number[]): void {
    writeVarUint8Array(encoder, encodeAwarenessUpdate(this.#awareness, clients));
  }

  #toAll(type: number, write: (encoder: Encoder) => void): void {
    const frame = this.#frames.of(type, write);
    for (const socket of this.#sockets.keys()) this.#tell(socket, frame);
  }

  #tell(socket: WebSocket, frame: Uint8Array): void {
    socket.send(frame, {}, (error) => error && socket.terminate());
  }
}

export async function start({ folder }: ServerOptions): Promise<Started> {
  const stored = storedIn(folder);
  const rooms = new Map<string, Room>();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket, { url = '/' }) => {
    const documentName = url.slice(1);
    const room = rooms.get(documentName) ?? new Room(stored(documentName));
    rooms.set(documentName, room);
    room.enter(socket);
    const pinging = setInterval(() => socket.ping(), pingEveryMs);
    socket.on('close', () => clearInterval(pinging));
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port };
}
