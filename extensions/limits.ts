/**
 * Is there room for one more?
 *
 * Sockets by address are the gateway's part, and so is how fast each of them may go; here are the documents and the
 * sockets of one user, and the people in one document.
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
import type { ClientSocket, ConnectionContext } from '../server/session.ts';
import { Roll } from './roll.ts';

export interface LimitsOptions {
  /** Sockets, and documents on all of them. */
  readonly connectionsPerUser: number;
  readonly connectionsPerDocument: number;
  /** Who has been sent away for a while. */
  readonly excess: Excess;
}

export class Limits implements Extension<ConnectionContext> {
  readonly #options: LimitsOptions;
  readonly #byUser = new Roll();
  readonly #byDocument = new Roll();
  readonly #sockets = new HeadCount();

  constructor(options: LimitsOptions) {
    this.#options = options;
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
  }

  async connected({ context, documentName }: connectedPayload<ConnectionContext>): Promise<void> {
    const { session } = context;
    if (!session) return;
    this.#byUser.arrive(session.user.id, session);
    this.#byDocument.arrive(documentName, session);
  }

  async onDisconnect({ context, documentName }: onDisconnectPayload<ConnectionContext>): Promise<void> {
    const { session } = context;
    if (!session) return;
    this.#byUser.leave(session.user.id, session);
    this.#byDocument.leave(documentName, session);
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
}
