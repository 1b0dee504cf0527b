/**
 * Lets work begin so many times a minute. A minute's worth may begin at once; from then on everybody waits for a turn:
 * first what is urgent, then what came first. So each of many waits about as many turns as there are others.
 */

export interface AllowanceOptions {
  readonly perMinute: number;
  /** The least time between two, in ms, that whoever the work is for asks for at the moment. */
  readonly pauseMs?: () => number;
}

/** After so long what is asked for is looked at again: it may have become less. */
const lookAgainMs = 5_000;

export class Allowance {
  readonly #options: AllowanceOptions;
  readonly #spacingMs: number;

  /** What waits for its turn, by name, in order. */
  readonly #urgent = new Map<string, () => void>();
  readonly #waiting = new Map<string, () => void>();
  #turn: NodeJS.Timeout | undefined;

  /** When it was used last, and when nothing of the last minute's use will count any more; in monotonic ms. */
  #usedAt = Number.NEGATIVE_INFINITY;
  #isFreshAt = Number.NEGATIVE_INFINITY;

  constructor(options: AllowanceOptions) {
    this.#options = options;
    this.#spacingMs = 60_000 / options.perMinute;
  }

  /** Whether somebody waits for a turn, or would have to. */
  get isShort(): boolean {
    return this.#urgent.size + this.#waiting.size > 0 || this.#waitMs() > 0;
  }

  isWaiting(name: string): boolean {
    return this.#waiting.has(name) || this.#urgent.has(name);
  }

  /** Begins when it is its turn, perhaps at once. Whatever waits under this name already keeps its place. */
  ask(name: string, begin: () => void): void {
    if (this.isWaiting(name)) return;
    if (!this.isShort) return begin();
    this.#waiting.set(name, begin);
    this.#plan();
  }

  /** Is as good as the first one to have come. */
  hurry(name: string): void {
    const begin = this.#waiting.get(name);
    if (!begin) return;
    this.#waiting.delete(name);
    this.#urgent.set(name, begin);
  }

  withdraw(name: string): void {
    this.#urgent.delete(name);
    this.#waiting.delete(name);
    if (this.#urgent.size + this.#waiting.size === 0) clearTimeout(this.#turn);
  }

  /** Something begins, in its turn or not. However much begins out of turn, the next one waits for one turn only. */
  use(): void {
    const now = performance.now();
    this.#usedAt = now;
    this.#isFreshAt = Math.min(Math.max(this.#isFreshAt, now) + this.#spacingMs, now + 60_000);
  }

  /** What was begun last came to nothing, and nobody counts it. */
  giveBack(): void {
    this.#isFreshAt -= this.#spacingMs;
  }

  #waitMs(): number {
    const { pauseMs = () => 0 } = this.#options;
    const inAMinute = this.#isFreshAt + this.#spacingMs - 60_000;
    return Math.max(inAMinute, this.#usedAt + pauseMs()) - performance.now();
  }

  #plan(): void {
    clearTimeout(this.#turn);
    const waitMs = Math.min(Math.max(0, this.#waitMs()), lookAgainMs);
    this.#turn = setTimeout(() => this.#beginNext(), waitMs);
    this.#turn.unref();
  }

  #beginNext(): void {
    const [next] = [...this.#urgent.entries().take(1), ...this.#waiting.entries().take(1)];
    if (!next) return;
    if (this.#waitMs() <= 0) {
      this.withdraw(next[0]);
      next[1]();
    }
    if (this.#urgent.size + this.#waiting.size > 0) this.#plan();
  }
}
