/**
 * Does something for each of many, a few at a time, so that nothing else waits until it is done for all.
 *
 * In a room of 200 everybody is told of everybody else's cursor: 10 MB, and tens of milliseconds, in which an edit would
 * stand behind cursors, here and where they are read. So there is a pause behind each millisecond of it, and it never takes
 * more than a fifth of the time.
 */

/** A go is to take this long, in ms; and for each of them there are so many of pause. */
const goMs = 1;
const restPerWork = 4;

export class Slices {
  #pause: NodeJS.Timeout | undefined;

  /** Whether there are some for whom it was not done yet. */
  get isRunning(): boolean {
    return this.#pause !== undefined;
  }

  /** Begins at once; few are done at once. What is added to a collection meanwhile is done as well, if its iterator says so. */
  run<Item>(items: Iterator<Item>, act: (item: Item) => void, whenDone: () => void): void {
    this.#pause = undefined;
    const startedAt = performance.now();
    let workMs = 0;
    while (workMs < goMs) {
      const next = items.next();
      if (next.done) return whenDone();
      act(next.value);
      workMs = performance.now() - startedAt;
    }
    this.#pause = setTimeout(() => this.run(items, act, whenDone), workMs * restPerWork);
    this.#pause.unref();
  }

  stop(): void {
    clearTimeout(this.#pause);
  }
}
