/**
 * Speaks HTTP with CivicPress: one request in, one understood reply out.
 *
 * CivicPress has several envelopes for errors, plain text among them; they all become one `Reply` here.
 * What a reply means for users and records is decided in `identity.ts` and `records.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { RealtimeError } from '../errors.ts';
import { jsonBytes } from './json-bytes.ts';

export interface ClientOptions {
  /** Base URL, without `/api/v1`. */
  readonly url: string;
  /** How long an answer may take, over all tries. */
  readonly timeoutMs: number;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Below `/api/v1`, beginning with `/`. */
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
  /** The editor's address, when CivicPress is to count requests by editor. */
  readonly forwardedFor?: string | undefined;
}

export interface Reply {
  readonly status: number;
  /** The envelope's `data`; `undefined` on errors. */
  readonly data: unknown;
  /** The envelope's error code, where it has one. */
  readonly errorCode: string | undefined;
}

/** A 429 that does not say for how long is taken for this. */
const defaultBusyMs = 1_000;

/** CivicPress counts in windows of 15 minutes: a longer pause is a mistake, and would keep everybody out. */
const longestBusyMs = 15 * 60_000;

/** Beyond so many, those that were heard of longest ago are forgotten. */
const maxCounters = 10_000;

export class CivicPressClient {
  readonly #options: ClientOptions;

  /** Until when (monotonic ms) CivicPress asked us to be quiet, by its two counters and by whom it counts. */
  readonly #busyUntil = new Map<string, number>();

  /** What its header `RateLimit` said last, by counter: how many requests are left of all, and until when (monotonic ms). */
  readonly #left = new Map<
    string,
    { readonly limit: number; readonly requests: number; readonly until: number }
  >();

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /**
   * Any reply that CivicPress gave on purpose, 4xx included.
   *
   * @throws RealtimeError `civicpress-unavailable` (no answer, not HTTP, 5xx), `civicpress-busy` (429; nothing is
   * sent before its `Retry-After` is over) or `unreadable-record` (what was asked for is not valid UTF-8)
   */
  async send(request: Request): Promise<Reply> {
    const counter = counterOf(request);
    const context = { method: request.method, path: request.path };

    const waitMs = (this.#busyUntil.get(counter) ?? 0) - performance.now();
    if (waitMs > 0) throw new RealtimeError('civicpress-busy', { context, retryAfterMs: waitMs });

    const { response, body } = await this.#answerTo(request).catch((cause: unknown) => {
      throw new RealtimeError('civicpress-unavailable', { context, cause });
    });
    this.#noteWhatIsLeft(counter, response);
    if (response.status === 429) {
      const retryAfterMs = retryAfterMsOf(response);
      this.#beQuiet(counter, retryAfterMs);
      throw new RealtimeError('civicpress-busy', { context, retryAfterMs });
    }
    if (response.status >= 500) {
      throw new RealtimeError('civicpress-unavailable', { context: { ...context, status: response.status } });
    }
    return replyOf(response, textOf(body, context), context);
  }

  /**
   * How long to wait between requests, in ms, to take no more than half of what CivicPress has left: the other half is
   * for whoever comes next. 0 when it does not say that it counts.
   *
   * @param reserve the part of all requests that is not to be touched, even when it is all that is left
   */
  pauseMs(request: Pick<Request, 'path' | 'forwardedFor'>, reserve = 0): number {
    const left = this.#left.get(counterOf(request));
    if (!left) return 0;
    const requests = Math.max(0, left.requests - left.limit * reserve);
    // With none left its next window is waited for.
    return Math.max(0, left.until - performance.now()) * Math.min(1, 2 / requests);
  }

  /** `RateLimit: limit=1000, remaining=984, reset=875`, as CivicPress sends it. */
  #noteWhatIsLeft(counter: string, { headers }: Response): void {
    const said = /\blimit=(\d+).*\bremaining=(\d+).*\breset=(\d+)/.exec(headers.get('ratelimit') ?? '');
    if (!said) return;
    this.#left.delete(counter);
    this.#left.set(counter, {
      limit: Number(said[1]),
      requests: Number(said[2]),
      until: performance.now() + Math.min(Number(said[3]) * 1_000, longestBusyMs),
    });
    const oldest = this.#left.keys().next().value;
    if (this.#left.size > maxCounters && oldest !== undefined) this.#left.delete(oldest);
  }

  #beQuiet(counter: string, forMs: number): void {
    const now = performance.now();
    for (const [known, until] of this.#busyUntil) if (until <= now) this.#busyUntil.delete(known);
    this.#busyUntil.set(counter, now + forMs);
  }

  /**
   * The first answer to up to three tries, spread over the time that an answer may take.
   *
   * A CivicPress that fell silent never answers what it was asked meanwhile, but answers the next question
   * as soon as it is back. A try that fails at once counts as the answer. What changes something is sent once.
   */
  async #answerTo(request: Request): Promise<{ response: Response; body: ArrayBuffer }> {
    const { timeoutMs } = this.#options;
    const body = request.body === undefined ? null : await jsonBytes(request.body);
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, AbortSignal.timeout(timeoutMs)]);
    const startsMs = triesOf(request).map((share) => share * timeoutMs);
    const tries = startsMs.map(async (startMs) => {
      if (startMs > 0) await delay(startMs, undefined, { signal });
      const response = await fetch(`${this.#options.url}/api/v1${request.path}`, {
        method: request.method,
        headers: headersOf(request),
        body,
        redirect: 'error',
        signal,
      });
      return { response, body: await response.arrayBuffer() };
    });
    try {
      return await Promise.race(tries);
    } finally {
      done.abort();
      await Promise.allSettled(tries);
    }
  }
}

/** CivicPress counts `/auth` by itself, and by whose address it sees. */
function counterOf({ path, forwardedFor = '' }: Pick<Request, 'path' | 'forwardedFor'>): string {
  return `${path.startsWith('/auth/') ? 'auth' : 'rest'} ${forwardedFor}`;
}

/** When each try begins, as shares of the time. `/auth` is counted strictly; what changes something is sent once. */
function triesOf({ method, path }: Request): number[] {
  if (method !== 'GET') return [0];
  return path.startsWith('/auth/') ? [0, 1 / 2] : [0, 1 / 3, 2 / 3];
}

function headersOf(request: Request): Record<string, string> {
  return {
    accept: 'application/json',
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
    ...(request.forwardedFor === undefined ? {} : { 'x-forwarded-for': request.forwardedFor }),
  };
}

/** `Retry-After` is seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMsOf(response: Response): number {
  const header = response.headers.get('retry-after');
  if (header === null) return defaultBusyMs;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), longestBusyMs) : defaultBusyMs;
}

/** Not as `Response.text()` does it, which puts a replacement character where a byte is wrong. */
function textOf(body: ArrayBuffer, context: Record<string, unknown>): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new RealtimeError('unreadable-record', { context, cause });
  }
}

function replyOf(response: Response, text: string, context: Record<string, unknown>): Reply {
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch (cause) {
    if (response.ok) throw new RealtimeError('civicpress-unavailable', { context, cause });
  }
  const error = fieldOf(envelope, 'error');
  const errorCode = fieldOf(error, 'code');
  return {
    status: response.status,
    data: response.ok ? fieldOf(envelope, 'data') : undefined,
    errorCode: typeof errorCode === 'string' ? errorCode : undefined,
  };
}

/** One field of something that came from outside, or `undefined`. */
export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
