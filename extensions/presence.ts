/**
 * Who is here, and where are their cursors? Everybody speaks for themselves, under their own name.
 *
 * The gateway hands awareness to this class and not to Hocuspocus, which would build a scratch document for each frame
 * and take it from anybody for anybody. A connection speaks for the clients that it announces, when nobody else has
 * announced or used them; what it says of others is dropped. Who they are, CivicPress has said.
 */
import {
  type afterLoadDocumentPayload,
  type Connection,
  type connectedPayload,
  type Document,
  type Extension,
  isTransactionOrigin,
} from '@hocuspocus/server';
import { isSeedClientId } from '../markdown/seed-client.ts';
import type { ClientOwners } from '../server/client-owners.ts';
import { errors } from '../server/errors.ts';
import { begins, documentNameIn, updateBehind } from '../server/frame-address.ts';
import type { Logger } from '../server/ports.ts';
import {
  type Announcement,
  beginningOf,
  isGone,
  presenceIn,
  readAnnouncements,
} from '../server/presence/frames.ts';
import { PresenceRoom, type Speaker } from '../server/presence/room.ts';
import { maxStateBytes, shownUser } from '../server/presence/state.ts';
import type { ClientSocket, ConnectionContext } from '../server/session.ts';
import type { Notice } from './notices.ts';

export interface PresenceOptions {
  /** How often others hear of somebody, at most. */
  readonly updatesPerSecond: number;
  /** So long without typing or moving the cursor makes somebody idle, in ms. */
  readonly idleMs: number;
  readonly owners: ClientOwners;
  readonly log: Logger;
}

/** What this node's people do, for other nodes: an update in the format of y-protocols' awareness. */
export type PresenceListener = (documentName: string, update: Uint8Array) => void;

interface Present extends Speaker {
  readonly room: PresenceRoom;
  /** With which each of its frames begins. */
  readonly beginning: Buffer;
  readonly userId: string;
  /** So often it said something that it may not. */
  misdeeds: number;
  /** When it was last told that its state is too large, in monotonic ms. */
  warnedAt: number;
}

/** A window has one client, or two for a moment, while its editor is built anew. */
const maxClientsAtOnce = 3;
const maxClientsEver = 16;

/** After so many states for somebody else, a socket is closed. */
const maxMisdeeds = 100;

const warnEveryMs = 10_000;

/** What a provider says before it is let in; a state and an address. */
const maxEarlyBytes = 8_192;
const maxEarlyFrames = 20;

/** Shorter than the pause behind which others forget somebody. */
const longestSweepMs = 5_000;

export class Presence implements Extension<ConnectionContext> {
  readonly #options: PresenceOptions;
  readonly #rooms = new Map<Document, PresenceRoom>();

  /** By socket; one socket may be in several documents. */
  readonly #present = new WeakMap<ClientSocket, Present[]>();
  readonly #byConnection = new WeakMap<Connection, Present>();

  /** The newest frame for each address that is not open yet. */
  readonly #early = new WeakMap<ClientSocket, Map<string, Uint8Array>>();
  readonly #listeners = new Set<PresenceListener>();
  readonly #returns = new Set<(documentName: string) => void>();
  readonly #sweeping: NodeJS.Timeout;

  constructor(options: PresenceOptions) {
    this.#options = options;
    const sweepMs = Math.min(longestSweepMs, options.idleMs / 4);
    this.#sweeping = setInterval(() => this.#sweep(), sweepMs);
    this.#sweeping.unref();
  }

