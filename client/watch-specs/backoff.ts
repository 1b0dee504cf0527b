/**
 * How long to wait before the next attempt: longer each time, and never in step with everybody else who was cut off.
 */
export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** The next pause in ms, between half of and all that this attempt may wait. */
  next(): number {
    const { minMs, maxMs } = this.#options;
    const longest = Math.min(maxMs, minMs * 2 ** this.#attempts);
    this.#attempts += 1;
    return longest * (0.5 + Math.random() / 2);
  }

  /** It worked: the next trouble begins anew. */
  reset(): void {
    this.#attempts = 0;
  }
}
