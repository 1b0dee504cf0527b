/**
 * Bounds how often CivicPress is asked about tokens that nobody has seen before.
 *
 * Anybody can make up tokens, and each costs a request that CivicPress counts against our own address: drafts, records
 * and re-checks need those as well. So an address with many unknown tokens has to wait, about no more of them is asked at
 * once than may still turn out to be unknown, and who comes from where none came from goes first.
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { RealtimeError } from '../errors.ts';
import { networkOf, surroundingsOf } from '../network.ts';
import { Turnstile } from './turnstile.ts';

/** Three such windows are one of CivicPress'. */
const windowSeconds = 300;

/** A whole office may sit behind one address, with the windows of yesterday still open. */
const unknownPerAddress = 30;

/**
 * Of all addresses together less than a third of CivicPress' 1,000 requests in 15 minutes: of those that nobody has signed
 * in from, and of the others. A socket on which somebody waits for this is closed after ten seconds.
 */
const patienceMs = 8_000;
const ofStrange = { atOnce: 40, everyMs: 6_000, patienceMs };
const ofKnown = { atOnce: 30, everyMs: 8_000, patienceMs };

/** So many networks are known; then the one goes from which nobody has signed in for longest. */
const maxKnown = 10_000;

interface Bound {
  readonly limiter: RateLimiterMemory;
  /** Questions under way, by key. */
  readonly asking: Map<string, Set<Promise<unknown>>>;
}

const boundOf = (points: number): Bound => ({
  limiter: new RateLimiterMemory({ points, duration: windowSeconds }),
  asking: new Map(),
});

export interface StrangersOptions {
  /** Whether CivicPress counts each editor's address by itself: then what comes from others uses up nothing of ours. */
  readonly isCountedByAddress: boolean;
}

export class Strangers {
  readonly #perAddress = boundOf(unknownPerAddress);
  readonly #strange = new Turnstile(ofStrange);
  readonly #known = new Turnstile(ofKnown);
  readonly #isCountedByAddress: boolean;

  /** How many unknown tokens came from a network, and from those around it; only counted, for as long as a window. */
  readonly #wrong = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: windowSeconds });

  /** Networks from which somebody has signed in; the latest stands last. */
  readonly #networks = new Set<string>();

  constructor({ isCountedByAddress }: StrangersOptions) {
    this.#isCountedByAddress = isCountedByAddress;
  }

  /**
   * @param ask resolves with `null` for a token that is unknown; nothing else counts
   * @throws RealtimeError `too-many-unknown` when this address has to wait
   */
  ask<Answer>(address: string, ask: () => Promise<Answer | null>): Promise<Answer | null> {
    const network = networkOf(address);
    return bounded(this.#perAddress, network, async () => {
      const answer = this.#isCountedByAddress ? await ask() : await this.#askInTurn(network, ask);
      if (answer !== null) this.#know(network);
      return answer;
    });
  }

  async #askInTurn<Answer>(network: string, ask: () => Promise<Answer | null>): Promise<Answer | null> {
    const inAll = this.#networks.has(network) ? this.#known : this.#strange;
    const around = [network, ...surroundingsOf(network)];
    const counts = await Promise.all(around.map((place) => this.#wrong.get(place)));
    await inAll.enter(suspicionOf(counts.map((count) => count?.consumedPoints ?? 0)));
    let isUnknown = false;
    try {
      const answer = await ask();
      isUnknown = answer === null;
      return answer;
    } finally {
      if (!isUnknown) inAll.giveBack();
      else for (const place of around) void this.#wrong.penalty(place);
    }
  }

  #know(network: string): void {
    this.#networks.delete(network);
    this.#networks.add(network);
    const [oldest] = this.#networks;
    if (this.#networks.size > maxKnown && oldest !== undefined) this.#networks.delete(oldest);
  }
}

/** Of as many from further around it is less likely that they came from the same person. */
function suspicionOf(counts: readonly number[]): number {
  return Math.max(...counts.map((count, distance) => count / 2 ** distance));
}

async function bounded<Answer>(
  { limiter, asking }: Bound,
  key: string,
  ask: () => Promise<Answer | null>,
): Promise<Answer | null> {
  const underWay = asking.get(key) ?? new Set();
  asking.set(key, underWay);
  for (;;) {
    try {
      await limiter.consume(key);
      break;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      await limiter.reward(key);
      if (underWay.size === 0) {
        asking.delete(key);
        throw new RealtimeError('too-many-unknown', { retryAfterMs: refusal.msBeforeNext });
      }
      // Those under way may turn out to be known, and then there is room again.
      await Promise.race(underWay);
    }
  }
  // Nothing is awaited in between: whoever is refused next sees that this one is under way.
  const answer = ask();
  const ended = answer.then(
    (known) => (known === null ? undefined : limiter.reward(key)),
    () => limiter.reward(key),
  );
  underWay.add(ended);
  await ended;
  underWay.delete(ended);
  if (underWay.size === 0) asking.delete(key);
  return answer;
}
