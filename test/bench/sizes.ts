/**
 * What a connection, a document and an edit cost an operator: `npm run bench:sizes -- [--seconds 20]`.
 *
 * The program as it is started, one node over SQLite, and two nodes over a Redis and a PostgreSQL. Memory, CPU and bytes
 * are what the kernel counts for each process, so that the figures hold on a busy machine as well; times are not looked at.
 */
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { KillableServer } from '../crash/killable-server.ts';
import { openSite, type Site } from '../crash/sites.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { Onlooker } from './onlooker.ts';
import { type Account, accountOf } from './process-account.ts';
import { prose } from './prose.ts';
import { Typist } from './typist.ts';
import { hocuspocus } from './wire.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } });
const seconds = Number(values.seconds);

const rooms = 100;
const peopleInOneRoom = 1_000;
const largeDocuments = 10;
const typistsInARoom = 2;
const editsPerSecond = 2;
const small = 10_000;
const large = 500_000;

/** Until what came in a burst is done, and collected. */
const settleMs = 5_000;
/** Until the last snapshots and drafts are written, behind a pause in typing. */
const storedMs = 15_000;

const settings = {
  REALTIME_RATE_LIMITING_CONNECTIONS_PER_IP: '10000',
  REALTIME_RATE_LIMITING_CONNECTIONS_PER_USER: '10000',
  REALTIME_ROOMS_MAX_ROOMS: '2000',
};

const recordId = (index: number) => `room-${index}`;
const largeId = (index: number) => `large-${index}`;
const documentOf = (id: string) => `record:${id}`;
const portOf = ({ url }: KillableServer) => Number(new URL(url).port);
const kilobytes = (bytes: number) => `${(bytes / 1_024).toFixed(bytes < 10_240 ? 1 : 0)} KB`;
const say = (what: string, figure: string) => process.stdout.write(`| ${what} | ${figure} |\n`);

const edits = rooms * typistsInARoom * editsPerSecond * seconds;

async function siteWithRecords(): Promise<Site> {
  const site = await openSite('ours');
  for (let index = 0; index < rooms; index += 1) await site.addRecord(recordId(index), prose(small));
  for (let index = 0; index < largeDocuments; index += 1) await site.addRecord(largeId(index), prose(large));
  return site;
}

async function measureMemory(): Promise<void> {
  const site = await siteWithRecords();
  try {
    const server = await site.server(settings);
    const token = await site.tokenOf('alice');
    const watch = async (ids: readonly string[]) => {
      for (let at = 0; at < ids.length; at += 20) {
        const some = ids.slice(at, at + 20);
        await Promise.all(some.map((id) => Onlooker.join(portOf(server), documentOf(id), token, hocuspocus)));
      }
      await delay(settleMs);
      return (await accountOf(server.pid)).residentBytes;
    };
    // What the first one brings into memory is no part of what one costs.
    const atRest = await watch([recordId(0)]);
    const withRooms = await watch(Array.from({ length: rooms - 1 }, (_, index) => recordId(index + 1)));
    const withPeople = await watch(Array.from({ length: peopleInOneRoom }, () => recordId(0)));
    const withLarge = await watch(Array.from({ length: largeDocuments }, (_, index) => largeId(index)));
    say('memory: the process, with one document open', kilobytes(atRest));
    say(
      'memory: an open document of 10 KB, and who has it open',
      kilobytes((withRooms - atRest) / (rooms - 1)),
    );
    say('memory: one more person in a room', kilobytes((withPeople - withRooms) / peopleInOneRoom));
    say('memory: an open document of 500 KB', kilobytes((withLarge - withPeople) / largeDocuments));
  } finally {
    await site.close();
  }
}

async function measureOneNode(): Promise<void> {
  const site = await siteWithRecords();
  try {
    const server = await site.server(settings);
    const token = await site.tokenOf('alice');
    const typed = await type({ ports: [portOf(server)], pids: [server.pid], token });
    const [opening, before, after] = typed[0] as Course;
    say('one node: CPU for a document of 10 KB that two people open', forEachRoom(opening, before));
    say('one node: CPU for 1,000 edits, each seen by one other', perThousand(before, after));
    say('one node: bytes written for an edit, snapshots included', kilobytes(writtenPerEdit(before, after)));
  } finally {
    await site.close();
  }
}

