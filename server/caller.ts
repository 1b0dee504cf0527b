/**
 * Who calls the API: whoever has `admin.token`, and else whom CivicPress knows.
 */
import type { IncomingMessage } from 'node:http';
import { bearerTokenOf, isSame } from './admin-token.ts';
import { RealtimeError } from './errors.ts';
import type { Credentials, Identity, User } from './ports.ts';

export interface CallersOptions {
  readonly identity: Identity;
  /** Unset: CivicPress' own tokens alone open it. */
  readonly adminToken: string | undefined;
  /** Of whoever is behind a request. */
  readonly addressOf: (request: IncomingMessage) => string;
}

export interface Caller {
  readonly user: User;
  /** `null` for whoever has the admin token: CivicPress need not be asked about them. */
  readonly credentials: Credentials | null;
}

/** Who acts with the admin token. No id of CivicPress has a colon. */
const administrator: User = { id: 'admin:token', name: 'Administrator', role: 'admin', permissions: ['*'] };

export class Callers {
  readonly #options: CallersOptions;

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  /** @throws RealtimeError `not-authenticated`, or what keeps CivicPress from answering */
  async identify(request: IncomingMessage): Promise<Caller> {
    const { identity, adminToken, addressOf } = this.#options;
    const token = bearerTokenOf(request);
    if (token === undefined) throw new RealtimeError('not-authenticated');
    if (adminToken !== undefined && isSame(token, adminToken)) {
      return { user: administrator, credentials: null };
    }
    const credentials = { token, address: addressOf(request) };
    return { user: await identity.userOf(credentials), credentials };
  }
}
