/**
 * The journal in Redis as several nodes share it; what every journal keeps to is in test/contract/journal.test.ts.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { durabilityOf } from '../../extensions/journal/redis-durability.ts';
import type { RedisJournalOptions } from '../../extensions/journal/redis-streams.ts';
import { type Base, open as openMarkdown } from '../../markdown/index.ts';
import { BegunAnew } from '../../server/begun-anew.ts';
import type { Journal, Ledger, NewJournalEntry } from '../../server/ports.ts';
import type { RedisPlace } from '../../server/redis/connections.ts';
import { freePort } from '../helpers/free-port.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { openTestJournal } from '../helpers/redis-journal.ts';
import { until } from '../helpers/until.ts';

let redis: TestRedis;
let keyPrefix: string;

beforeAll(async () => {
  redis = await startRedis('--repl-diskless-sync-delay', '0');
});
afterAll(() => redis.stop());
beforeEach(() => {
  keyPrefix = `{${randomUUID()}}:`;
});

async function openNode(options: Partial<RedisJournalOptions> = {}, place: RedisPlace = redis) {
  const journal = await openTestJournal(place, { keyPrefix, ...options });
  onTestFinished(() => journal.close());
  return journal;
}

const entry = (text: string, markdown?: string): NewJournalEntry => ({
  update: Buffer.from(text),
  user: null,
  at: 1_700_000_000_000,
  base: markdown === undefined ? null : openMarkdown(markdown).base,
});

/** What comes to a follower from the other nodes. */
async function followed(journal: Journal, documentName = 'record:a', after: string | null = null) {
  const seen: string[] = [];
  const stop = await journal.follow(documentName, after, {
    onEntry: ({ update }, isOwn) => void (isOwn || seen.push(Buffer.from(update).toString())),
    onTrimmed: () => void seen.push('trimmed'),
  });
  onTestFinished(stop);
  return seen;
}

/** Sentinel tries a failover that came to nothing again, after a while. */
const longestFailoverMs = 60_000;

/** Appends, again and again until it is taken. */
async function appendAtLast(journal: Journal, text: string): Promise<void> {
  await until(
    'it is taken',
    () =>
      journal.append('record:a', [entry(text)]).then(
        () => true,
        () => false,
      ),
    longestFailoverMs,
  );
}

it('[K1] tells every node what others append, each once and in order', async () => {
  const nodes = await Promise.all([openNode(), openNode(), openNode()]);
  const seen = await Promise.all(nodes.map((node) => followed(node)));
  const appending = nodes.map(async (node, who) => {
    for (let count = 0; count < 50; count += 1) await node.append('record:a', [entry(`${who} ${count}`)]);
  });
  await Promise.all(appending);
  const { entries } = await (nodes[0] as Journal).read('record:a', null);
  const all = entries.map(({ update }) => Buffer.from(update).toString());
  expect(all).toHaveLength(150);
  for (const [who, its] of seen.entries()) {
    const others = all.filter((text) => !text.startsWith(`${who} `));
    await until('all has come', () => its.length >= others.length);
    expect(its).toEqual(others);
  }
});

async function used() {
  const info = await redis.client.info('stats');
  const numberOf = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1]);
  return {
    received: numberOf('total_net_input_bytes'),
    sent: numberOf('total_net_output_bytes'),
    commands: numberOf('total_commands_processed'),
  };
}

it('[K1] costs little for an edit, and no more the longer the document is', async () => {
  const [one, other] = [await openNode(), await openNode()];
  await one.append('record:a', [entry('x'.repeat(1_000_000))]);
  const seen = await followed(other);
  await until('what was there has come', () => seen.length === 1);
  const before = await used();
  for (let count = 0; count < 100; count += 1) await one.append('record:a', [entry(`edit ${count}`)]);
  await until('all has come', () => seen.length === 101);
  const after = await used();
  // What is in the script counts, and so do the pings of idle connections.
  expect((after.commands - before.commands) / 100).toBeLessThan(4.5);
  expect((after.received - before.received) / 100).toBeLessThan(280);
  expect((after.sent - before.sent) / 100).toBeLessThan(220);
});

