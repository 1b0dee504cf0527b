/**
 * How far has each user gone beyond their rate within the hour?
 *
 * Counted for the user and not the socket, so that a new socket, at whatever node, begins no new count. An editor that was offline goes
 * far beyond its rate when it comes back, and may; who goes on like that is warned, then sent away for a while.
 */
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { ExcessCounts, SharedLimits } from './shared-limits.ts';

/** Half of what is allowed is spent: `warned`. All of it: `exceeded`. */
export type Standing = 'fine' | 'warned' | 'exceeded';

const hourSeconds = 3_600;

/** How long somebody who exceeded it is not let in. */
const awaySeconds = 300;

export class Excess {
  readonly #allowed: number;
  readonly #counts: ExcessCounts;

  /**
   * @param allowed in an hour
   * @param shared counts for all nodes, where there are several
   */
  constructor(allowed: number, shared?: SharedLimits) {
    this.#allowed = allowed;
    this.#counts =
      shared?.excessCounts(allowed, hourSeconds) ??
      new RateLimiterMemory({ points: allowed, duration: hourSeconds });
  }

  async add(who: string, weight: number): Promise<Standing> {
    const { consumedPoints } = await this.#counts.penalty(who, weight);
    if (consumedPoints <= this.#allowed / 2) return 'fine';
    if (consumedPoints <= this.#allowed) return 'warned';
    await this.#counts.block(who, awaySeconds);
    return 'exceeded';
  }

  async isExceeded(who: string): Promise<boolean> {
    const count = await this.#counts.get(who);
    return count !== null && count.consumedPoints > this.#allowed;
  }
}
