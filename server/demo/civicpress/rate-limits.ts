/**
 * CivicPress' request limits: one for all requests of an address, a stricter one for `/auth`, which valid tokens
 * use up as well. Both count from an address' first request, for 15 minutes.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';

const WINDOW_MS = 15 * 60 * 1000;
/** Beyond that many addresses, the ones seen first are forgotten. */
const MAX_ADDRESSES = 10_000;

const AUTH_REFUSAL = {
  success: false,
  error: { message: 'Too many authentication attempts — try again later', code: 'RATE_LIMITED' },
};

export class RateLimits {
  readonly #all: Window;
  readonly #auth: Window;

  constructor(now: () => number) {
    this.#all = new Window(1000, now);
    this.#auth = new Window(30, now);
  }

  /** Counts the request; answers it with 429 when the address has none left. */
  check(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    if (this.#all.isOver(request.ip, reply)) {
      return reply
        .code(429)
        .type('text/html; charset=utf-8')
        .send('Too many requests, please try again later.');
    }
    if (request.url.startsWith('/api/v1/auth/') && this.#auth.isOver(request.ip, reply)) {
      return reply.code(429).send(AUTH_REFUSAL);
    }
    return undefined;
  }
}

/** One limit: how many requests each address has made in its window. */
class Window {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #addresses = new Map<string, { count: number; endsAt: number }>();

  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  isOver(address: string, reply: FastifyReply): boolean {
    const counted = this.#count(address);
    const resetSeconds = Math.ceil((counted.endsAt - this.#now()) / 1000);
    const remaining = Math.max(0, this.#limit - counted.count);
    reply.header('RateLimit-Policy', `${this.#limit};w=${WINDOW_MS / 1000}`);
    reply.header('RateLimit', `limit=${this.#limit}, remaining=${remaining}, reset=${resetSeconds}`);
    if (counted.count <= this.#limit) return false;
    reply.header('Retry-After', resetSeconds);
    return true;
  }

  #count(address: string): { count: number; endsAt: number } {
    const known = this.#addresses.get(address);
    if (known && known.endsAt > this.#now()) {
      known.count += 1;
      return known;
    }
    const first = { count: 1, endsAt: this.#now() + WINDOW_MS };
    this.#addresses.delete(address);
    this.#addresses.set(address, first);
    const oldest = this.#addresses.keys().next().value;
    if (this.#addresses.size > MAX_ADDRESSES && oldest !== undefined) this.#addresses.delete(oldest);
    return first;
  }
}
