/**
 * How does this client behave? What it is refused is logged once for each reason, and one that goes on is sent away.
 *
 * An honest editor is refused now and then, and then stops; a page may ask for twenty records that its user may not see.
 */
import type { ErrorCode } from './errors.ts';

/** `entry` into a document, or a `message` in one; or a `failure` of ours. */
export type Refused = 'entry' | 'message' | 'failure';

/** No honest editor goes on after a message was refused. */
const weights: Readonly<Record<Refused, number>> = { entry: 1, message: 8, failure: 0 };
const tolerated = 40;

/** Nor has it more than an edit or two that everybody waits for: 200 ms of them is as much as is tolerated. */
const weightOfMs = 0.2;

/** For so long, in ms. */
const windowMs = 60_000;

export class Conduct {
  readonly #onBeyond: () => void;
  /** What it was refused; nothing as a rule. */
  #known: Set<ErrorCode> | undefined;
  #weight = 0;
  #since = performance.now();

  /** @param onBeyond is called each time that more was refused within a minute than is tolerated */
  constructor(onBeyond: () => void) {
    this.#onBeyond = onBeyond;
  }

  /** Something was refused, or failed; says whether for the first time on this socket for this reason. */
  isNews(code: ErrorCode, what: Refused): boolean {
    this.#known ??= new Set();
    const isFirst = !this.#known.has(code);
    this.#known.add(code);
    this.#weigh(weights[what]);
    return isFirst;
  }

  /** An edit took so much longer than its size explains, in ms. */
  tookLong(ms: number): void {
    this.#weigh(ms * weightOfMs);
  }

  #weigh(weight: number): void {
    const now = performance.now();
    if (now - this.#since > windowMs) {
      this.#since = now;
      this.#weight = 0;
    }
    this.#weight += weight;
    if (this.#weight > tolerated) this.#onBeyond();
  }
}
