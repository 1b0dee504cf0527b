/**
 * Who is this, and what may they do with this document? CivicPress decides; this class asks and enforces.
 */
import type { Extension, onAuthenticatePayload, onConnectPayload } from '@hocuspocus/server';
import { parseDocumentName, recordIdOf } from '../server/document-name.ts';
import { RealtimeError } from '../server/errors.ts';
import type { Identity } from '../server/ports.ts';
import type { ConnectionContext, Session } from '../server/session.ts';

export class Auth implements Extension<ConnectionContext> {
  readonly #identity: Identity;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** Nothing else sees a document name before its grammar was checked. */
  async onConnect({ documentName }: onConnectPayload<ConnectionContext>): Promise<void> {
    parseDocumentName(documentName);
  }

  async onAuthenticate(
    request: onAuthenticatePayload<ConnectionContext>,
  ): Promise<{ readonly session: Session }> {
    const credentials = { token: request.token, address: request.context.socket.address };
    const user = await this.#identity.userOf(credentials);
    const access = await this.#identity.accessTo(recordIdOf(request.documentName), credentials);
    if (access === 'none') {
      throw new RealtimeError('no-such-record', { context: { userId: user.id } });
    }
    request.connectionConfig.readOnly = access === 'read';
    return { session: { user, access } };
  }
}
