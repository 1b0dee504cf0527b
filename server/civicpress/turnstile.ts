/**
 * Lets questions through at a rate, and first those that come from where least was wrong.
 *
 * A question has a place while it is asked, and one that was asked for good reason gives it back. So honest people come
 * through as fast as they are answered, and who comes while others use up all places waits for one and no more.
 */
import { RealtimeError } from '../errors.ts';
import { TokenBucket } from '../token-bucket.ts';

export interface TurnstileOptions {
  /** Places that may be used up at once. */
  readonly atOnce: number;
  /** After so long one more comes back, in ms. */
  readonly everyMs: number;
  /** So long somebody waits for one, in ms. */
  readonly patienceMs: number;
}

interface Waiting {
  /** How much was wrong where it comes from. */
  readonly suspicion: number;
  /** Decides between equals: who always comes first would go first always. */
  readonly lot: number;
  readonly enter: () => void;
  readonly giveUp: () => void;
}

/** Beyond so many the last one is sent away. */
const maxWaiting = 500;

/** Pause between two looks whether a place has come back, in ms. */
const lookMs = 100;

export class Turnstile {
  readonly #options: TurnstileOptions;
  readonly #places: TokenBucket;
  /** In the order of their turns. */
  readonly #waiting: Waiting[] = [];
  #looking: NodeJS.Timeout | undefined;

  constructor(options: TurnstileOptions) {
    this.#options = options;
    this.#places = new TokenBucket(1_000 / options.everyMs, options.atOnce);
  }

  /**
   * Takes a place, at once or when it is its turn.
   *
   * @param suspicion how much was wrong where it comes from
   * @throws RealtimeError `too-many-unknown` when that takes too long
   */
  async enter(suspicion: number): Promise<void> {
    if (this.#waiting.length > 0 || !this.#places.take(1)) await this.#turn(suspicion);
  }

  giveBack(): void {
    this.#places.give(1);
    this.#letIn();
  }

  #turn(suspicion: number): Promise<void> {
    const { everyMs, patienceMs } = this.#options;
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        clearTimeout(patience);
        this.#waiting.splice(this.#waiting.indexOf(one), 1);
        reject(new RealtimeError('too-many-unknown', { retryAfterMs: everyMs }));
      };
      const patience = setTimeout(giveUp, patienceMs).unref();
      const enter = () => {
        clearTimeout(patience);
        resolve();
      };
      const one: Waiting = { suspicion, lot: Math.random(), enter, giveUp };
      const next = this.#waiting.findIndex((other) => isBefore(one, other));
      this.#waiting.splice(next < 0 ? this.#waiting.length : next, 0, one);
      if (this.#waiting.length > maxWaiting) this.#waiting.at(-1)?.giveUp();
      this.#letIn();
    });
  }

  #letIn(): void {
    while (this.#waiting.length > 0 && this.#places.take(1)) this.#waiting.shift()?.enter();
    clearTimeout(this.#looking);
    if (this.#waiting.length > 0) this.#looking = setTimeout(() => this.#letIn(), lookMs).unref();
  }
}

function isBefore(one: Waiting, other: Waiting): boolean {
  return one.suspicion < other.suspicion || (one.suspicion === other.suspicion && one.lot < other.lot);
}
