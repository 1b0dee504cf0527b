/** Who is calling, and may they: the checks that CivicPress makes before a handler runs. */
import type { FastifyRequest } from 'fastify';
import type { Account, Accounts } from './accounts.ts';
import { refusals } from './errors.ts';
import { textField } from './input.ts';
import type { RecordAction, Roles } from './roles.ts';
import type { Sessions } from './sessions.ts';

/** CivicPress takes no other spelling: `bearer` is no authorization at all. */
const SCHEME = 'Bearer ';
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export class Guards {
  readonly #accounts: Accounts;
  readonly #sessions: Sessions;
  readonly #roles: Roles;

  constructor(accounts: Accounts, sessions: Sessions, roles: Roles) {
    this.#accounts = accounts;
    this.#sessions = sessions;
    this.#roles = roles;
  }

  /** A changing request on the records needs a bearer token, good or bad, or a CSRF token, which nobody has here. */
  refuseForgery(request: FastifyRequest): void {
    if (SAFE_METHODS.has(request.method) || !request.url.startsWith('/api/v1/records')) return;
    if (tokenOf(request) === null) throw refusals.csrf();
  }

  /** The caller, or `null` for nobody; a bad token is nobody too. */
  caller(request: FastifyRequest): Account | null {
    const userId = this.#sessions.userIdOf(tokenOf(request) ?? '');
    return userId === null ? null : (this.#accounts.withId(userId) ?? null);
  }

  /** The caller, who has to be somebody. */
  signedIn(request: FastifyRequest): Account {
    if (!request.headers.authorization) throw refusals.noAuthorization();
    if (tokenOf(request) === null) throw refusals.wrongScheme();
    const account = this.caller(request);
    if (!account) throw refusals.invalidToken();
    return account;
  }

  /**
   * The caller, who has to have this right.
   *
   * Rights by record type count only when the request names the type, in its body or in its query.
   */
  permitted(action: RecordAction, request: FastifyRequest): Account {
    const account = this.signedIn(request);
    this.requireRight(action, account, textField(request.body, 'type') ?? textField(request.query, 'type'));
    return account;
  }

  requireRight(action: RecordAction, account: Account, recordType?: string): void {
    if (!this.#roles.can(account.role, action, recordType)) {
      throw refusals.notPermitted(action, account, recordType);
    }
  }

  /** The caller, who has to be an administrator. */
  administrator(request: FastifyRequest): Account {
    const account = this.signedIn(request);
    if (!this.#roles.isAdministrator(account.role)) throw refusals.notAdministrator(account);
    return account;
  }

  /** Whether the caller edits all records: what the read routes go by, which know nothing of record types. */
  isEditor(account: Account | null): boolean {
    return account !== null && this.#roles.can(account.role, 'edit');
  }
}

/** The token of the request, or `null` without an `Authorization: Bearer` header. */
export function tokenOf(request: FastifyRequest): string | null {
  const header = request.headers.authorization;
  return header?.startsWith(SCHEME) ? header.slice(SCHEME.length).trim() : null;
}
