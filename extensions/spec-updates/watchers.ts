/**
 * Who watches the spec feed by server-sent events or Socket.IO: lets them in, counts them, and looks again and again
 * whether they still may. What they are told is for the transports.
 */
import { asRealtimeError, RealtimeError } from '../../server/errors.ts';
import type { HeadCount } from '../../server/head-count.ts';
import type { Access, Credentials, Identity, Logger, Revocation, User } from '../../server/ports.ts';
import { Rechecks } from '../../server/rechecks.ts';

export interface WatchersOptions {
  readonly identity: Pick<Identity, 'userOf' | 'renew' | 'askedAt' | 'paceOf'>;
  /** What somebody may do with spec updates. */
  readonly accessTo: (credentials: Credentials) => Promise<Access>;
  /** Everybody who is connected, by address; those at the gateway too. */
  readonly visitors: HeadCount;
  /** Who watches, by user. */
  readonly users: HeadCount;
  readonly maxVisitors: number;
  readonly maxVisitorsPerAddress: number;
  readonly maxWatchersPerUser: number;
  readonly recheckMs: number;
  /** How long somebody may stay of whom CivicPress says nothing. */
  readonly staleMs: number;
  readonly log: Logger;
}

/** Somebody who was let in. */
interface Watcher {
  readonly credentials: Credentials;
  /** They may no longer watch. */
  readonly onRevoked: (error: RealtimeError) => void;
}

/** Everybody who is in with one token: they are asked about together. */
interface Holder {
  readonly userId: string;
  readonly credentials: Credentials;
  readonly watchers: Set<Watcher>;
}

export class Watchers {
  readonly #options: WatchersOptions;

  /** By token. */
  readonly #holders = new Map<string, Holder>();
  readonly #rechecks: Rechecks<Holder>;
  #isAccepting = true;

  /** How many there were: who asked before one asks again. */
  #revocations = 0;

  constructor(options: WatchersOptions) {
    this.#options = options;
    const { identity, recheckMs, staleMs, log } = options;
    this.#rechecks = new Rechecks({
      periodMs: recheckMs,
      staleMs,
      paceOf: ({ credentials }) => identity.paceOf(credentials),
      check: (holder) => this.#check(holder),
      giveUp: (holder, error) => this.#sendAway(holder, error),
      log,
    });
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
    for (;;) {
      const revocations = this.#revocations;
      const user = await this.#options.identity.userOf(credentials);
      const access = await this.#options.accessTo(credentials);
      if (revocations !== this.#revocations) continue;
      if (access !== 'none') return user;
      throw new RealtimeError('no-such-record', { context: { userId: user.id } });
    }
  }

  /**
   * Looks again and again whether they still may, until what is returned is called.
   *
   * @throws RealtimeError `too-many-connections` of this user
   */
  admit(user: User, watcher: Watcher): () => void {
    if (!this.#isAccepting) throw new RealtimeError('shutting-down');
    const { users, maxWatchersPerUser } = this.#options;
    if (users.of(user.id) >= maxWatchersPerUser) {
      throw new RealtimeError('too-many-connections', { context: { userId: user.id } });
    }
    const leave = users.enter(user.id);
    const holder = this.#holderOf(user.id, watcher.credentials);
    holder.watchers.add(watcher);
    void this.#areTooMany(user, watcher).then((areTooMany) => {
      if (areTooMany && holder.watchers.has(watcher)) {
        watcher.onRevoked(new RealtimeError('too-many-connections', { context: { userId: user.id } }));
      }
    });
    return () => {
      leave();
      holder.watchers.delete(watcher);
      if (holder.watchers.size === 0) this.#forget(holder);
    };
  }

  /** Asks at once about everybody whom it concerns. What was believed of them is forgotten already. */
  async revoke(revocation: Revocation): Promise<void> {
    this.#revocations += 1;
    for (const holder of [...this.#holders.values()]) {
      if (!concerns(revocation, holder)) continue;
      const error = await this.#check(holder).then(() => undefined, asRealtimeError);
      this.#rechecks.checked(holder, error);
    }
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#isAccepting = false;
    this.#rechecks.stop();
  }

  /** At all nodes together. */
  async #areTooMany({ id }: User, { credentials }: Watcher): Promise<boolean> {
    const { users, maxWatchersPerUser, visitors, maxVisitorsPerAddress } = this.#options;
    const areOver = await Promise.all([
      users.isOver(id, maxWatchersPerUser),
      visitors.isOver(credentials.address, maxVisitorsPerAddress),
    ]);
    return areOver.includes(true);
  }

  #holderOf(userId: string, credentials: Credentials): Holder {
    const known = this.#holders.get(credentials.token);
    if (known) return known;
    const holder: Holder = { userId, credentials, watchers: new Set() };
    this.#holders.set(credentials.token, holder);
    this.#rechecks.add(holder, this.#options.identity.askedAt(credentials));
    return holder;
  }

  #forget(holder: Holder): void {
    this.#rechecks.remove(holder);
    const { token } = holder.credentials;
    if (this.#holders.get(token) === holder) this.#holders.delete(token);
  }

  /** @throws RealtimeError a retryable one when there is no answer */
  async #check(holder: Holder): Promise<void> {
    try {
      await this.#options.identity.renew(holder.credentials, []);
      await this.identify(holder.credentials);
    } catch (thrown) {
      const error = asRealtimeError(thrown);
      if (error.isRetryable) throw error;
      this.#sendAway(holder, error);
    }
  }

  #sendAway(holder: Holder, error: RealtimeError): void {
    const { userId, watchers } = holder;
    this.#options.log.info({ userId, code: error.code }, 'may no longer watch specs');
    this.#forget(holder);
    for (const { onRevoked } of [...watchers]) onRevoked(error);
  }
}

function concerns(revocation: Revocation, { userId, credentials }: Holder): boolean {
  if ('token' in revocation) return revocation.token === credentials.token;
  return 'userId' in revocation && revocation.userId === userId;
}
