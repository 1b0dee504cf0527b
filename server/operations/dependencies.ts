/**
 * What the server depends on, and how each of them did last.
 *
 * The calls that are made anyway tell. What nobody has called for a while is asked something small when somebody wants
 * to know, so that a server at rest has an answer, and nobody is asked for nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BegunAnew } from '../begun-anew.ts';
import { type ErrorCode, RealtimeError } from '../errors.ts';
import type { Logger } from '../ports.ts';
import { RevisionTaken } from '../revision-taken.ts';

export interface DependencyReport {
  /** `unknown` until its first answer. */
  readonly state: 'up' | 'down' | 'unknown';
  /** ISO 8601. */
  readonly lastSuccess: string | null;
  readonly lastFailure: string | null;
  /** How long its last good answer took. */
  readonly latencyMs: number | null;
  /** Code from the error table, while it is down. */
  readonly reason: string | null;
}

/** Who was heard so lately, in ms, is not asked: CivicPress counts requests, a thousand in 15 minutes. */
const freshMs = 30_000;

/** So long, in ms, whoever wants to know waits for an answer. */
const patienceMs = 2_000;

/** What becomes a report when somebody asks: every edit passes by here. Times are in ms since the epoch. */
interface Known {
  state: DependencyReport['state'];
  succeededAt: number | null;
  failedAt: number | null;
  latencyMs: number | null;
  reason: string | null;
}

interface Dependency {
  /** The least that tells whether it works. */
  readonly ask: () => Promise<unknown>;
  readonly known: Known;
  /** In monotonic ms. */
  heardAt: number;
  /** What failed last time it was called, and when: a full disk can still be read. */
  readonly failing: Map<string, number>;
  asking: Promise<void> | undefined;
}

/** Refusals that say that somebody is not there, or cannot answer. Whatever else they answer, they are up. */
const notUp: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'civicpress-unavailable',
  'civicpress-busy',
  'service-refused',
]);

export class Dependencies {
  readonly #log: Logger;
  readonly #dependencies = new Map<string, Dependency>();

  constructor(log: Logger) {
    this.#log = log;
  }

  add(name: string, ask: () => Promise<unknown>): void {
    const known: Known = {
      state: 'unknown',
      succeededAt: null,
      failedAt: null,
      latencyMs: null,
      reason: null,
    };
    this.#dependencies.set(name, {
      ask,
      known,
      heardAt: Number.NEGATIVE_INFINITY,
      failing: new Map(),
      asking: undefined,
    });
  }

  /** Asks whoever was not heard lately; resolves when all have answered, or after a while without. */
  async ask(): Promise<void> {
    const asking = [...this.#dependencies].map(([name, dependency]) => this.#ask(name, dependency));
    await Promise.race([Promise.all(asking), delay(patienceMs, undefined, { ref: false })]);
  }

  get areAllUp(): boolean {
    return [...this.#dependencies.values()].every(({ known }) => known.state === 'up');
  }

  reports(): Record<string, DependencyReport> {
    return Object.fromEntries([...this.#dependencies].map(([name, { known }]) => [name, reportOf(known)]));
  }

  /**
   * A call that is made anyway was answered.
   *
   * @param startedAt in monotonic ms
   */
  succeeded(name: string, method: string, startedAt: number): void {
    const dependency = this.#dependencies.get(name);
    if (!dependency) return;
    const { known, failing } = dependency;
    const now = performance.now();
    dependency.heardAt = now;
    // What failed and is not called any more is forgotten in the end.
    for (const [failed, at] of failing) if (failed === method || now - at > freshMs) failing.delete(failed);
    if (failing.size > 0) return;
    if (known.state === 'down') this.#log.info({ dependency: name }, 'a dependency answers again');
    known.state = 'up';
    known.succeededAt = Date.now();
    known.latencyMs = now - startedAt;
    known.reason = null;
  }

  /** The same with an error, which may be an answer as well. */
  failed(name: string, method: string, startedAt: number, error: unknown): void {
    if (isAnswer(error)) return this.succeeded(name, method, startedAt);
    const dependency = this.#dependencies.get(name);
    if (!dependency) return;
    const { known, failing } = dependency;
    const reason = error instanceof RealtimeError ? error.code : 'internal';
    dependency.heardAt = performance.now();
    failing.set(method, dependency.heardAt);
    if (known.state !== 'down') {
      const fields = { dependency: name, method, reason, cause: String(error) };
      this.#log.warn(fields, 'a dependency does not answer');
    }
    known.state = 'down';
    known.failedAt = Date.now();
    known.reason = reason;
  }

  async #ask(name: string, dependency: Dependency): Promise<void> {
    // Who did not answer when it was asked is asked again: nothing else may call it until it is back.
    if (performance.now() - dependency.heardAt < freshMs && !dependency.failing.has('ask')) return;
    dependency.asking ??= this.#askNow(name, dependency).finally(() => {
      dependency.asking = undefined;
    });
    await dependency.asking;
  }

  async #askNow(name: string, dependency: Dependency): Promise<void> {
    const startedAt = performance.now();
    try {
      await dependency.ask();
      this.succeeded(name, 'ask', startedAt);
    } catch (error) {
      this.failed(name, 'ask', startedAt, error);
    }
  }
}

function reportOf({ state, succeededAt, failedAt, latencyMs, reason }: Known): DependencyReport {
  return {
    state,
    lastSuccess: succeededAt === null ? null : new Date(succeededAt).toISOString(),
    lastFailure: failedAt === null ? null : new Date(failedAt).toISOString(),
    latencyMs: latencyMs === null ? null : Math.round(latencyMs * 10) / 10,
    reason,
  };
}

function isAnswer(error: unknown): boolean {
  if (error instanceof RevisionTaken || error instanceof BegunAnew) return true;
  return error instanceof RealtimeError && !notUp.has(error.code);
}
