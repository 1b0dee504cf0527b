/**
 * How much may wait for the journal? While it takes nothing, people type on, and what they type is kept here; when that is
 * too much for one document its room is for reading, until all of it is stored.
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

export interface BacklogOptions {
  /** Of updates of one document. */
  readonly maxBytes: number;
  readonly notices: Pick<Notices, 'tellOne'>;
  readonly log: Logger;
}

export class Backlog implements Extension<ConnectionContext> {
  readonly #options: BacklogOptions;

  /** Documents that take nothing more. */
  readonly #full = new Set<string>();
  #instance: Hocuspocus | undefined;

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#instance = instance;
  }

  async onAuthenticate({
    documentName,
    connectionConfig,
  }: onAuthenticatePayload<ConnectionContext>): Promise<void> {
    if (this.#full.has(documentName)) connectionConfig.readOnly = true;
  }

  async connected({ documentName, connection }: connectedPayload<ConnectionContext>): Promise<void> {
    if (this.#full.has(documentName)) this.#close(connection);
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    this.#full.delete(documentName);
  }

  /** So much of this document waits. */
  waits(documentName: string, bytes: number): void {
    if (bytes <= this.#options.maxBytes || this.#full.has(documentName)) return;
    this.#full.add(documentName);
    this.#options.log.warn(
      { documentName, bytes },
      'too much waits for the journal: the room is for reading',
    );
    for (const connection of connectionsIn(this.#instance, documentName)) this.#close(connection);
  }

  /** Nothing waits any more. Who typed meanwhile comes back with all of it. */
  isEmpty(documentName: string): void {
    if (this.#full.delete(documentName)) bringEditorsBack(connectionsIn(this.#instance, documentName));
  }

  #close(connection: Connection<ConnectionContext>): void {
    setScope(connection, true);
    const { reason } = errors['too-much-unsaved'];
    this.#options.notices.tellOne(connection, { event: 'too-much-unsaved', data: { reason } });
  }
}
