/**
 * Remembers answers for a short time, and asks once for everybody who waits for the same one.
 *
 * A question that fails, or whose answer is not worth keeping, is forgotten at once: the next one asks again.
 */
interface Entry<Answer> {
  readonly answer: Promise<Answer>;
  /** In monotonic ms, infinite while asking. */
  answeredAt: number;
  expiresAt: number;
}

export class AnswerCache<Answer> {
  readonly #keepMs: (answer: Answer) => number;
  readonly #maxAnswers: number;

  /** In order of asking, so that the oldest are first. */
  readonly #entries = new Map<string, Entry<Answer>>();

  /** @param keepMs how long an answer is believed, also by what it says; 0: not at all */
  constructor(keepMs: number | ((answer: Answer) => number), maxAnswers = 10_000) {
    this.#keepMs = typeof keepMs === 'number' ? () => keepMs : keepMs;
    this.#maxAnswers = maxAnswers;
  }

  /** @param maxAgeMs an answer that is older is asked for anew, though it would still be believed */
  get(key: string, ask: () => Promise<Answer>, maxAgeMs = Number.POSITIVE_INFINITY): Promise<Answer> {
    const known = this.#entries.get(key);
    const now = performance.now();
    if (known && known.expiresAt > now && known.answeredAt + maxAgeMs > now) return known.answer;
    return this.renew(key, ask);
  }

  /** Asks whatever is known, and a question under way does not do: it was asked before. */
  renew(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const entry: Entry<Answer> = {
      answer: ask(),
      answeredAt: Number.POSITIVE_INFINITY,
      expiresAt: Number.POSITIVE_INFINITY,
    };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#forgetOldest();
    const forget = () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    entry.answer.then((answer) => {
      entry.answeredAt = performance.now();
      const keepMs = this.#keepMs(answer);
      entry.expiresAt = entry.answeredAt + keepMs;
      if (keepMs <= 0) forget();
    }, forget);
    return entry.answer;
  }

  /** When the answer came that is remembered, in monotonic ms; `undefined` when there is none. */
  answeredAt(key: string): number | undefined {
    const { answeredAt } = this.#entries.get(key) ?? {};
    return answeredAt !== undefined && Number.isFinite(answeredAt) ? answeredAt : undefined;
  }

  /** Also of a question under way: who waits for it gets its answer, and it is not kept. */
  forget(concerns: (key: string) => boolean): void {
    for (const key of this.#entries.keys()) if (concerns(key)) this.#entries.delete(key);
  }

  #forgetOldest(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxAnswers) return;
      this.#entries.delete(key);
    }
  }
}
