/**
 * Is there room for one more?
 *
 * Sockets by address are the gateway's part, and so is how fast each of them may go; here are the documents and the
 * sockets of one user, at all nodes together, and the people in one document.
 */
import type {
  connectedPayload,
  Extension,
  onAuthenticatePayload,
  onDisconnectPayload,
} from '@hocuspocus/server';
import { RealtimeError } from '../server/errors.ts';
import type { Excess } from '../server/excess.ts';
import { HeadCount } from '../server/head-count.ts';
import type { ClientSocket, ConnectionContext, Session } from '../server/session.ts';
import type { SharedHeadCounts } from '../server/shared-limits.ts';
import { Roll } from './roll.ts';

export interface LimitsOptions {
  /** Sockets, and documents on all of them. */
  readonly connectionsPerUser: number;
  readonly connectionsPerDocument: number;
  /** Who has been sent away for a while. */
  readonly excess: Excess;
  /** Of all nodes, where there are several. */
  readonly counts?: SharedHeadCounts | undefined;
}

/** So often it is told anew how many documents those have who came and never arrived. */
const forgottenMs = 60_000;

export class Limits implements Extension<ConnectionContext> {
  readonly #options: LimitsOptions;
  readonly #byUser = new Roll();
  readonly #byDocument = new Roll();
  readonly #sockets: HeadCount;
  #forgetting: NodeJS.Timeout | undefined;

  constructor(options: LimitsOptions) {
    this.#options = options;
    const { counts } = options;
    this.#sockets = new HeadCount({ kind: 'user', counts });
    if (!counts) return;
    this.#forgetting = setInterval(() => {
      for (const userId of this.#byUser.keys()) void this.#documentsElsewhere(userId);
    }, forgottenMs);
    this.#forgetting.unref();
  }

  async onAuthenticate(request: onAuthenticatePayload<ConnectionContext>): Promise<void> {
    const { context, documentName } = request;
    const { session, socket } = context;
    if (!session) return;
    const { connectionsPerUser, connectionsPerDocument, excess } = this.#options;
    const userId = session.user.id;
    if (await excess.isExceeded(userId)) throw new RealtimeError('too-many-messages');
    if (this.#byUser.of(userId) >= connectionsPerUser) throw new RealtimeError('too-many-connections');
    if (this.#byDocument.of(documentName) >= connectionsPerDocument) throw new RealtimeError('room-full');
    this.#countSocket(socket, userId);
    this.#byUser.join(userId, session);
    this.#byDocument.join(documentName, session);
    if (!(await this.#areTooMany(userId))) return;
    this.#leave(session, documentName);
    throw new RealtimeError('too-many-connections');
  }

  async connected({ context, documentName }: connectedPayload<ConnectionContext>): Promise<void> {
    const { session } = context;
    if (!session) return;
    this.#byUser.arrive(session.user.id, session);
    this.#byDocument.arrive(documentName, session);
  }

  async onDisconnect({ context, documentName }: onDisconnectPayload<ConnectionContext>): Promise<void> {
    if (context.session) this.#leave(context.session, documentName);
  }

  async onDestroy(): Promise<void> {
    clearInterval(this.#forgetting);
  }

  #leave(session: Session, documentName: string): void {
    this.#byUser.leave(session.user.id, session);
    this.#byDocument.leave(documentName, session);
    void this.#documentsElsewhere(session.user.id);
  }

  /** A socket belongs to whoever signs in on it first. */
  #countSocket(socket: ClientSocket, userId: string): void {
    if (socket.userId !== undefined) return;
    if (this.#sockets.of(userId) >= this.#options.connectionsPerUser) {
      throw new RealtimeError('too-many-connections');
    }
    socket.userId = userId;
    socket.whenClosed.push(this.#sockets.enter(userId));
  }

  /** At all nodes together. */
  async #areTooMany(userId: string): Promise<boolean> {
    const { connectionsPerUser, counts } = this.#options;
    if (!counts) return false;
    const [areTooManySockets, documentsElsewhere] = await Promise.all([
      this.#sockets.isOver(userId, connectionsPerUser),
      this.#documentsElsewhere(userId),
    ]);
    return areTooManySockets || this.#byUser.of(userId) + documentsElsewhere > connectionsPerUser;
  }

  async #documentsElsewhere(userId: string): Promise<number> {
    return this.#options.counts?.tell(`documents ${userId}`, this.#byUser.of(userId)) ?? 0;
  }
}
