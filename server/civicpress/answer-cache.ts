/**
 * Remembers answers for a short time, and asks once for everybody who waits for the same one.
 *
 * A question that fails, or whose answer is not worth keeping, is forgotten at once: the next one asks again.
 */
export class AnswerCache<Answer> {
  readonly #keepMs: number;
  readonly #isWorthKeeping: (answer: Answer) => boolean;
  readonly #maxAnswers: number;

  /** In order of asking, so that the oldest are first. Expiry is in monotonic ms, infinite while asking. */
  readonly #answers = new Map<string, { answer: Promise<Answer>; expiresAt: number }>();

  constructor(keepMs: number, isWorthKeeping: (answer: Answer) => boolean = () => true, maxAnswers = 10_000) {
    this.#keepMs = keepMs;
    this.#isWorthKeeping = isWorthKeeping;
    this.#maxAnswers = maxAnswers;
  }

  get(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const known = this.#answers.get(key);
    if (known && known.expiresAt > performance.now()) return known.answer;

    const entry = { answer: ask(), expiresAt: Number.POSITIVE_INFINITY };
    this.#answers.delete(key);
    this.#answers.set(key, entry);
    this.#forgetOldest();
    const forget = () => {
      if (this.#answers.get(key) === entry) this.#answers.delete(key);
    };
    entry.answer.then((answer) => {
      entry.expiresAt = performance.now() + this.#keepMs;
      if (!this.#isWorthKeeping(answer)) forget();
    }, forget);
    return entry.answer;
  }

  #forgetOldest(): void {
    for (const key of this.#answers.keys()) {
      if (this.#answers.size <= this.#maxAnswers) return;
      this.#answers.delete(key);
    }
  }
}
