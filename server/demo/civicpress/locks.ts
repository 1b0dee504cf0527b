/** Advisory locks: they say who is editing, and stop nobody. */
import type { Collection } from './collection.ts';
import { isoTime, sqlTime } from './times.ts';

const LOCK_MS = 30 * 60 * 1000;

export interface Lock {
  lockedBy: string;
  lockedAt: string;
  expiresAt: string;
}

export class Locks {
  readonly #collection: Collection<Lock>;
  readonly #now: () => number;

  constructor(collection: Collection<Lock>, now: () => number) {
    this.#collection = collection;
    this.#now = now;
  }

  /** The lock that holds now, or `null`. */
  of(recordId: string): Lock | null {
    const lock = this.#collection.get(recordId);
    return lock && Date.parse(lock.expiresAt) > this.#now() ? lock : null;
  }

  /** Takes or renews the lock; answers somebody else's lock when there is one, else `null`. */
  async acquire(recordId: string, userId: string): Promise<Lock | null> {
    const held = this.of(recordId);
    if (held && held.lockedBy !== userId) return held;
    const now = this.#now();
    await this.#collection.set(recordId, {
      lockedBy: userId,
      lockedAt: sqlTime(now),
      expiresAt: isoTime(now + LOCK_MS),
    });
    return null;
  }

  /** Whether the user held the lock and now no longer does. */
  async release(recordId: string, userId: string): Promise<boolean> {
    if (this.of(recordId)?.lockedBy !== userId) return false;
    await this.#collection.delete(recordId);
    return true;
  }
}
