/**
 * Is there still a record to edit? One that was archived or deleted is for reading from then on: everybody in its room is
 * told, nothing more is taken, and what the room holds is made a version.
 */
import type {
  afterUnloadDocumentPayload,
  Connection,
  connectedPayload,
  Extension,
  Hocuspocus,
  onAuthenticatePayload,
  onConfigurePayload,
} from '@hocuspocus/server';
import { errors } from '../server/errors.ts';
import type { Logger } from '../server/ports.ts';
import type { ConnectionContext } from '../server/session.ts';
import type { Notices } from './notices.ts';
import { bringEditorsBack, connectionsIn, setScope } from './scope.ts';

export type Fate = 'archived' | 'deleted';

/** `null`: the record is there to be edited. */
export type FateListener = (documentName: string, fate: Fate | null) => void;

export interface RetirementOptions {
  readonly notices: Pick<Notices, 'tell' | 'tellOne'>;
  /** Makes a version of what the document holds. */
  readonly keepSafe: (documentName: string) => Promise<unknown>;
  readonly log: Logger;
}

export class Retirement implements Extension<ConnectionContext> {
  readonly #options: RetirementOptions;
  readonly #retired = new Map<string, Fate>();
  readonly #listeners = new Set<FateListener>();
  #instance: Hocuspocus | undefined;

  constructor(options: RetirementOptions) {
    this.#options = options;
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#instance = instance;
  }

  async onAuthenticate({
    documentName,
    connectionConfig,
  }: onAuthenticatePayload<ConnectionContext>): Promise<void> {
    if (this.#retired.has(documentName)) connectionConfig.readOnly = true;
  }

  async connected({ documentName, connection }: connectedPayload<ConnectionContext>): Promise<void> {
    const fate = this.#retired.get(documentName);
    if (fate) this.#close(connection, fate);
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#retired.delete(documentName);
  }

  /** Hears what becomes of records, for other nodes; returns what ends this. */
  onFate(listener: FateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What has become of the record of an open document. */
  fateOf(documentName: string): Fate | null {
    return this.#retired.get(documentName) ?? null;
  }

  /** What another node has found out. */
  follow(documentName: string, fate: Fate | null): void {
    if (!this.#instance?.documents.has(documentName)) return;
    if (fate) this.#closeAll(documentName, fate);
    else this.#openAll(documentName);
  }

  /** The record is not to be edited any more. Saying it again changes nothing. */
  retire(documentName: string, fate: Fate): void {
    if (!this.#closeAll(documentName, fate)) return;
    for (const listener of this.#listeners) listener(documentName, fate);
    const { keepSafe, log } = this.#options;
    log.info({ documentName, fate }, 'a record that is open is not to be edited any more');
    keepSafe(documentName).catch((error: unknown) => {
      // The journal has it; the store is tried again by whoever owes it that.
      log.warn({ documentName, cause: String(error) }, 'no version could be made of it yet');
    });
  }

  /** The record is there to be edited. Who typed meanwhile comes back with all of it. */
  revive(documentName: string): void {
    if (!this.#instance || !this.#retired.has(documentName)) return;
    this.#options.notices.tell(this.#instance, documentName, { event: 'record-back', data: {} });
    this.#openAll(documentName);
    for (const listener of this.#listeners) listener(documentName, null);
  }

  /** `false` when that is so already. */
  #closeAll(documentName: string, fate: Fate): boolean {
    if (this.#retired.get(documentName) === fate) return false;
    this.#retired.set(documentName, fate);
    for (const connection of connectionsIn(this.#instance, documentName)) this.#close(connection, fate);
    return true;
  }

  #openAll(documentName: string): void {
    if (this.#retired.delete(documentName)) bringEditorsBack(connectionsIn(this.#instance, documentName));
  }

  #close(connection: Connection<ConnectionContext>, fate: Fate): void {
    setScope(connection, true);
    const { reason } = errors[fate === 'archived' ? 'record-archived' : 'no-such-record'];
    this.#options.notices.tellOne(connection, { event: 'record-gone', data: { fate, reason } });
  }
}
