/**
 * Signs the demo users in at CivicPress, one session each.
 *
 * CivicPress ends a user's oldest session at the sixth sign-in, so a session is used until it ends. It may end
 * before its time (revoked, or the API started anew), hence the question before it is handed out again.
 */
import { type CivicPressClient, fieldOf } from '../../../civicpress/client.ts';
import { RealtimeError } from '../../../errors.ts';

const DEMO_USERS = {
  alice: { role: 'clerk' },
  bob: { role: 'clerk' },
  rita: { role: 'public' },
} as const;

export type DemoUser = keyof typeof DEMO_USERS;

export const demoUserNames = Object.keys(DEMO_USERS);

export function isDemoUser(user: unknown): user is DemoUser {
  return typeof user === 'string' && Object.hasOwn(DEMO_USERS, user);
}

export interface DemoSession {
  token: string;
  /** `accountId` is CivicPress' id of the user, by which the server shows them to others. */
  user: { id: string; accountId: string; name: string };
  /** ISO 8601. */
  expiresAt: string;
}

interface KeptSession {
  session: DemoSession;
  /** Milliseconds since the epoch. */
  checkedAt: number;
}

export class DemoSessions {
  readonly #client: CivicPressClient;
  readonly #kept = new Map<DemoUser, KeptSession>();

  /** The answer under way for a user: two windows at once make one session. */
  readonly #pending = new Map<DemoUser, Promise<DemoSession>>();

  constructor(client: CivicPressClient) {
    this.#client = client;
  }

  /**
   * A session that CivicPress accepted no longer than `maxAgeMs` ago.
   *
   * @throws RealtimeError when CivicPress does not answer, or does not let the user in
   */
  of(user: DemoUser, maxAgeMs = 0): Promise<DemoSession> {
    const kept = this.#kept.get(user);
    if (kept && Date.now() - kept.checkedAt < maxAgeMs) return Promise.resolve(kept.session);

    let pending = this.#pending.get(user);
    if (!pending) {
      pending = this.#renew(user).finally(() => this.#pending.delete(user));
      this.#pending.set(user, pending);
    }
    return pending;
  }

  async #renew(user: DemoUser): Promise<DemoSession> {
    const kept = this.#kept.get(user)?.session;
    const session = kept && (await this.#isAlive(kept)) ? kept : await this.#signIn(user);
    this.#kept.set(user, { session, checkedAt: Date.now() });
    return session;
  }

  async #isAlive({ token, expiresAt }: DemoSession): Promise<boolean> {
    if (Date.parse(expiresAt) <= Date.now()) return false;
    const reply = await this.#client.send({ method: 'GET', path: '/auth/me', token });
    return reply.status === 200;
  }

  async #signIn(user: DemoUser): Promise<DemoSession> {
    const reply = await this.#client.send({
      method: 'POST',
      path: '/auth/simulated',
      body: { username: user, role: DEMO_USERS[user].role },
    });
    const session = fieldOf(reply.data, 'session');
    const token = fieldOf(session, 'token');
    const expiresAt = fieldOf(session, 'expiresAt');
    const account = fieldOf(session, 'user');
    const name = fieldOf(account, 'name');
    const accountId = String(fieldOf(account, 'id'));
    if (typeof token !== 'string' || typeof expiresAt !== 'string') {
      throw new RealtimeError('not-authenticated', { context: { user, status: reply.status } });
    }
    return { token, user: { id: user, accountId, name: typeof name === 'string' ? name : user }, expiresAt };
  }
}
