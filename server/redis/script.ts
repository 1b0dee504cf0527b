/**
 * Lua that Redis runs in one step: nobody sees half of it, and nobody comes between its look and its write.
 *
 * Redis knows a script by its hash and forgets it when it restarts; then the text is sent once more.
 */
import { hash } from 'node:crypto';
import type { RedisClient } from './connections.ts';

type Argument = string | number | Uint8Array;

/** One call of a script. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly arguments: readonly Argument[];
}

/** What a call came to. */
export type Outcome = { readonly reply: unknown } | { readonly error: Error };

export class Script {
  readonly #text: string;
  readonly #hash: string;

  constructor(text: string) {
    this.#text = text;
    this.#hash = hash('sha1', text);
  }

  /** @throws whatever Redis answers instead */
  async run(redis: RedisClient, call: ScriptCall): Promise<unknown> {
    const [outcome] = await this.runAll(redis, [call]);
    if (!outcome || 'error' in outcome) throw outcome?.error;
    return outcome.reply;
  }

  /**
   * Runs many calls in one round trip, in order; each succeeds or fails by itself.
   *
   * @param replicas so many of them have what was written, when there is one; else every call has failed
   */
  async runAll(redis: RedisClient, calls: readonly ScriptCall[], replicas = 0): Promise<Outcome[]> {
    const outcomes = await this.#send(redis, calls, 'evalsha', this.#hash, replicas);
    const isUnknown = outcomes.map(
      (outcome) => 'error' in outcome && outcome.error.message.startsWith('NOSCRIPT'),
    );
    if (!isUnknown.includes(true)) return outcomes;
    const again = await this.#send(
      redis,
      calls.filter((_, index) => isUnknown[index]),
      'eval',
      this.#text,
      replicas,
    );
    return outcomes.map((outcome, index) => (isUnknown[index] ? (again.shift() as Outcome) : outcome));
  }

  async #send(
    redis: RedisClient,
    calls: readonly ScriptCall[],
    command: 'eval' | 'evalsha',
    script: string,
    replicas: number,
  ): Promise<Outcome[]> {
    if (replicas > 0) return this.#sendAndWait(redis, calls, command, script, replicas);
    // What is written in one turn of the event loop leaves as one: a pipeline of ioredis would add its own work to each.
    return Promise.all(
      calls.map((call) =>
        redis[command](script, call.keys.length, ...call.keys, ...sent(call)).then(
          (reply: unknown): Outcome => ({ reply }),
          (error: Error): Outcome => ({ error }),
        ),
      ),
    );
  }

  async #sendAndWait(
    redis: RedisClient,
    calls: readonly ScriptCall[],
    command: 'eval' | 'evalsha',
    script: string,
    replicas: number,
  ): Promise<Outcome[]> {
    const pipeline = redis.pipeline();
    for (const call of calls) pipeline[command](script, call.keys.length, ...call.keys, ...sent(call));
    pipeline.call('WAIT', replicas, replicationMs);
    const replies = (await pipeline.exec()) ?? [];
    const isShort = !(Number(replies.at(calls.length)?.[1] ?? 0) >= replicas);
    return calls.map((_, index) => {
      const [error, reply] = replies[index] ?? [new Error('Redis did not answer')];
      if (error) return { error };
      return isShort ? { error: new Error(`fewer than ${replicas} replicas have it`) } : { reply };
    });
  }
}

/** How long replicas are waited for: shorter than what counts as a dead connection. */
const replicationMs = 2_000;

function sent({ arguments: values }: ScriptCall): (string | number | Buffer)[] {
  return values.map((value) => (typeof value === 'object' ? asBuffer(value) : value));
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
