/**
 * One node of many: what it shares with the others through Redis.
 */
import { randomBytes } from 'node:crypto';
import { openRedisJournal } from '../../extensions/journal/redis-streams.ts';
import type { Leases } from '../leases.ts';
import type { NodeBus } from '../node-bus.ts';
import type { Ports } from '../outside.ts';
import type { Journal, Ledger, Logger } from '../ports.ts';
import { RedisNoticeBoard } from './board.ts';
import { RedisBus } from './bus.ts';
import { RedisConnections, type RedisPlace } from './connections.ts';
import { RedisLeases } from './leases.ts';
import { RedisLimits } from './limits.ts';
import { RedisSpecArchive } from './spec-archive.ts';
import { Subscriptions } from './subscriptions.ts';

export interface RedisNodeOptions extends RedisPlace {
  /** Begins every key. In braces, so that a Redis Cluster keeps all of them in one place. */
  readonly keyPrefix: string;
  /** So many replicas have an edit before it is acknowledged. */
  readonly waitReplicas: number;
}

export interface RedisNode {
  readonly journal: Journal & Ledger;
  readonly leases: Leases;
  readonly bus: NodeBus;
  /** All that a server asks of Redis. */
  readonly ports: Pick<Ports, 'journal' | 'ledger' | 'leases' | 'bus' | 'limits' | 'revocations' | 'specs'>;
  /** Whether Redis answers. */
  isReady(): boolean;
  /** After the server has stopped. */
  close(): void;
}

/** Connects in the background; until that is done, and whenever Redis is away, everything asked of it fails at once. */
export function openRedisNode(options: RedisNodeOptions, log: Logger): RedisNode {
  const { keyPrefix, waitReplicas } = options;
  const connections = new RedisConnections(options, log);
  const subscriptions = new Subscriptions(connections);
  const shared = { connections, subscriptions, keyPrefix, log };
  // Short, as it goes along with every edit.
  const nodeId = randomBytes(6).toString('base64url');
  const leases = new RedisLeases({ ...shared, orphanPrefix: 'record:' });
  const journal = openRedisJournal({
    ...shared,
    nodeId,
    waitReplicas,
    tokenOf: (documentName) => leases.tokenOf(documentName),
  });
  const bus = new RedisBus(nodeId, connections, subscriptions, keyPrefix);
  const limits = new RedisLimits({ connections, keyPrefix, nodeId });
  const specs = new RedisSpecArchive({ ...shared, leaseName: 'specs' });
  const revocations = new RedisNoticeBoard({ ...shared, nodeId, topic: 'revocations' });
  return {
    journal,
    leases,
    bus,
    ports: { journal, ledger: journal, leases, bus, limits, revocations, specs },
    isReady: () => connections.isReady,
    close() {
      limits.close();
      subscriptions.close();
      connections.close();
    },
  };
}
