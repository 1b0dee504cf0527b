/**
 * Limits over all nodes, counted in Redis.
 */
import { RateLimiterMemory, RateLimiterRedis, RLWrapperTimeouts } from 'rate-limiter-flexible';
import type { SharedLimits } from '../shared-limits.ts';
import { RedisHeadCounts, type RedisHeadCountsOptions } from './head-counts.ts';

/** Then it is counted here. */
const patienceMs = 500;

export class RedisLimits implements SharedLimits {
  readonly headCounts: RedisHeadCounts;
  readonly #options: RedisHeadCountsOptions;

  constructor(options: RedisHeadCountsOptions) {
    this.#options = options;
    this.headCounts = new RedisHeadCounts(options);
  }

  excessCounts(points: number, durationSeconds: number): RLWrapperTimeouts {
    const { connections, keyPrefix } = this.#options;
    const rule = { points, duration: durationSeconds };
    const limiter = new RateLimiterRedis({
      ...rule,
      storeClient: connections.commands,
      keyPrefix: `${keyPrefix}excess`,
      rejectIfRedisNotReady: true,
    });
    const insuranceLimiter = new RateLimiterMemory(rule);
    return new RLWrapperTimeouts({ limiter, timeoutMs: patienceMs, insuranceLimiter });
  }

  close(): void {
    this.headCounts.close();
  }
}
