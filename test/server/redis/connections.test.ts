/** Connections to Redis come back, whatever has ended them. */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { RedisConnections } from '../../../server/redis/connections.ts';
import { RecordedLog } from '../../helpers/recorded-log.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { until } from '../../helpers/until.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

it('[K4] connects anew also when its library has given up for good', async () => {
  const log = new RecordedLog();
  const connections = new RedisConnections({ url: redis.url }, log);
  onTestFinished(() => connections.close());
  const other = connections.open();
  await until('both are connected', () => connections.isReady && other.status === 'ready');

  // As ioredis does when a failover is told while it looks for the master: no retryStrategy is asked.
  connections.commands.disconnect();
  other.disconnect();
  await until('nothing can be sent', () => connections.commands.status === 'end');

  await until('both are connected again', () => connections.isReady && other.status === 'ready');
  expect(await connections.commands.ping()).toBe('PONG');
  expect(log.lines.map(({ message }) => message)).toContain('Redis answers again');
});

it('stays away once it is closed', async () => {
  const connections = new RedisConnections({ url: redis.url }, new RecordedLog());
  await until('it is connected', () => connections.isReady);
  let hasConnected = false;
  connections.commands.on('connecting', () => {
    hasConnected = true;
  });
  connections.close();
  await until('it has ended', () => connections.commands.status === 'end');
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(hasConnected).toBe(false);
});
