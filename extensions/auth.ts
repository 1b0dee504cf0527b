/**
 * Who is this, and what may they do with this document? CivicPress decides; `Rights` asks, now and again.
 */
import type {
  connectedPayload,
  Extension,
  onAuthenticatePayload,
  onDisconnectPayload,
  onTokenSyncPayload,
} from '@hocuspocus/server';
import type { ConnectionContext } from '../server/session.ts';
import type { Rights } from './rights.ts';

export class Auth implements Extension<ConnectionContext> {
  readonly #rights: Rights;

  constructor(rights: Rights) {
    this.#rights = rights;
  }

  async onAuthenticate(request: onAuthenticatePayload<ConnectionContext>): Promise<void> {
    const { documentName, connectionConfig, context, token } = request;
    const { socket } = context;
    const credentials = { token, address: socket.address };
    const session = await this.#rights.admit(documentName, credentials, { socket, connectionConfig });
    connectionConfig.readOnly = session.access === 'read';
    // Set, not returned: what a hook returns reaches the later hooks of the same event only after them.
    context.session = session;
    socket.isAuthenticated = true;
  }

  async connected({ context, documentName, connection }: connectedPayload<ConnectionContext>): Promise<void> {
    context.socket.openDocuments.add(documentName);
    if (context.session) this.#rights.seated(context.session, connection);
  }

  async onTokenSync({ context, token }: onTokenSyncPayload<ConnectionContext>): Promise<void> {
    if (context.session) await this.#rights.renewToken(context.session, token);
  }

  async onDisconnect({ context, documentName }: onDisconnectPayload<ConnectionContext>): Promise<void> {
    context.socket?.openDocuments.delete(documentName);
    if (context.session) this.#rights.left(context.session);
  }

  async onDestroy(): Promise<void> {
    this.#rights.stop();
  }
}
