/**
 * Who has been let in, by a key such as a user or a document, from that moment until they leave.
 *
 * Somebody who was let in may never arrive, when the document does not load; that one is struck off after a while.
 */
import type { Session } from '../server/session.ts';

/** A join that has come to nothing after this long no longer counts. */
const joiningMs = 60_000;

interface Entries {
  /** Let in, and not in a room yet; with the time, in monotonic ms. */
  readonly joining: Map<Session, number>;
  readonly inRoom: Set<Session>;
}

export class Roll {
  readonly #byKey = new Map<string, Entries>();

  /** How many are on it. */
  of(key: string): number {
    const entries = this.#byKey.get(key);
    if (!entries) return 0;
    const since = performance.now() - joiningMs;
    // In order of their times: most often the first one is young already.
    for (const [session, at] of entries.joining) {
      if (at > since) break;
      entries.joining.delete(session);
    }
    return entries.joining.size + entries.inRoom.size;
  }

  keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  join(key: string, session: Session): void {
    const entries = this.#byKey.get(key) ?? { joining: new Map(), inRoom: new Set() };
    entries.joining.set(session, performance.now());
    this.#byKey.set(key, entries);
  }

  arrive(key: string, session: Session): void {
    const entries = this.#byKey.get(key);
    entries?.joining.delete(session);
    entries?.inRoom.add(session);
  }

  leave(key: string, session: Session): void {
    const entries = this.#byKey.get(key);
    if (!entries) return;
    entries.joining.delete(session);
    entries.inRoom.delete(session);
    if (entries.joining.size + entries.inRoom.size === 0) this.#byKey.delete(key);
  }
}