it('[K1] sends of a long text that has changed a little only what has, and another node reads all of it and goes on', async () => {
  // Nothing of it is like another part.
  const words = Array.from({ length: 8_000 }, (_, index) => ((index * 2_654_435_761) % 2 ** 32).toString(36));
  const noted = async (keeper: Journal & Ledger, markdown: string) => {
    const { received } = await used();
    await keeper.settle('record:a', null, { base: openMarkdown(markdown).base, restored: null });
    const bytes = (await used()).received - received;
    expect((await reader.recall('record:a'))?.base.markdown).toBe(markdown);
    return bytes;
  };
  let holder = 'one';
  const heldBy = (name: string) => ({ tokenOf: () => (holder === name ? '' : null) });
  const reader = await openNode({ tokenOf: () => null });
  const one = await openNode(heldBy('one'));
  const other = await openNode(heldBy('other'));
  expect(await noted(one, `${words.join(' ')}\n`)).toBeGreaterThan(20_000);
  for (const index of [100, 4_000, 7_500]) {
    words[index] = `changed ${index}`;
    expect(await noted(one, `${words.join(' ')}\n`)).toBeLessThan(3_000);
  }
  // As whoever takes over does, who asks what the ledger says before anything else.
  holder = 'other';
  await other.recall('record:a');
  for (const index of [200, 4_500]) {
    words[index] = `changed by another ${index}`;
    expect(await noted(other, `${words.join(' ')}\n`)).toBeLessThan(3_000);
  }
  expect(await noted(other, '# Something else\n')).toBeLessThan(3_000);
});

it('[K1] goes on where it was when Redis was killed and came back, also when nothing is appended then', async () => {
  const [one, other] = [await openNode(), await openNode()];
  const seen = await followed(other);
  await one.append('record:a', [entry('before')]);
  await until('it comes', () => seen.includes('before'));
  await redis.kill();
  await expect(one.append('record:a', [entry('lost')])).rejects.toThrow();
  await redis.start();
  // Past every node, before they listen again: nobody is told of it.
  await appendAtLast(await openNode(), 'meanwhile');
  await until('what was missed comes', () => seen.includes('meanwhile'));
  await appendAtLast(one, 'after');
  await until('what comes then, too', () => seen.includes('after'));
  expect(seen).toEqual(['before', 'meanwhile', 'after']);
});

it('[K1] notices by the next entry that it was not told of the one before', async () => {
  const [one, other] = [await openNode(), await openNode()];
  const seen = await followed(other);
  await one.append('record:a', [entry('one')]);
  await until('it comes', () => seen.length === 1);
  // The same once more, and nobody is told.
  const [[, fields] = ['', []]] = await redis.client.xrangeBuffer(`${keyPrefix}journal:record:a`, '-', '+');
  await redis.client.xadd(`${keyPrefix}journal:record:a`, '*', ...fields);
  await one.append('record:a', [entry('two')]);
  await until('both have come', () => seen.length === 3);
  expect(seen).toEqual(['one', 'one', 'two']);
});

it('[K2] takes one beginning, the same one from everybody, and no edit of another', async () => {
  const [one, other, third] = [await openNode(), await openNode(), await openNode()];
  for (const node of [one, other, third]) await node.read('record:a', null);
  await one.append('record:a', [entry('seed', 'text'), entry('edit of one')]);
  // The same seed, made at the same time from the same text.
  const seed = entry('seed', 'text');
  const base = Object.fromEntries(Object.entries(seed.base ?? {}).reverse()) as unknown as Base;
  await other.append('record:a', [{ ...seed, base }, entry('edit of other')]);
  const { entries } = await one.read('record:a', null);
  expect(entries.map(({ update }) => Buffer.from(update).toString())).toEqual([
    'seed',
    'edit of one',
    'edit of other',
  ]);
  await expect(third.append('record:a', [entry('seed of another', 'other text')])).rejects.toThrow(BegunAnew);
  await expect(third.append('record:a', [entry('edit of no text')])).rejects.toThrow(BegunAnew);

  // Whoever has read the beginning may replace it; then the others have the wrong one.
  await third.read('record:a', null);
  await third.append('record:a', [entry('begun anew', 'other text')]);
  await expect(one.append('record:a', [entry('too late')])).rejects.toThrow(BegunAnew);
  await third.append('record:a', [entry('in time')]);
});

