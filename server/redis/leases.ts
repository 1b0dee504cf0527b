/**
 * Leases in Redis: one hash with the token of each, one sorted set with the time at which each ends, by Redis' clock.
 *
 * One script now and then renews what this process holds and takes what it wants and nobody has. Leases that ended
 * and that nobody wants are left behind by a process that died: this one takes them up.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Leases } from '../leases.ts';
import type { Logger } from '../ports.ts';
import type { RedisConnections } from './connections.ts';
import { Script } from './script.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface RedisLeasesOptions {
  readonly connections: RedisConnections;
  readonly subscriptions: Subscriptions;
  readonly keyPrefix: string;
  /** What is left behind under such a name is taken up. */
  readonly orphanPrefix: string;
  readonly log: Logger;
}

/** Nobody waits longer than lifetime, grace and one round for what a dead process held: 8.5 s. */
const lifetimeMs = 5_000;
const everyMs = 1_500;

/** Those who want a lease come before those who take it up for nobody. */
const graceMs = 2_000;

/** A process is done with a lease so much sooner than Redis: its clock may be slower. */
const marginMs = 500;

/** Whoever was asked for a lease leaves it alone for so long; and so long it is waited for. */
const claimMs = 3_000;
const pollMs = 20;

/** So many orphans are taken up at once. */
const maxOrphans = 10;

/**
 * Keys: tokens, ends, counter. Arguments: lifetime, grace, orphans' prefix, their maximum, number of held ones, then
 * name and token of each, then the names of those that are wanted. Returns the held ones that were renewed, and name
 * and token of those that were got.
 */
const renew = new Script(`
local tokens, ends, counter = KEYS[1], KEYS[2], KEYS[3]
local lifetime, grace, prefix, maximum, held = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local renewed, got = {}, {}
local function take(name)
  local token = tostring(redis.call('INCR', counter))
  redis.call('HSET', tokens, name, token)
  redis.call('ZADD', ends, now + lifetime, name)
  table.insert(got, name)
  table.insert(got, token)
end
for index = 6, 4 + 2 * held, 2 do
  if redis.call('HGET', tokens, ARGV[index]) == ARGV[index + 1] then
    redis.call('ZADD', ends, now + lifetime, ARGV[index])
    table.insert(renewed, ARGV[index])
  end
end
for index = 6 + 2 * held, #ARGV do
  local ending = redis.call('ZSCORE', ends, ARGV[index])
  if not ending or tonumber(ending) <= now then take(ARGV[index]) end
end
if maximum > 0 then
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now - grace, 'LIMIT', 0, maximum)) do
    if string.sub(name, 1, #prefix) == prefix then take(name) end
  end
end
return { renewed, got }
`);

/**
 * Keys: tokens, ends. Arguments: channel, then name, token, and `1` for what is finished, of each. What is not stays,
 * as if its lease had ended long ago.
 */
const giveBack = new Script(`
for index = 2, #ARGV, 3 do
  if redis.call('HGET', KEYS[1], ARGV[index]) == ARGV[index + 1] then
    redis.call('HDEL', KEYS[1], ARGV[index])
    if ARGV[index + 2] == '1' then
      redis.call('ZREM', KEYS[2], ARGV[index])
    else
      redis.call('ZADD', KEYS[2], 0, ARGV[index])
    end
  end
end
redis.call('PUBLISH', ARGV[1], '')
`);

interface Lease {
  /** `null` when nobody here wants it: it was taken, and waits to be. */
  onGained: (() => Promise<void>) | null;
  token: string | null;
  /** When it ends, in monotonic ms; while there is no token, before when it is not asked for. */
  end: number;
  /** Whether whoever wants it has made itself ready. */
  isHeld: boolean;
}

