/**
 * Joins the nodes that the configuration names.
 */
import type { Config } from '../config.ts';
import type { Logger } from '../ports.ts';
import type { RedisNode } from './node.ts';

/** What this node shares with others; `null` when it is the only one. */
export async function openRedis({ redis }: Config, log: Logger): Promise<RedisNode | null> {
  if (!redis.enabled) return null;
  // The client is only loaded where it is used.
  const { openRedisNode } = await import('./node.ts');
  const place = {
    url: redis.url as string,
    sentinels: redis.sentinels,
    sentinelName: redis.sentinel_name,
    clusterNodes: redis.cluster_nodes,
  };
  return openRedisNode({ ...place, keyPrefix: redis.key_prefix, waitReplicas: redis.wait_replicas }, log);
}
