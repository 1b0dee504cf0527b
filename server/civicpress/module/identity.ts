/**
 * Asks CivicPress' own services who somebody is and what they may do: each time, since they are in this process.
 */
import { RealtimeError } from '../../errors.ts';
import type { Access, Credentials, Identity, Pace, User } from '../../ports.ts';
import type { CoreAuth, CoreDatabase, CoreRecordManager, CoreUser } from './core.ts';

export interface CoreIdentityOptions {
  readonly auth: CoreAuth;
  readonly recordManager: CoreRecordManager;
  /** Unset: what exists only as a draft is for nobody. */
  readonly database: Pick<CoreDatabase, 'getDraft'> | undefined;
}

export class CoreIdentity implements Identity {
  readonly #options: CoreIdentityOptions;

  constructor(options: CoreIdentityOptions) {
    this.#options = options;
  }

  async userOf(credentials: Credentials): Promise<User> {
    const { id, username, name, role } = await this.#sessionOf(credentials);
    return { id: String(id), name: name || username, role, permissions: [] };
  }

  async accessTo(recordId: string, credentials: Credentials): Promise<Access> {
    const user = await this.#sessionOf(credentials);
    const { auth, recordManager, database } = this.#options;
    return asked(async () => {
      const record = await recordManager.getRecord(recordId);
      const type = record?.type ?? (await database?.getDraft(recordId))?.type;
      if (type === undefined) return 'none';
      if (await auth.userCan(user, 'records:edit', { recordType: type, action: 'edit' })) return 'edit';
      // What exists only as a draft is for its editors.
      const mayView =
        record !== null && (await auth.userCan(user, 'records:view', { recordType: type, action: 'view' }));
      return mayView ? 'read' : 'none';
    });
  }

  async renew(credentials: Credentials): Promise<void> {
    await this.#sessionOf(credentials);
  }

  askedAt(): number {
    return performance.now();
  }

  forget(): void {
    // Nothing is kept here.
  }

  paceOf(): Pace {
    return { counter: '', pauseMs: 0 };
  }

  async #sessionOf({ token }: Credentials): Promise<CoreUser> {
    const user = await asked(() => this.#options.auth.validateSession(token));
    if (!user) throw new RealtimeError('not-authenticated');
    return user;
  }
}

/** @throws RealtimeError `civicpress-unavailable` in place of whatever CivicPress throws */
async function asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    throw new RealtimeError('civicpress-unavailable', { cause });
  }
}