export class RedisLeases implements Leases {
  readonly #options: RedisLeasesOptions;
  readonly #leases = new Map<string, Lease>();
  #timer: NodeJS.Timeout | undefined;
  #onOrphans: (names: readonly string[]) => void = () => undefined;
  readonly #unsubscribe: () => void;
  #soon: NodeJS.Immediate | undefined;
  #renewing: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: RedisLeasesOptions) {
    this.#options = options;
    this.#unsubscribe = options.subscriptions.listen(this.#key('lease-changes'), {
      onMessage: (message) => void this.#hear(message.toString()),
      onListening: () => this.#renewSoon(),
    });
  }

  start(onOrphans: (names: readonly string[]) => void): void {
    this.#onOrphans = onOrphans;
    this.#timer = setInterval(() => void this.#renew(true), everyMs);
    this.#timer.unref();
  }

  want(name: string, onGained: () => Promise<void>): void {
    const lease = this.#leases.get(name);
    if (!lease) {
      this.#leases.set(name, { onGained, token: null, end: 0, isHeld: false });
      this.#renewSoon();
      return;
    }
    lease.onGained = onGained;
    if (lease.token) void this.#gained(name, lease);
  }

  leave(name: string): void {
    const lease = this.#leases.get(name);
    this.#leases.delete(name);
    if (lease?.token) void this.#giveBack([[name, lease.token, '1']]);
  }

  holds(name: string): boolean {
    const lease = this.#leases.get(name);
    return lease?.isHeld === true && lease.token !== null && performance.now() < lease.end;
  }

  async claim(name: string): Promise<boolean> {
    const { commands } = this.#options.connections;
    const tooLate = performance.now() + claimMs;
    const lease = this.#leases.get(name);
    if (lease && !lease.token) lease.end = 0;
    if (!this.holds(name)) await commands.publish(this.#key('lease-changes'), name).catch(() => undefined);
    while (!this.holds(name) && performance.now() < tooLate) {
      await delay(pollMs, undefined, { ref: false });
    }
    return this.holds(name);
  }

  tokenOf(name: string): string | null {
    return this.#leases.get(name)?.token ?? null;
  }

  async take(names: readonly string[]): Promise<string[]> {
    const taken = await this.#ask([], names, 0);
    for (const [name, { token, end }] of taken) this.#keep(name, token, end);
    return [...taken.keys()];
  }

  async close(unfinished: readonly string[]): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearImmediate(this.#soon);
    this.#unsubscribe();
    await this.#renewing;
    const isUnfinished = new Set(unfinished);
    const left = [...this.#leases].flatMap(([name, { token, onGained }]): [string, string, string][] => {
      // What was taken up and could not be opened is somebody else's to try.
      const isFinished = !isUnfinished.has(name) && onGained !== null;
      return token ? [[name, token, isFinished ? '1' : '0']] : [];
    });
    this.#leases.clear();
    if (left.length > 0) await this.#giveBack(left);
  }

  /** Somebody has given something back, or asks for the lease of this name. */
  async #hear(claimed: string): Promise<void> {
    const lease = this.#leases.get(claimed);
    if (!lease?.token || !lease.isHeld) return this.#renewSoon();
    const { token } = lease;
    Object.assign(lease, { token: null, end: performance.now() + claimMs, isHeld: false });
    await this.#giveBack([[claimed, token, '1']]);
  }

  #renewSoon(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      if (!this.#isClosed) void this.#renew(false);
    });
  }

  /** @param isWhole whether what is held is renewed, and orphans looked for; else only what is wanted is asked for */
  #renew(isWhole: boolean): Promise<unknown> {
    this.#renewing = this.#renewing
      .then(() => this.#renewNow(isWhole))
      .catch((error: unknown) => {
        // What is held ends by itself when this goes on.
        this.#options.log.debug({ cause: String(error) }, 'leases could not be renewed');
      });
    return this.#renewing;
  }

  async #renewNow(isWhole: boolean): Promise<void> {
    if (this.#isClosed) return;
    const all = [...this.#leases];
    const held = isWhole ? all.flatMap(([name, { token }]) => (token ? ([[name, token]] as const) : [])) : [];
    const now = performance.now();
    const wanted = all.filter(([, { token, end }]) => !token && end <= now).map(([name]) => name);
    if (!isWhole && wanted.length === 0) return;
    const got = await this.#ask(held, wanted, isWhole ? maxOrphans : 0);
    const wasWanted = new Set(wanted);
    const orphans: string[] = [];
    for (const [name, { token, end }] of got) {
      if (wasWanted.has(name) && !this.#leases.has(name)) {
        await this.#giveBack([[name, token, '1']]);
        continue;
      }
      if (!wasWanted.has(name)) orphans.push(name);
      this.#keep(name, token, end);
    }
    if (orphans.length > 0) this.#onOrphans(orphans);
  }

  /** Resolves with what was got. */
  async #ask(
    held: readonly (readonly [name: string, token: string])[],
    wanted: readonly string[],
    orphans: number,
  ): Promise<Map<string, { token: string; end: number }>> {
    const { connections, orphanPrefix } = this.#options;
    const end = performance.now() + lifetimeMs - marginMs;
    const [renewed, got] = (await renew.run(connections.commands, {
      keys: [this.#key('leases'), this.#key('lease-ends'), this.#key('lease-counter')],
      arguments: [lifetimeMs, graceMs, orphanPrefix, orphans, held.length, ...held.flat(), ...wanted],
    })) as [string[], string[]];
    const isRenewed = new Set(renewed);
    for (const [name, token] of held) {
      const lease = this.#leases.get(name);
      if (lease?.token !== token) continue;
      if (isRenewed.has(name)) {
        const hadEnded = lease.end <= performance.now();
        lease.end = end;
        // What came while it was not held was left to others, of whom there were none.
        if (hadEnded && lease.isHeld) {
          lease.isHeld = false;
          void this.#gained(name, lease);
        }
      } else Object.assign(lease, { token: null, end: 0, isHeld: false });
    }
    const pairs = got.flatMap((name, index) =>
      index % 2 === 0 ? [[name, got[index + 1] as string] as const] : [],
    );
    return new Map(pairs.map(([name, token]) => [name, { token, end }]));
  }

  #keep(name: string, token: string, end: number): void {
    const lease = this.#leases.get(name) ?? { onGained: null, token, end, isHeld: false };
    this.#leases.set(name, lease);
    Object.assign(lease, { token, end, isHeld: false });
    void this.#gained(name, lease);
  }

  async #gained(name: string, lease: Lease): Promise<void> {
    const { token, onGained } = lease;
    if (!onGained) return;
    try {
      await onGained();
      if (lease.token === token) lease.isHeld = true;
    } catch (error) {
      // Given back, so that it is got once more, here or elsewhere.
      this.#options.log.warn({ lease: name, cause: String(error) }, 'a lease could not be taken up');
      if (lease.token !== token || !token) return;
      Object.assign(lease, { token: null, end: 0, isHeld: false });
      await this.#giveBack([[name, token, '0']]);
    }
  }

  async #giveBack(
    leases: readonly (readonly [name: string, token: string, isFinished: string])[],
  ): Promise<void> {
    try {
      await giveBack.run(this.#options.connections.commands, {
        keys: [this.#key('leases'), this.#key('lease-ends')],
        arguments: [this.#key('lease-changes'), ...leases.flat()],
      });
    } catch (error) {
      this.#options.log.debug({ cause: String(error) }, 'leases end by themselves');
    }
  }

  #key(name: string): string {
    return `${this.#options.keyPrefix}${name}`;
  }
}
