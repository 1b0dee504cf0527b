/**
 * Counts in Redis who is at which node, by a key such as an address or a user.
 *
 * Each node has a hash of what it counts, which lasts only as long as the node says that it lives: what a dead one
 * counted is gone after a few seconds, and nobody has to put it right. What is told is how many there are now, never one
 * more or less, so nothing goes astray. (rate-limiter-flexible counts what happens in a time, not who is there.)
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { SharedHeadCounts } from '../shared-limits.ts';
import type { RedisConnections } from './connections.ts';
import { Script } from './script.ts';

export interface RedisHeadCountsOptions {
  readonly connections: RedisConnections;
  readonly keyPrefix: string;
  readonly nodeId: string;
}

/** Whoever comes back from a dead node is counted twice for as long. */
const lifetimeMs = 3_000;
const signEveryMs = 1_000;

/** Nobody who comes in waits longer for this. */
const patienceMs = 500;

/** So many keys go into one call. */
const chunkSize = 500;

/**
 * Keys: nodes, this node's hash. Arguments: node, number of this call, lifetime, beginning of every hash, then keys and
 * how many are at this node by each. Returns whether Redis knew this node's counts, then how many are at others by each
 * key. What a connection of before still brings changes nothing.
 */
const count = new Script(`
local nodes, own = KEYS[1], KEYS[2]
local node, number, lifetime, prefix = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local known = redis.call('HGET', own, 'call')
if known and tonumber(known) > number then return { 1 } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply, names = { known and 1 or 0 }, {}
redis.call('HSET', own, 'call', number)
for index = 5, #ARGV, 2 do
  table.insert(names, ARGV[index])
  table.insert(reply, 0)
  if ARGV[index + 1] == '0' then
    redis.call('HDEL', own, ARGV[index])
  else
    redis.call('HSET', own, ARGV[index], ARGV[index + 1])
  end
end
redis.call('PEXPIRE', own, lifetime)
redis.call('ZREMRANGEBYSCORE', nodes, '-inf', now)
redis.call('ZADD', nodes, now + lifetime, node)
if #names == 0 then return reply end
for _, other in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do
  if other ~= node then
    for index, there in ipairs(redis.call('HMGET', prefix .. other, unpack(names))) do
      if there then reply[index + 1] = reply[index + 1] + tonumber(there) end
    end
  end
end
return reply
`);

export class RedisHeadCounts implements SharedHeadCounts {
  readonly #options: RedisHeadCountsOptions;
  /** How many are here, by key. */
  readonly #here = new Map<string, number>();
  /** What is to be told, with those who wait for the answer. */
  #untold = new Map<string, ((elsewhere: number) => void)[]>();
  #telling: NodeJS.Immediate | undefined;
  readonly #signing: NodeJS.Timeout;
  #calls = 0;
  /** Whether some of what is here may not have arrived. */
  #isBehind = false;
  #isClosed = false;

  constructor(options: RedisHeadCountsOptions) {
    this.#options = options;
    this.#signing = setInterval(() => void this.#ask([]), signEveryMs);
    this.#signing.unref();
  }

  tell(key: string, here: number): Promise<number> {
    if (here > 0) this.#here.set(key, here);
    else this.#here.delete(key);
    if (this.#isClosed) return Promise.resolve(0);
    const told = new Promise<number>((resolve) => {
      this.#untold.set(key, [...(this.#untold.get(key) ?? []), resolve]);
    });
    // What comes and goes in the same turn of the event loop is one question.
    this.#telling ??= setImmediate(() => this.#tellAll());
    return Promise.race([told, delay(patienceMs, 0, { ref: false })]);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#signing);
  }

  #tellAll(): void {
    this.#telling = undefined;
    const untold = [...this.#untold];
    this.#untold = new Map();
    for (let start = 0; start < untold.length; start += chunkSize) {
      const chunk = untold.slice(start, start + chunkSize);
      void this.#ask(chunk.map(([key]) => key)).then((elsewhere) => {
        for (const [index, [, waiting]] of chunk.entries()) {
          for (const resolve of waiting) resolve(elsewhere[index] ?? 0);
        }
      });
    }
  }

  /** Resolves with how many are elsewhere by each of these keys; with nothing while Redis is away. */
  async #ask(keys: readonly string[]): Promise<number[]> {
    const { connections, keyPrefix, nodeId } = this.#options;
    if (this.#isClosed) return [];
    const prefix = `${keyPrefix}here:`;
    try {
      this.#calls += 1;
      const [wasKnown, ...elsewhere] = (await count.run(connections.commands, {
        keys: [`${keyPrefix}nodes`, `${prefix}${nodeId}`],
        arguments: [
          nodeId,
          this.#calls,
          lifetimeMs,
          prefix,
          ...keys.flatMap((key) => [key, this.#here.get(key) ?? 0]),
        ],
      })) as [number, ...number[]];
      // Redis may have forgotten this node, because it was silent or Redis lost what it had.
      if (wasKnown === 0 || this.#isBehind) this.#tellRest(new Set(keys));
      return elsewhere;
    } catch {
      this.#isBehind = true;
      return [];
    }
  }

  #tellRest(told: ReadonlySet<string>): void {
    this.#isBehind = false;
    for (const key of this.#here.keys()) {
      if (!told.has(key) && !this.#untold.has(key)) this.#untold.set(key, []);
    }
    if (this.#untold.size > 0) this.#telling ??= setImmediate(() => this.#tellAll());
  }
}