async function measureTwoNodes(): Promise<void> {
  const site = await siteWithRecords();
  const redis = await startRedis();
  const postgres = await startPostgres();
  const place = await postgres.emptyPlace();
  try {
    const nodes: KillableServer[] = [];
    for (const node of ['a', 'b']) {
      const shared = {
        REALTIME_REDIS_ENABLED: 'true',
        REALTIME_REDIS_URL: redis.url,
        REALTIME_SNAPSHOTS_STORAGE: 'postgres',
        REALTIME_SNAPSHOTS_POSTGRES_URL: place.url,
        // Nothing comes of it but that the second node is another one than the first.
        NODE_NAME: node,
      };
      nodes.push(await site.server({ ...settings, ...shared }));
    }
    const pids = [...nodes.map(({ pid }) => pid), await pidOf(redis)];
    const memoryBefore = await memoryOf(redis);
    const ports = nodes.map(portOf);
    const courses = await type({ ports, pids, token: await site.tokenOf('alice') });
    const streams = await streamsOf(redis);
    for (const [index, name] of ['a node', 'the other node', 'Redis'].entries()) {
      const [, before, after] = courses[index] as Course;
      say(`two nodes: CPU of ${name} for 1,000 edits of both`, perThousand(before, after));
      if (name === 'Redis') say('Redis: bytes written for an edit', kilobytes(writtenPerEdit(before, after)));
    }
    say('Redis: memory of an edit that is in a stream', kilobytes(streams.bytes / streams.entries));
    say(
      'Redis: edits in a stream, after snapshots have cut it',
      (streams.entries / streams.count).toFixed(0),
    );
    say(
      'Redis: memory of an open document, all its keys',
      kilobytes(((await memoryOf(redis)) - memoryBefore) / rooms),
    );
  } finally {
    await site.close();
    await place.drop();
    await postgres.stop();
    await redis.stop();
  }
}

/** What a process had used before anybody came, before anybody typed, and when all was stored. */
type Course = readonly [Account, Account, Account];

interface Typing {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  readonly token: string;
}

/** Everybody types into a room of two; those of one room are spread over the nodes. Resolves with the course of each process. */
async function type({ ports, pids, token }: Typing): Promise<Course[]> {
  const accounts = () => Promise.all(pids.map(accountOf));
  const before = await accounts();
  const typists: Typist[] = [];
  for (let index = 0; index < rooms; index += 1) {
    for (let person = 0; person < typistsInARoom; person += 1) {
      const port = ports[person % ports.length] as number;
      typists.push(await Typist.join(port, documentOf(recordId(index)), token));
    }
  }
  await delay(settleMs);
  const opened = await accounts();
  await Promise.all(
    typists.map((typist, index) =>
      typist.type({ editsPerSecond, seconds, afterMs: (index / typists.length) * 1_000 }),
    ),
  );
  await delay(storedMs);
  const after = await accounts();
  for (const typist of typists) typist.leave();
  return before.map((account, index) => [account, opened[index] as Account, after[index] as Account]);
}

const forEachRoom = (before: Account, after: Account) =>
  `${((after.cpuMs - before.cpuMs) / rooms).toFixed(0)} ms`;

const perThousand = (before: Account, after: Account) =>
  `${(((after.cpuMs - before.cpuMs) / edits) * 1_000).toFixed(0)} ms`;

const writtenPerEdit = (before: Account, after: Account) =>
  (after.writtenBytes - before.writtenBytes) / edits;

const infoOf = async (redis: TestRedis, section: string, field: string) =>
  Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(await redis.client.info(section))?.[1]);

const pidOf = (redis: TestRedis) => infoOf(redis, 'server', 'process_id');
const memoryOf = (redis: TestRedis) => infoOf(redis, 'memory', 'used_memory');

async function streamsOf({ client }: TestRedis): Promise<{ count: number; entries: number; bytes: number }> {
  const sums = { count: 0, entries: 0, bytes: 0 };
  for (const key of await client.keys('*')) {
    if ((await client.type(key)) !== 'stream') continue;
    sums.count += 1;
    sums.entries += await client.xlen(key);
    sums.bytes += Number(await client.memory('USAGE', key, 'SAMPLES', 0));
  }
  return sums;
}

process.stdout.write(
  `${availableParallelism()} cores, load ${(loadavg()[0] as number).toFixed(1)}, Node ${process.versions.node}\n\n`,
);
process.stdout.write('| what | figure |\n| --- | --- |\n');
await measureMemory();
await measureOneNode();
await measureTwoNodes();
process.exit(0);
