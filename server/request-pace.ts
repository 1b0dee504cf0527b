/**
 * How many HTTP requests may come from one sender? A browser or a program asks for some in a second. In the time that
 * a flood of them takes nobody's edit is handled, however cheap each one is.
 */
import type { RequestListener } from 'node:http';
import type { Entrance } from './entrance.ts';
import { networkOf } from './network.ts';
import { TokenBucket } from './token-bucket.ts';

/** An office of dashboards that poll is one sender. */
const perSecond = 300;
const burst = 2_000;

/** Beyond so many senders, the one is forgotten that came first; it begins anew. */
const maxSenders = 10_000;

export class RequestPace {
  readonly #entrance: Pick<Entrance, 'addressOf'>;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(entrance: Pick<Entrance, 'addressOf'>) {
    this.#entrance = entrance;
  }

  /** Hands on what is in time. For the rest there is no answer, which would be work as well; but a proxy gets one. */
  guard(handle: RequestListener): RequestListener {
    return (request, response) => {
      const { socket } = request;
      if (socket.destroyed) return;
      const address = this.#entrance.addressOf(request);
      if (this.#isInTime(address)) return handle(request, response);
      if (address === socket.remoteAddress) socket.destroy();
      else response.writeHead(429, { 'retry-after': '1', 'content-length': '0' }).end();
    };
  }

  #isInTime(address: string): boolean {
    const sender = networkOf(address);
    const bucket = this.#buckets.get(sender) ?? new TokenBucket(perSecond, burst);
    if (!this.#buckets.has(sender)) {
      this.#buckets.set(sender, bucket);
      const [first] = this.#buckets.keys();
      if (this.#buckets.size > maxSenders && first !== undefined) this.#buckets.delete(first);
    }
    return bucket.take(1);
  }
}