  async afterLoadDocument({ document }: afterLoadDocumentPayload<ConnectionContext>): Promise<void> {
    const room = new PresenceRoom(document, {
      windowMs: 1_000 / this.#options.updatesPerSecond,
      idleMs: this.#options.idleMs,
      onLocalChange: (update) => {
        if (this.#listeners.size > 0) this.#tell(document.name, update());
      },
      onRefused: (speaker) => this.#misbehaved(speaker as Present, { state: 'none' }),
    });
    this.#rooms.set(document, room);
    document.on('update', (_update: Uint8Array, origin: unknown) => {
      if (!isTransactionOrigin(origin) || origin.source !== 'connection') return;
      const present = this.#byConnection.get(origin.connection);
      if (present) room.typed(present);
    });
    // Hocuspocus would show a newcomer also what the server last knew of that newcomer.
    document.hasAwarenessStates = () => false;
    document.on('destroy', () => {
      this.#rooms.delete(document);
      room.close();
    });
  }

  async connected({ connection, context }: connectedPayload<ConnectionContext>): Promise<void> {
    const { document } = connection;
    const room = this.#rooms.get(document);
    // Who was in and out again before this was asked was never here.
    if (!room || !context.session || !document.hasConnection(connection)) return;
    const { user } = context.session;
    const present: Present = {
      room,
      connection,
      beginning: Buffer.from(beginningOf(connection.messageAddress)),
      user: shownUser(user),
      userId: user.id,
      clients: new Map(),
      announced: new Set(),
      isBack: false,
      misdeeds: 0,
      warnedAt: Number.NEGATIVE_INFINITY,
    };
    const { socket } = context;
    this.#byConnection.set(connection, present);
    this.#present.set(socket, [...(this.#present.get(socket) ?? []), present]);
    // Not onDisconnect, which waits until everything that was typed is handled.
    connection.onClose(() => this.#left(socket, present));
    const early = this.#early.get(socket);
    for (const address of [connection.messageAddress, document.name]) {
      const frame = early?.get(address);
      early?.delete(address);
      if (frame) this.#hear(present, beginningOf(address), frame);
    }
    if (present.isBack) {
      room.renew();
      for (const listener of this.#returns) listener(document.name);
    }
    room.welcome(present);
  }

  async onDestroy(): Promise<void> {
    clearInterval(this.#sweeping);
  }

  /** Takes a frame with a valid address if it is about awareness; what a stranger sends is heard when they are let in. */
  take(socket: ClientSocket, frame: Uint8Array): boolean {
    const all = this.#present.get(socket) ?? [];
    const present = all.find(({ beginning }) => begins(frame, beginning));
    if (present) {
      this.#hear(present, present.beginning, frame);
      return true;
    }
    const about = presenceIn(frame);
    if (!about) return false;
    const { address, isQuestion } = about;
    // As Hocuspocus finds the connection of a frame.
    const names = [address, documentNameIn(address)];
    const speaker = all.find(({ connection }) => names.includes(connection.messageAddress));
    if (isQuestion) speaker?.room.welcome(speaker);
    else if (speaker) this.#hear(speaker, beginningOf(address), frame);
    else this.#keep(socket, address, frame);
    return true;
  }

  /** A socket is closed: whoever spoke on it is gone, also while what they typed is still being handled. */
  leave(socket: ClientSocket): void {
    for (const present of this.#present.get(socket) ?? []) present.room.left(present);
    this.#present.delete(socket);
    this.#early.delete(socket);
  }

  /** The clients that this connection has announced. */
  clientsOf(connection: Connection): Iterable<number> {
    return this.#byConnection.get(connection)?.clients.keys() ?? [];
  }

  /** Hears whatever this node's people do; returns what ends this. */
  onLocalChange(listener: PresenceListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hears when a window comes back that has let everybody go, also the people of other nodes; returns what ends this. */
  onReturn(listener: (documentName: string) => void): () => void {
    this.#returns.add(listener);
    return () => this.#returns.delete(listener);
  }

  /** Everybody of this node who is in the document; `null` when it is not open. */
  localStates(document: Document): Uint8Array | null {
    return this.#rooms.get(document)?.localStates() ?? null;
  }

  /** What another node says of its people; it checks them as this one does. */
  applyRemote(document: Document, update: Uint8Array): void {
    this.#rooms.get(document)?.applyRemote(update);
  }

  #keep(socket: ClientSocket, address: string, frame: Uint8Array): void {
    const early = this.#early.get(socket) ?? new Map<string, Uint8Array>();
    if (frame.byteLength > maxEarlyBytes || (early.size >= maxEarlyFrames && !early.has(address))) return;
    this.#early.set(socket, early.set(address, Uint8Array.from(frame)));
  }

  #hear(present: Present, beginning: Uint8Array, frame: Uint8Array): void {
    let announcements: Announcement[];
    try {
      announcements = readAnnouncements(updateBehind(beginning, frame));
    } catch (error) {
      return this.#misbehaved(present, { cause: String(error) });
    }
    for (const announcement of announcements) {
      if (!this.#speaksFor(present, announcement)) continue;
      if (announcement.json.byteLength > maxStateBytes) this.#warn(present, announcement.json.byteLength);
      else present.room.hear(present, announcement);
    }
  }

  #speaksFor(present: Present, { clientId, clock, json }: Announcement): boolean {
    if (present.clients.has(clientId)) return true;
    const { room, connection, userId, announced } = present;
    const { document } = connection;
    const holder = holderOf(room, clientId);
    if (holder === undefined && isGone(json)) return false;
    const isServers = clientId === document.clientID || isSeedClientId(clientId);
    if (!isServers && (holder ?? userId) === userId) {
      const isOneTooMany =
        present.clients.size >= maxClientsAtOnce ||
        (announced.size >= maxClientsEver && !announced.has(clientId));
      if (isOneTooMany) return false;
      if (this.#options.owners.of(document.name).claim(clientId, userId)) {
        announced.add(clientId);
        return true;
      }
    }
    // A client of y-websocket sends back what it has heard of others: it says nothing new.
    const heard = document.awareness.meta.get(clientId)?.clock ?? -1;
    if (clock > heard) this.#misbehaved(present, { clientId });
    return false;
  }

  #warn({ connection, ...present }: Present, bytes: number): void {
    const now = performance.now();
    if (now - present.warnedAt < warnEveryMs) return;
    present.warnedAt = now;
    const notice: Notice = { event: 'presence-too-large', data: { bytes, most: maxStateBytes } };
    connection.sendStateless(JSON.stringify(notice));
  }

  #misbehaved(present: Present, what: Readonly<Record<string, unknown>>): void {
    present.misdeeds += 1;
    const { connection, userId, misdeeds } = present;
    const fields = { documentName: connection.document.name, userId, ...what };
    if (misdeeds === 1)
      this.#options.log.info(fields, 'a state in somebody else’s name, or none, was dropped');
    if (misdeeds !== maxMisdeeds) return;
    this.#options.log.warn(fields, 'a socket that goes on forging presence is closed');
    const { closeCode, reason } = errors['forged-presence'];
    connection.context.socket.close(closeCode, reason);
  }

  #left(socket: ClientSocket, present: Present): void {
    const others = (this.#present.get(socket) ?? []).filter((other) => other !== present);
    this.#present.set(socket, others);
    this.#byConnection.delete(present.connection);
    present.room.left(present);
  }

  #sweep(): void {
    const now = performance.now();
    for (const room of this.#rooms.values()) room.sweep(now);
  }

  #tell(documentName: string, update: Uint8Array): void {
    for (const listener of this.#listeners) listener(documentName, update);
  }
}

/** Who is known to speak for this client now, here or on another node. */
function holderOf(room: PresenceRoom, clientId: number): string | undefined {
  const here = room.clientOf(clientId)?.speaker.user.id;
  const state = room.document.awareness.states.get(clientId) as { user?: { id?: string } } | undefined;
  return here ?? state?.user?.id;
}
