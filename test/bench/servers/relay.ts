/**
 * As little as a server can do: whoever comes is given the document as it is stored, and what anybody sends goes to
 * everybody else in the room as it came. No Yjs, no rights, no store: what is left is what sockets cost.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { writeVarUint, writeVarUint8Array } from 'lib0/encoding';
import { type WebSocket, WebSocketServer } from 'ws';
import { writeSyncStep1 } from 'y-protocols/sync';
import * as Y from 'yjs';
import type { ServerOptions } from '../server-handle.ts';
import type { Started } from '../server-process.ts';
import { Frames, hocuspocus, messageType, syncStep } from '../wire.ts';
import { storedIn } from './stored.ts';

interface Room {
  readonly sockets: Set<WebSocket>;
  /** What a newcomer is sent. */
  readonly welcome: readonly Uint8Array[];
}

const nothing = new Y.Doc();

export async function start({ folder }: ServerOptions): Promise<Started> {
  const stored = storedIn(folder);
  const rooms = new Map<string, Room>();
  const roomOf = (documentName: string): Room => {
    const room = rooms.get(documentName) ?? { sockets: new Set(), welcome: welcomeTo(documentName, stored) };
    rooms.set(documentName, room);
    return room;
  };
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    let room: Room | undefined;
    socket.on('message', (frame: Buffer) => {
      const [nameLength = 0] = frame;
      const type = frame[1 + nameLength];
      if (type === messageType.auth) return;
      const step = frame[2 + nameLength];
      if (type === messageType.sync && step === syncStep.two) return;
      if (type === messageType.sync && step === syncStep.one) {
        room = roomOf(frame.toString('utf8', 1, 1 + nameLength));
        room.sockets.add(socket);
        for (const answer of room.welcome) socket.send(answer);
        return;
      }
      for (const other of room?.sockets ?? []) if (other !== socket) other.send(frame);
    });
    socket.on('close', () => room?.sockets.delete(socket));
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port };
}

function welcomeTo(documentName: string, stored: (documentName: string) => Uint8Array | null): Uint8Array[] {
  const frames = new Frames(hocuspocus, documentName);
  const state = stored(documentName) ?? Y.encodeStateAsUpdate(nothing);
  return [
    frames.of(messageType.sync, (encoder) => writeSyncStep1(encoder, nothing)),
    frames.of(messageType.sync, (encoder) => {
      writeVarUint(encoder, syncStep.two);
      writeVarUint8Array(encoder, state);
    }),
  ];
}
