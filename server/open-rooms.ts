/**
 * What an operator, or the program around the server, may ask of the rooms that are open.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Document, Hocuspocus } from '@hocuspocus/server';
import type { Journaling } from '../extensions/journaling.ts';
import type { Persistence } from '../extensions/persistence.ts';
import type { RecordSync } from '../extensions/record-sync.ts';
import type { Rooms } from '../extensions/rooms.ts';
import { documentNameOf } from './document-name.ts';
import { errors, RealtimeError } from './errors.ts';
import type { ConnectionContext } from './session.ts';

export interface OpenRoomsOptions {
  readonly hocuspocus: Hocuspocus<ConnectionContext>;
  readonly rooms: Pick<Rooms, 'letGo'>;
  readonly journaling: Pick<Journaling, 'durable'>;
  readonly persistence: Pick<Persistence, 'snapshotNow'>;
  readonly recordSync: Pick<RecordSync, 'check' | 'owedSince'>;
}

/** One open document, as an operator sees it. */
export interface RoomSummary {
  readonly documentName: string;
  readonly connections: number;
  /** Names of the users, each once. */
  readonly people: string[];
  /** When the oldest edit came that is not in the record's draft yet, in ms since the epoch. */
  readonly unsavedSince: number | null;
}

/** Somebody who has a document open. */
export interface Client {
  /** As in every line of the log that concerns it; one socket may be in several documents. */
  readonly socket: string;
  readonly documentName: string;
  readonly userId: string;
  readonly name: string;
  /** What they may do; `isReadOnly` when nothing of theirs is taken at the moment. */
  readonly access: 'read' | 'edit';
  readonly isReadOnly: boolean;
  readonly address: string;
  /** What waits for them to read it. */
  readonly bufferedBytes: number;
}

/** What somebody is told who is sent away. */
export interface Farewell {
  readonly closeCode: number;
  readonly reason: string;
}

/** How many there are in the rooms, each once. */
export interface HeadCounts {
  readonly connections: number;
  readonly users: number;
  readonly addresses: number;
}

/** How long a room may take to close, in ms: what is owed is done first. */
const closingMs = 10_000;

/** Pause between two looks at whether it is closed: Hocuspocus does not say. */
const pollMs = 20;

export class OpenRooms {
  readonly #options: OpenRoomsOptions;

  constructor(options: OpenRoomsOptions) {
    this.#options = options;
  }

  list(): RoomSummary[] {
    return [...this.#options.hocuspocus.documents.values()].map((document) => {
      const { name: documentName } = document;
      const connections = document.getConnections();
      const people = new Set(connections.map(({ context }) => context.session?.user.name ?? ''));
      const unsavedSince = this.#options.recordSync.owedSince(documentName);
      return { documentName, connections: connections.length, people: [...people], unsavedSince };
    });
  }

  clients(): Client[] {
    const documents = [...this.#options.hocuspocus.documents.values()];
    return documents.flatMap((document) =>
      document.getConnections().flatMap(({ context: { socket, session }, readOnly }) => {
        if (!session) return [];
        const { id: userId, name } = session.user;
        const { id, address, bufferedBytes } = socket;
        const { name: documentName } = document;
        const { access } = session;
        return {
          socket: id,
          documentName,
          userId,
          name,
          access,
          isReadOnly: readOnly,
          address,
          bufferedBytes,
        };
      }),
    );
  }

  /** Closes this socket, with all documents that are open on it. `false` when there is none. */
  disconnect(socketId: string, { closeCode, reason }: Farewell): boolean {
    const documents = [...this.#options.hocuspocus.documents.values()];
    const found = documents
      .flatMap((document) => document.getConnections())
      .find(({ context }) => context.socket?.id === socketId);
    found?.context.socket.close(closeCode, reason);
    return found !== undefined;
  }

  headCounts(): HeadCounts {
    const connections = [...this.#options.hocuspocus.documents.values()].flatMap((document) =>
      document.getConnections(),
    );
    const users = new Set(connections.map(({ context }) => context.session?.user.id));
    const addresses = new Set(connections.map(({ context }) => context.socket?.address));
    return { connections: connections.length, users: users.size, addresses: addresses.size };
  }

  /**
   * Brings what the room of this record holds into a snapshot and into the draft, now. The revision is `null` when the
   * newest snapshot holds it already, or when nobody has the record open.
   *
   * @throws RealtimeError `not-saved`
   */
  async flush(recordId: string): Promise<{ revision: number | null }> {
    const documentName = documentNameOf(recordId);
    const { hocuspocus, journaling, persistence, recordSync } = this.#options;
    if (!hocuspocus.documents.has(documentName)) return { revision: null };
    await journaling.durable(documentName);
    const [made] = await Promise.all([persistence.snapshotNow(documentName), recordSync.check(documentName)]);
    return { revision: made?.revision ?? null };
  }

  /** The record was changed elsewhere: whoever has it open is brought up to date. `false` when nobody has. */
  recordChanged(recordId: string): boolean {
    const documentName = documentNameOf(recordId);
    const isOpen = this.#options.hocuspocus.documents.has(documentName);
    if (isOpen) void this.#options.recordSync.check(documentName);
    return isOpen;
  }

  /**
   * Sends everybody away, and lets the document go when everything is saved. Who comes back opens it anew. `false` when
   * it was not open.
   *
   * @throws RealtimeError `not-saved` when that takes too long; it is closed later, when all is saved
   */
  async close(documentName: string): Promise<boolean> {
    const { hocuspocus } = this.#options;
    const document = hocuspocus.documents.get(documentName);
    if (!document) return false;
    const { closeCode, reason } = errors['room-closed'];
    // What waits for a pause in typing waits no longer.
    if (this.#options.recordSync.owedSince(documentName) !== null)
      void this.#options.recordSync.check(documentName);
    for (const { context } of document.getConnections()) context.socket?.close(closeCode, reason);
    const deadline = performance.now() + closingMs;
    while (!(await this.#isGone(document))) {
      if (performance.now() > deadline) throw new RealtimeError('not-saved', { context: { documentName } });
      await delay(pollMs);
    }
    return true;
  }

  async #isGone(document: Document): Promise<boolean> {
    const { hocuspocus, rooms } = this.#options;
    if (document.getConnectionsCount() === 0) await rooms.letGo(hocuspocus, document.name);
    // Somebody may have come back already, into a new one.
    return hocuspocus.documents.get(document.name) !== document;
  }
}
