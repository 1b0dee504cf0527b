/**
 * How many documents are open, and how long does one stay when everybody has left?
 *
 * A document stays for its grace time, so that a reload or a short break finds it as it was. When there is no
 * room for another, the one that was left longest ago goes first, unless a layer still owes it something.
 */
import type {
  afterUnloadDocumentPayload,
  beforeUnloadDocumentPayload,
  connectedPayload,
  Extension,
  Hocuspocus,
  onCreateDocumentPayload,
} from '@hocuspocus/server';
import { RealtimeError } from '../server/errors.ts';
import type { ConnectionContext } from '../server/session.ts';
import { Veto } from './guarded.ts';

export interface RoomsOptions {
  readonly maxRooms: number;
  readonly graceMs: number;
}

/** A document that nobody has open: in order of leaving. */
interface LeftRoom {
  readonly unloading: NodeJS.Timeout;
  mayGo: boolean;
}

export class Rooms implements Extension<ConnectionContext> {
  readonly #options: RoomsOptions;
  readonly #left = new Map<string, LeftRoom>();

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  async onCreateDocument({ instance }: onCreateDocumentPayload<ConnectionContext>): Promise<void> {
    // The one being made is among those that load already.
    const isFull = () => instance.documents.size + instance.loadingDocuments.size > this.#options.maxRooms;
    for (const documentName of [...this.#left.keys()]) {
      if (!isFull()) return;
      await this.letGo(instance, documentName);
    }
    if (isFull()) throw new RealtimeError('too-many-rooms');
  }

  async connected({ documentName }: connectedPayload<ConnectionContext>): Promise<void> {
    this.#forget(documentName);
  }

  /** Says no until the grace time is over. */
  async beforeUnloadDocument({ instance, documentName }: beforeUnloadDocumentPayload): Promise<void> {
    if (this.#options.graceMs === 0 || this.#left.get(documentName)?.mayGo) return;
    if (!this.#left.has(documentName)) {
      const unloading = setTimeout(() => void this.letGo(instance, documentName), this.#options.graceMs);
      unloading.unref();
      this.#left.set(documentName, { unloading, mayGo: false });
    }
    throw new Veto();
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#forget(documentName);
  }

  async onDestroy(): Promise<void> {
    for (const documentName of [...this.#left.keys()]) this.#forget(documentName);
  }

  /** Ends its grace time. A document that a layer still owes something stays, and goes when that is done. */
  async letGo(instance: Hocuspocus, documentName: string): Promise<void> {
    const room = this.#left.get(documentName);
    const document = instance.documents.get(documentName);
    if (room) room.mayGo = true;
    if (document) await instance.unloadDocument(document);
  }

  #forget(documentName: string): void {
    clearTimeout(this.#left.get(documentName)?.unloading);
    this.#left.delete(documentName);
  }
}
