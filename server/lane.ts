/**
 * Where sockets wait that go faster than their rate: one after the other, a little each time, in a part of our time.
 *
 * A rate for each of them would not do: many floods together take all the time there is, and one editor that comes back
 * with 50,000 edits would wait for minutes although nobody else needs the time.
 */

/** Somebody who waits in the lane. */
export interface Waiting {
  readonly isWaiting: boolean;
  /** Does about so much of its work; resolves what that came to. */
  serve(budget: number): number;
}

/** How much is done in one turn, and at most for one of them: small, since everybody else waits meanwhile. */
const costOfTurn = 48;
const costOfOne = 16;

/** For each ms of work the lane rests this long: it takes two fifths of the time, and the others have the rest. */
const restPerWork = 1.5;
const shortestRestMs = 1;

/** When all of them wait for something else. */
const idleRestMs = 20;

export class Lane {
  /** In order of their turns. */
  readonly #waiting: Waiting[] = [];
  #isRunning = false;

  join(one: Waiting): void {
    this.#waiting.push(one);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#rest(shortestRestMs);
  }

  #rest(ms: number): void {
    setTimeout(() => {
      let startedAt = 0;
      let cost = 0;
      // What a turn sets off runs before the second of these, and nothing else does.
      setImmediate(() => {
        startedAt = performance.now();
        cost = this.#turn();
      });
      setImmediate(() => {
        const workMs = performance.now() - startedAt;
        if (this.#waiting.length === 0) this.#isRunning = false;
        else this.#rest(cost === 0 ? idleRestMs : Math.max(shortestRestMs, workMs * restPerWork));
      });
    }, ms).unref();
  }

  #turn(): number {
    let cost = 0;
    for (let left = this.#waiting.length; left > 0 && cost < costOfTurn; left -= 1) {
      const one = this.#waiting.shift() as Waiting;
      cost += one.serve(Math.min(costOfOne, costOfTurn - cost));
      if (one.isWaiting) this.#waiting.push(one);
    }
    return cost;
  }
}