it('[K2] knows the beginning that it follows', async () => {
  const [one, other] = [await openNode(), await openNode()];
  await other.read('record:a', null);
  const seen = await followed(other);
  await one.append('record:a', [entry('seed', 'text')]);
  await until('it comes', () => seen.length === 1);
  await other.append('record:a', [entry('an edit')]);
});

it.each([
  [['--appendonly', 'no'], /no append-only file/],
  [['--appendfsync', 'always'], /syncs each write/],
  [['--appendfsync', 'everysec'], /syncs each second/],
  [['--appendfsync', 'no'], /leaves syncing to the system/],
  [['--rename-command', 'CONFIG', ''], /does not tell/],
])('[K3] says what an acknowledged edit is worth with %j', async (options, sentence) => {
  const configured = await startRedis(...options);
  onTestFinished(() => configured.stop());
  expect(await durabilityOf(configured.client)).toMatch(sentence);
});

it('[K3] acknowledges nothing that fewer replicas have than it waits for', async () => {
  const journal = await openNode({ waitReplicas: 1 });
  await expect(journal.append('record:a', [entry('one')])).rejects.toThrow('fewer than 1 replicas');
  const replica = await startRedis('--replicaof', '127.0.0.1', String(redis.port));
  onTestFinished(() => replica.stop());
  await appendAtLast(journal, 'two');
  await until(
    'the replica has it',
    async () => (await replica.client.xlen(`${keyPrefix}journal:record:a`)) >= 2,
  );
});

it('[K4] works in a Redis Cluster', async () => {
  const cluster = await startRedis('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1');
  onTestFinished(() => cluster.stop());
  await cluster.client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until('it takes commands', async () => (await cluster.client.cluster('INFO')).includes('state:ok'));
  const place = { url: cluster.url, clusterNodes: [`127.0.0.1:${cluster.port}`] };
  const [one, other] = [await openNode({}, place), await openNode({}, place)];
  const seen = await followed(other);
  await one.append('record:a', [entry('seed', 'text'), entry('one')]);
  await until('it comes', () => seen.length === 2);
  await one.settle('record:a', null, { base: openMarkdown('text').base, restored: null });
  expect(await other.owing()).toEqual(['record:a']);
});

it('[K4] finds the master that Sentinels name, and its successor', async () => {
  const [first, second] = [await startRedis(), await startRedis()];
  onTestFinished(() => first.stop());
  onTestFinished(() => second.stop());
  await second.client.replicaof('127.0.0.1', first.port);
  const sentinel = await startSentinel(first.port);
  const place = { url: 'redis://unused', sentinels: [`127.0.0.1:${sentinel}`], sentinelName: 'records' };
  const journal = await openNode({}, place);
  const seen = await followed(await openNode({}, place));
  await journal.append('record:a', [entry('one')]);
  await until('it comes', () => seen.length === 1);
  await until(
    'the replica has it',
    async () => (await second.client.xlen(`${keyPrefix}journal:record:a`)) === 1,
  );
  const watch = new Redis(sentinel, '127.0.0.1');
  onTestFinished(() => watch.disconnect());
  const known = async () => String(await watch.call('SENTINEL', 'MASTER', 'records'));
  await until('Sentinel knows the replica', async () => (await known()).includes('num-slaves,1'));
  await first.kill();
  await appendAtLast(journal, 'two');
  // An append of which nobody heard whether it was taken may have been: then it is there twice.
  await until('it comes from the successor', () => seen.includes('two'));
  expect(await second.client.xlen(`${keyPrefix}journal:record:a`)).toBe(seen.length);
}, 120_000);

async function startSentinel(master: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'sentinel-'));
  const port = await freePort();
  const config = join(folder, 'sentinel.conf');
  await writeFile(
    config,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor records 127.0.0.1 ${master} 1`,
      'sentinel down-after-milliseconds records 500',
      'sentinel failover-timeout records 2000',
    ].join('\n'),
  );
  const process = spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' });
  onTestFinished(async () => {
    const ended = once(process, 'exit');
    process.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true });
  });
  return port;
}
