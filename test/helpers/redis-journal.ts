/**
 * The journal in Redis with connections of its own, as one node of many has it.
 */
import { randomUUID } from 'node:crypto';
import { openRedisJournal, type RedisJournalOptions } from '../../extensions/journal/redis-streams.ts';
import type { Journal, Ledger } from '../../server/ports.ts';
import { RedisConnections, type RedisPlace } from '../../server/redis/connections.ts';
import { Subscriptions } from '../../server/redis/subscriptions.ts';
import { RecordedLog } from './recorded-log.ts';
import { until } from './until.ts';

/** Resolves when it is connected; closing it closes the connections. */
export async function openTestJournal(
  place: RedisPlace,
  options: Partial<RedisJournalOptions> = {},
): Promise<Journal & Ledger> {
  const log = new RecordedLog();
  const connections = new RedisConnections(place, log);
  const subscriptions = new Subscriptions(connections);
  await until('Redis answers', () => connections.isReady);
  const journal = openRedisJournal({
    connections,
    subscriptions,
    keyPrefix: '{test}:',
    nodeId: randomUUID(),
    waitReplicas: 0,
    tokenOf: () => '',
    log,
    ...options,
  });
  const close = journal.close.bind(journal);
  journal.close = async () => {
    await close();
    subscriptions.close();
    connections.close();
  };
  return journal;
}
