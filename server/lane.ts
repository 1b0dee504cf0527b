/**
 * Where sockets wait that go faster than their rate: in turns, a few milliseconds each, in a part of our time.
 *
 * A rate for each of them would not do: many floods together take all the time there is, and one editor that comes back
 * with 50,000 edits would wait for minutes although nobody else needs the time.
 */

/** Somebody who waits in the lane. */
export interface Waiting {
  readonly isWaiting: boolean;
  /** Does about so much of its work, and says what that came to. */
  serve(budget: number): number;
}

/** A turn is to take this long, in ms: everybody else waits meanwhile. */
const turnMs = 4;

/** How much may be done in one turn. */
const mostOfTurn = 48;

/** For each ms of work the lane rests this long: it takes a quarter of the time, and the others have the rest. */
const restPerWork = 3;
const shortestRestMs = 1;

/** When one of them waits for something else, the next one is asked; and the lane rests when that goes for all. */
const idleRestMs = 20;

export class Lane {
  /** How much each may do in a turn, by how long its last one took; in order of their turns, each of them once. */
  readonly #budgets = new Map<Waiting, number>();
  /** How many turns in a row came to nothing. */
  #idleTurns = 0;
  #isRunning = false;

  /** It may be in already: one that has just been through, and is back before its turn has ended. */
  join(one: Waiting): void {
    if (!this.#budgets.has(one)) this.#budgets.set(one, 1);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#rest(shortestRestMs);
  }

  #rest(ms: number): void {
    setTimeout(() => {
      const [one, budget] = this.#budgets.entries().next().value as [Waiting, number];
      let startedAt = 0;
      let cost = 0;
      // What a turn sets off runs before the second of these, and nothing else does.
      setImmediate(() => {
        startedAt = performance.now();
        cost = one.serve(budget);
      });
      setImmediate(() => {
        const workMs = performance.now() - startedAt;
        this.#budgets.delete(one);
        if (one.isWaiting) this.#budgets.set(one, cost > 0 ? nextBudget(budget, cost, workMs) : budget);
        this.#idleTurns = cost === 0 ? this.#idleTurns + 1 : 0;
        this.#isRunning = this.#budgets.size > 0;
        const isIdle = this.#idleTurns >= this.#budgets.size;
        if (this.#isRunning) this.#rest(isIdle ? idleRestMs : Math.max(shortestRestMs, workMs * restPerWork));
      });
    }, ms).unref();
  }
}

/** Not at once as much as would fit: one cheap message says little about the next. */
function nextBudget(budget: number, cost: number, workMs: number): number {
  const fitting = Math.floor((cost * turnMs) / Math.max(workMs, 0.01));
  return Math.max(1, Math.min(fitting, budget * 2, mostOfTurn));
}
