/**
 * Two nodes as an operator runs them, each a process with its own line to one Redis, and PostgreSQL for the snapshots.
 */
import type { KillableServer } from '../crash/killable-server.ts';
import { openSite, type Site } from '../crash/sites.ts';
import { type Line, startLine } from '../helpers/line.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

export interface ClusterNode {
  readonly server: KillableServer;
  /** To Redis. */
  readonly line: Line;
  /** Where its people come in: as behind a balancer, it leads elsewhere while the node is away. */
  readonly door: Line;
}

export interface ClusterSite {
  /** CivicPress and its records, which outlive everything. */
  readonly site: Site;
  readonly redis: TestRedis;
  readonly nodes: readonly ClusterNode[];
  close(): Promise<void>;
}

export async function openClusterSite(nodeCount = 2): Promise<ClusterSite> {
  /** What has been opened, in order. */
  const opened: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closeOne of opened.toReversed()) await closeOne();
  };
  try {
    const redis = await startRedis();
    opened.push(() => redis.stop());
    const postgres = await startPostgres();
    opened.push(() => postgres.stop());
    const place = await postgres.emptyPlace();
    opened.push(() => place.drop());
    const site = await openSite('ours');
    opened.push(() => site.close());
    const nodes: ClusterNode[] = [];
    for (let count = 0; count < nodeCount; count += 1) {
      const line = await startLine(redis.port);
      opened.unshift(() => line.close());
      const server = await site.server({
        REALTIME_REDIS_ENABLED: 'true',
        REALTIME_REDIS_URL: `redis://127.0.0.1:${line.port}`,
        REALTIME_SNAPSHOTS_STORAGE: 'postgres',
        REALTIME_SNAPSHOTS_POSTGRES_URL: place.url,
        // So that there is compaction while the worst happens.
        REALTIME_SNAPSHOTS_MAX_UPDATES: '20',
      });
      const door = await startLine(Number(new URL(server.url).port));
      opened.unshift(() => door.close());
      nodes.push({ server, line, door });
    }
    return { site, redis, nodes, close };
  } catch (error) {
    await close();
    throw error;
  }
}
