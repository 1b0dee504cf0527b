/**
 * Leases on a real Redis, with processes that die and come back.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { open as openMarkdown } from '../../../markdown/index.ts';
import { openRedisNode, type RedisNode } from '../../../server/redis/node.ts';
import { type Line, startLine } from '../../helpers/line.ts';
import { RecordedLog } from '../../helpers/recorded-log.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { until } from '../../helpers/until.ts';

let redis: TestRedis;
let keyPrefix: string;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(() => {
  keyPrefix = `{${randomUUID()}}:`;
});

type Node = RedisNode & { line: Line; orphans: string[] };

async function openNode(): Promise<Node> {
  const line = await startLine(redis.port);
  const place = { url: `redis://127.0.0.1:${line.port}`, keyPrefix, waitReplicas: 0 };
  const node = openRedisNode(place, new RecordedLog());
  const orphans: string[] = [];
  await until('Redis answers', node.isReady);
  node.leases.start((names) => void orphans.push(...names));
  onTestFinished(async () => {
    await node.leases.close([]);
    node.close();
    await line.close();
  });
  return { ...node, line, orphans };
}

const name = 'record:a';
const nothing = async () => undefined;

async function whoHolds(...nodes: Node[]): Promise<Node> {
  return until('somebody holds it', () => nodes.find(({ leases }) => leases.holds(name)));
}

it('[K6] gives a lease to one, and to another within 10 s of the death of the first', async () => {
  const [one, other] = [await openNode(), await openNode()];
  one.leases.want(name, nothing);
  await whoHolds(one);
  other.leases.want(name, nothing);
  one.line.mode = 'cut';
  const diedAt = performance.now();
  await whoHolds(other);
  expect(performance.now() - diedAt).toBeLessThan(10_000);
  expect(one.leases.holds(name)).toBe(false);

  // Who comes back finds it taken.
  one.line.mode = 'pass';
  await until('it has heard', () => one.leases.tokenOf(name) === null);
  expect(other.leases.holds(name)).toBe(true);
});

it('[K6] hands over at once what is given back', async () => {
  const [one, other] = [await openNode(), await openNode()];
  one.leases.want(name, nothing);
  await whoHolds(one);
  other.leases.want(name, nothing);
  // Less than the time that it takes to end by itself, or until it is asked for again.
  const leftAt = performance.now();
  one.leases.leave(name);
  await whoHolds(other);
  expect(performance.now() - leftAt).toBeLessThan(1_000);
  await other.leases.close([]);
  one.leases.want(name, nothing);
  await whoHolds(one);
});

it('[K6] leaves what is unfinished to whoever is there, wanted or not', async () => {
  const [one, other] = [await openNode(), await openNode()];
  one.leases.want(name, nothing);
  one.leases.want('record:b', nothing);
  await until('both are held', () => one.leases.holds(name) && one.leases.holds('record:b'));
  await one.leases.close([name]);
  await until('it is taken up', () => other.orphans.length > 0);
  expect(other.orphans).toEqual([name]);
  expect(await redis.client.zscore(`${keyPrefix}lease-ends`, 'record:b')).toBeNull();
});

it('[K6] holds nothing before it is ready, and gives back what it cannot get ready for', async () => {
  const [one, other] = [await openNode(), await openNode()];
  let tries = 0;
  one.leases.want(name, async () => {
    tries += 1;
    expect(one.leases.holds(name)).toBe(false);
    throw new Error('not now');
  });
  await until('it was tried', () => tries > 0);
  other.leases.want(name, nothing);
  await whoHolds(other);
});

it('[K6] gets ready anew for a lease that had ended by itself and that nobody took', async () => {
  const node = await openNode();
  let times = 0;
  node.leases.want(name, async () => {
    times += 1;
  });
  await whoHolds(node);
  node.line.mode = 'cut';
  await until('it has ended', () => !node.leases.holds(name));
  node.line.mode = 'pass';
  await whoHolds(node);
  expect(times).toBe(2);
});

it('[K7] takes nothing from a former holder that does not know of its successor', async () => {
  const [one, other] = [await openNode(), await openNode()];
  const { base } = openMarkdown('text\n');
  one.leases.want(name, nothing);
  await whoHolds(one);
  const entry = { update: Buffer.from('one'), user: null, at: 1, base: null };
  const position = await one.journal.append(name, [entry]);
  await one.journal.settle(name, null, { base, restored: null });
  await expect(other.journal.settle(name, position, { base, restored: null })).rejects.toThrow(
    'is elsewhere',
  );

  // As after a long sleep: its lease is another's, and it has not asked since.
  const token = one.leases.tokenOf(name) as string;
  await redis.client.hset(`${keyPrefix}leases`, name, String(Number(token) + 1));
  await expect(one.journal.settle(name, position, { base, restored: null })).rejects.toThrow('FENCED');
  await expect(one.journal.sending(name, { base, restored: null, unconfirmed: ['draft'] })).rejects.toThrow(
    'FENCED',
  );
  await expect(one.journal.trim(name, position)).rejects.toThrow('FENCED');
  expect(await one.journal.recall(name)).toEqual({
    base,
    restored: null,
    owesWriteback: true,
    unconfirmed: [],
  });
  expect((await one.journal.read(name, null)).entries).toHaveLength(1);
});
