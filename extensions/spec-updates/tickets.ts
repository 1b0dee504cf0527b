/**
 * Tickets for browsers' `EventSource`, which can send no header: each opens one stream, once and soon.
 *
 * A token in an address would stay in histories and in the logs of proxies; a ticket there is worthless when it is read.
 */
import { randomBytes } from 'node:crypto';
import { RealtimeError } from '../../server/errors.ts';
import type { Credentials } from '../../server/ports.ts';

export interface TicketsOptions {
  readonly lifetimeMs: number;
  /** Tickets at once, in all: whoever asks for one more is told to wait. */
  readonly maxTickets: number;
  /** Of one user: beyond it their oldest one goes. */
  readonly maxTicketsPerUser: number;
}

interface Ticket {
  readonly userId: string;
  readonly credentials: Credentials;
  /** In monotonic ms. */
  readonly validUntil: number;
}

export class Tickets {
  readonly #options: TicketsOptions;

  /** In the order in which they end. */
  readonly #tickets = new Map<string, Ticket>();

  constructor(options: TicketsOptions) {
    this.#options = options;
  }

  get lifetimeMs(): number {
    return this.#options.lifetimeMs;
  }

  /** @throws RealtimeError `too-many-connections` while as many as may be are waiting to be used */
  issue(userId: string, credentials: Credentials): string {
    const { lifetimeMs, maxTickets, maxTicketsPerUser } = this.#options;
    this.#forgetExpired();
    const own = [...this.#tickets].filter(([, ticket]) => ticket.userId === userId);
    if (own.length >= maxTicketsPerUser) this.#tickets.delete((own[0] as [string, Ticket])[0]);
    if (this.#tickets.size >= maxTickets) throw new RealtimeError('too-many-connections');
    const ticket = randomBytes(32).toString('base64url');
    this.#tickets.set(ticket, { userId, credentials, validUntil: performance.now() + lifetimeMs });
    return ticket;
  }

  /** What its owner signed in with; `null` for one that is unknown, used or too old. */
  redeem(ticket: string): Credentials | null {
    this.#forgetExpired();
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return found?.credentials ?? null;
  }

  #forgetExpired(): void {
    const now = performance.now();
    for (const [ticket, { validUntil }] of this.#tickets) {
      if (validUntil > now) return;
      this.#tickets.delete(ticket);
    }
  }
}
