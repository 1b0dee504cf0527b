/**
 * Who watches the spec feed by server-sent events or Socket.IO: lets them in, counts them, and looks again and again
 * whether they still may. What they are told is for the transports.
 */
import { RealtimeError } from '../../server/errors.ts';
import { HeadCount } from '../../server/head-count.ts';
import type { Access, Credentials, Identity, Logger, User } from '../../server/ports.ts';

export interface WatchersOptions {
  readonly identity: Pick<Identity, 'userOf'>;
  /** What somebody may do with spec updates. */
  readonly accessTo: (credentials: Credentials) => Promise<Access>;
  /** Everybody who is connected, by address; those at the gateway too. */
  readonly visitors: HeadCount;
  readonly maxVisitors: number;
  readonly maxVisitorsPerAddress: number;
  readonly maxWatchersPerUser: number;
  /** How long a right is believed. */
  readonly recheckMs: number;
  readonly log: Logger;
}

/** Somebody who was let in. */
interface Watcher {
  readonly credentials: Credentials;
  /** They may no longer watch. */
  readonly onRevoked: (error: RealtimeError) => void;
}

export class Watchers {
  readonly #options: WatchersOptions;
  readonly #users = new HeadCount();

  /** By token: who has several connections is asked about once. */
  readonly #byToken = new Map<string, Set<Watcher>>();
  readonly #rechecking: NodeJS.Timeout;
  #isAccepting = true;

  constructor(options: WatchersOptions) {
    this.#options = options;
    this.#rechecking = setInterval(() => void this.recheck(), options.recheckMs);
    this.#rechecking.unref();
  }

  /** @throws RealtimeError `too-many-connections`, or `shutting-down`, when nobody more may come from this address */
  checkRoom(address: string): void {
    const { visitors, maxVisitors, maxVisitorsPerAddress } = this.#options;
    if (!this.#isAccepting) throw new RealtimeError('shutting-down');
    if (visitors.total >= maxVisitors || visitors.of(address) >= maxVisitorsPerAddress) {
      throw new RealtimeError('too-many-connections');
    }
  }

  /**
   * Counts a connection from this address, until what is returned is called.
   *
   * @throws RealtimeError as `checkRoom`
   */
  enter(address: string): () => void {
    this.checkRoom(address);
    return this.#options.visitors.enter(address);
  }

  /** @throws RealtimeError when they may not watch, or nobody knows */
  async identify(credentials: Credentials): Promise<User> {
    const user = await this.#options.identity.userOf(credentials);
    if ((await this.#options.accessTo(credentials)) === 'none') {
      throw new RealtimeError('no-such-record', { context: { userId: user.id } });
    }
    return user;
  }

  /**
   * Looks again at whether they may, until what is returned is called.
   *
   * @throws RealtimeError `too-many-connections` of this user
   */
  admit(user: User, watcher: Watcher): () => void {
    if (!this.#isAccepting) throw new RealtimeError('shutting-down');
    if (this.#users.of(user.id) >= this.#options.maxWatchersPerUser) {
      throw new RealtimeError('too-many-connections', { context: { userId: user.id } });
    }
    const leave = this.#users.enter(user.id);
    const { token } = watcher.credentials;
    const beside = this.#byToken.get(token) ?? new Set();
    this.#byToken.set(token, beside.add(watcher));
    return () => {
      leave();
      beside.delete(watcher);
      if (beside.size === 0 && this.#byToken.get(token) === beside) this.#byToken.delete(token);
    };
  }

  /** Asks about everybody who is here, one after the other, and sends away whoever may not stay. */
  async recheck(): Promise<void> {
    for (const watchers of [...this.#byToken.values()]) {
      const [first] = watchers;
      if (!first) continue;
      const refusal = await this.identify(first.credentials).then(
        () => null,
        (error: unknown) => (error instanceof RealtimeError && !error.isRetryable ? error : null),
      );
      if (!refusal) continue;
      this.#options.log.info({ code: refusal.code, ...refusal.context }, 'may no longer watch specs');
      for (const { onRevoked } of [...watchers]) onRevoked(refusal);
    }
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#isAccepting = false;
    clearInterval(this.#rechecking);
  }
}
