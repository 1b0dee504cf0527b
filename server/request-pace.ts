/**
 * How many HTTP requests may come from one sender? A browser or a program asks for some in a second. In the time that
 * a flood of them takes nobody's edit is handled, however cheap each one is.
 */
import type { RequestListener } from 'node:http';
import type { Entrance } from './entrance.ts';
import { networkOf } from './network.ts';
import { TokenBucket } from './token-bucket.ts';

/** For each socket that an address may have, and for so many at least: an office of dashboards is one sender. */
const perSecondAndSocket = 3;
const burstPerSocket = 20;
const leastSockets = 100;

/** Beyond so many senders, the one is forgotten that came first; it begins anew. */
const maxSenders = 10_000;

export interface RequestPaceOptions {
  readonly entrance: Pick<Entrance, 'addressOf'>;
  readonly socketsPerAddress: number;
}

export class RequestPace {
  readonly #options: RequestPaceOptions;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(options: RequestPaceOptions) {
    this.#options = options;
  }

  /** Hands on what is in time. For the rest there is no answer, which would be work as well; but a proxy gets one. */
  guard(handle: RequestListener): RequestListener {
    return (request, response) => {
      const { socket } = request;
      if (socket.destroyed) return;
      const address = this.#options.entrance.addressOf(request);
      if (this.#isInTime(address)) return handle(request, response);
      if (address === socket.remoteAddress) socket.destroy();
      else response.writeHead(429, { 'retry-after': '1', 'content-length': '0' }).end();
    };
  }

  #isInTime(address: string): boolean {
    const sockets = Math.max(this.#options.socketsPerAddress, leastSockets);
    const sender = networkOf(address);
    const bucket =
      this.#buckets.get(sender) ?? new TokenBucket(sockets * perSecondAndSocket, sockets * burstPerSocket);
    if (!this.#buckets.has(sender)) {
      this.#buckets.set(sender, bucket);
      const [first] = this.#buckets.keys();
      if (this.#buckets.size > maxSenders && first !== undefined) this.#buckets.delete(first);
    }
    return bucket.take(1);
  }
}
