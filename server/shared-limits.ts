/**
 * Limits that count over all nodes: what a node asks of the place where they are counted.
 *
 * Nothing here fails. While that place is away each node counts by itself.
 */
import type { RateLimiterAbstract } from 'rate-limiter-flexible';

export interface SharedLimits {
  readonly headCounts: SharedHeadCounts;
  /** Counts points by key, up to so many, for so long. */
  excessCounts(points: number, durationSeconds: number): ExcessCounts;
}

export interface SharedHeadCounts {
  /**
   * So many are at this node now by this key. Resolves with how many are at others, with 0 when nobody can say; soon
   * in any case.
   */
  tell(key: string, here: number): Promise<number>;
}

export type ExcessCounts = Pick<RateLimiterAbstract, 'penalty' | 'block' | 'get'>;
