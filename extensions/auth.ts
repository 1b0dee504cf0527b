/**
 * Who is this, and what may they do with this document? CivicPress decides; this class asks and enforces.
 */
import type {
  connectedPayload,
  Extension,
  onAuthenticatePayload,
  onDisconnectPayload,
} from '@hocuspocus/server';
import { RealtimeError } from '../server/errors.ts';
import type { Identity } from '../server/ports.ts';
import type { RoomTypes } from '../server/room-types.ts';
import type { ConnectionContext } from '../server/session.ts';

export class Auth implements Extension<ConnectionContext> {
  readonly #identity: Identity;
  readonly #roomTypes: RoomTypes;

  constructor(identity: Identity, roomTypes: RoomTypes) {
    this.#identity = identity;
    this.#roomTypes = roomTypes;
  }

  async onAuthenticate(request: onAuthenticatePayload<ConnectionContext>): Promise<void> {
    const credentials = { token: request.token, address: request.context.socket.address };
    const user = await this.#identity.userOf(credentials);
    const access = await this.#roomTypes.accessTo(request.documentName, credentials);
    if (access === 'none') {
      throw new RealtimeError('no-such-record', { context: { userId: user.id } });
    }
    request.connectionConfig.readOnly = access === 'read';
    // Set, not returned: what a hook returns reaches the later hooks of the same event only after them.
    request.context.session = { user, access };
    request.context.socket.isAuthenticated = true;
  }

  async connected({ context, documentName }: connectedPayload<ConnectionContext>): Promise<void> {
    context.socket.openDocuments.add(documentName);
  }

  async onDisconnect({ context, documentName }: onDisconnectPayload<ConnectionContext>): Promise<void> {
    context.socket?.openDocuments.delete(documentName);
  }
}
