/** Sessions: an opaque token for 24 hours, at most five a user, only its hash at rest. */
import { createHash, randomBytes } from 'node:crypto';
import type { Collection } from './collection.ts';

const SESSION_MS = 24 * 60 * 60 * 1000;
const SESSIONS_PER_USER = 5;

export interface Session {
  userId: number;
  startedAt: number;
  expiresAt: number;
}

export class Sessions {
  /** By the SHA-256 of the token. */
  readonly #collection: Collection<Session>;
  readonly #now: () => number;

  constructor(collection: Collection<Session>, now: () => number) {
    this.#collection = collection;
    this.#now = now;
  }

  /** Starts a session; a sixth one ends the user's oldest. */
  async start(userId: number): Promise<{ token: string; expiresAt: string }> {
    const token = `${randomBytes(32).toString('hex')}.${randomBytes(32).toString('hex')}`;
    const startedAt = this.#now();
    const expiresAt = startedAt + SESSION_MS;
    const ended = [...this.#expired(), ...this.#keysOf(userId).slice(0, 1 - SESSIONS_PER_USER)];
    await Promise.all([
      ...ended.map((key) => this.#collection.delete(key)),
      this.#collection.set(hashOf(token), { userId, startedAt, expiresAt }),
    ]);
    return { token, expiresAt: new Date(expiresAt).toISOString() };
  }

  /** The user of a live session, or `null`. */
  userIdOf(token: string): number | null {
    const session = this.#collection.get(hashOf(token));
    return session && session.expiresAt > this.#now() ? session.userId : null;
  }

  end(token: string): Promise<void> {
    return this.#collection.delete(hashOf(token));
  }

  async endAllOf(userId: number): Promise<void> {
    await Promise.all(this.#keysOf(userId).map((key) => this.#collection.delete(key)));
  }

  /** The user's sessions, oldest first. */
  #keysOf(userId: number): string[] {
    return this.#collection
      .entries()
      .filter(([, session]) => session.userId === userId)
      .sort(([, a], [, b]) => a.startedAt - b.startedAt)
      .map(([key]) => key);
  }

  #expired(): string[] {
    return this.#collection
      .entries()
      .filter(([, session]) => session.expiresAt <= this.#now())
      .map(([key]) => key);
  }
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
