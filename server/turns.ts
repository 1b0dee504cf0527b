/**
 * Jobs that must not overlap: those of one document run one after another, in the order in which they came.
 */
export class Turns {
  /** The job that was asked for last, by document. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Begins the job when those before it have ended, well or not. */
  take<Result>(documentName: string, job: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(documentName) ?? Promise.resolve();
    const turn = before.then(job, job);
    this.#last.set(documentName, turn);
    const forget = () => {
      if (this.#last.get(documentName) === turn) this.#last.delete(documentName);
    };
    turn.then(forget, forget);
    return turn;
  }

  /** Resolves when all jobs that were asked for so far have ended, well or not. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
