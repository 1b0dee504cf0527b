/**
 * Who may open a socket, judged by the request alone: where does it come from, and which page made it?
 *
 * A browser says which page opens a WebSocket, and lets any page do so. Pages of this host may, and those that are
 * configured; programs other than browsers say nothing and may. Behind a proxy the sender's address is in a header
 * that anybody could have written: only what a configured proxy says of it counts.
 */
import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';

export interface EntranceOptions {
  /** Such as `https://records.example.org`. */
  readonly allowedOrigins: readonly string[];
  /** IP addresses, or ranges such as `10.0.0.0/8`. */
  readonly trustedProxies: readonly string[];
}

export class Entrance {
  readonly #allowedOrigins: ReadonlySet<string>;
  readonly #isTrusted: (address: string, hops: number) => boolean;

  /** @throws TypeError for a proxy that is neither an address nor a range */
  constructor({ allowedOrigins, trustedProxies }: EntranceOptions) {
    this.#allowedOrigins = new Set(allowedOrigins.map((origin) => new URL(origin).origin));
    this.#isTrusted = proxyAddr.compile([...trustedProxies]);
  }

  isAllowed({ headers: { origin, host } }: IncomingMessage): boolean {
    if (origin === undefined) return true;
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    // Which of the two this server is reached by only a proxy before it knows.
    const isOfThisHost = url.host === host && (url.protocol === 'https:' || url.protocol === 'http:');
    return isOfThisHost || this.#allowedOrigins.has(url.origin);
  }

  /** The nearest address that is no proxy of ours; empty when the peer is gone already. */
  addressOf(request: IncomingMessage): string {
    const address: string | undefined = proxyAddr(request, this.#isTrusted);
    return address ?? '';
  }
}
