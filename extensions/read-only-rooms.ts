/**
 * Rooms in which everybody only reads, whatever CivicPress lets them do: because their record is gone, because too much
 * of it waits for the journal, or because an operator says so. A room may be closed for several causes; it opens when the
 * last one has gone.
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
import type { ErrorCode } from '../server/errors.ts';
import type { ConnectionContext } from '../server/session.ts';
import type { Notice, Notices } from './notices.ts';
import { bringEditorsBack, connectionsIn, setScope } from './scope.ts';

/** What an operator says holds for rooms that nobody has open, too. */
export type Cause = 'backlog' | 'retirement' | 'operator';

export class ReadOnlyRooms implements Extension<ConnectionContext> {
  readonly #notices: Pick<Notices, 'tellOne'>;

  /** What those in the room are told, by document and cause. */
  readonly #closed = new Map<string, Map<Cause, Notice>>();
  #instance: Hocuspocus | undefined;

  constructor(notices: Pick<Notices, 'tellOne'>) {
    this.#notices = notices;
  }

  async onConfigure({ instance }: onConfigurePayload): Promise<void> {
    this.#instance = instance;
  }

  async onAuthenticate({
    documentName,
    connectionConfig,
  }: onAuthenticatePayload<ConnectionContext>): Promise<void> {
    if (this.#closed.has(documentName)) connectionConfig.readOnly = true;
  }

  async connected({ documentName, connection }: connectedPayload<ConnectionContext>): Promise<void> {
    const notices = this.#closed.get(documentName)?.values() ?? [];
    for (const notice of notices) this.#close(connection, notice);
  }

  async afterUnloadDocument({ documentName }: afterUnloadDocumentPayload): Promise<void> {
    const notices = this.#closed.get(documentName);
    for (const cause of ['backlog', 'retirement'] as const) notices?.delete(cause);
    if (notices?.size === 0) this.#closed.delete(documentName);
  }

  /** Everybody in the room of an open document only reads from now on, and is told why; whoever comes later is as well. */
  close(documentName: string, cause: Cause, notice: Notice): void {
    const notices = this.#closed.get(documentName) ?? new Map<Cause, Notice>();
    this.#closed.set(documentName, notices.set(cause, notice));
    for (const connection of connectionsIn(this.#instance, documentName)) this.#close(connection, notice);
  }

  /** This is no cause any more. Who typed meanwhile comes back with all of it, once there is no other. */
  open(documentName: string, cause: Cause): void {
    const notices = this.#closed.get(documentName);
    if (!notices?.delete(cause) || notices.size > 0) return;
    this.#closed.delete(documentName);
    bringEditorsBack(connectionsIn(this.#instance, documentName));
  }

  /** What the room was told when it was closed for this. */
  noticeOf(documentName: string, cause: Cause): Notice | null {
    return this.#closed.get(documentName)?.get(cause) ?? null;
  }

  /** Why nothing may be changed, as an error; `null` when it may. @param isOperators what operators do themselves */
  reasonOf(documentName: string, isOperators: boolean): ErrorCode | null {
    const [notice] = [...(this.#closed.get(documentName)?.entries() ?? [])]
      .filter(([cause]) => cause !== 'operator' || !isOperators)
      .map(([, closed]) => closed);
    if (!notice) return null;
    if (notice.event === 'record-gone')
      return notice.data.fate === 'archived' ? 'record-archived' : 'no-such-record';
    return notice.event === 'too-much-unsaved' ? 'too-much-unsaved' : 'room-read-only';
  }

  #close(connection: Connection<ConnectionContext>, notice: Notice): void {
    setScope(connection, true);
    this.#notices.tellOne(connection, notice);
  }
}
