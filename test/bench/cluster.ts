/**
 * Two nodes: how late does an edit reach the other one, and what do edits cost both and the Redis between them? Beside
 * two of bare Hocuspocus with `@hocuspocus/extension-redis`.
 *
 * Commands are what Redis counts, those inside of scripts as well, without what it is asked while nobody types.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { type ClusterKind, ClusterSite } from './cluster-site.ts';
import { type Comparison, compared } from './comparison.ts';
import type { LightClient } from './light-client.ts';
import { prose } from './prose.ts';
import type { Scale } from './rows.ts';
import type { Figures } from './side-by-side.ts';
import { type BenchDocument, Sites } from './site.ts';
import { median, percentile } from './statistics.ts';

const kinds: readonly ClusterKind[] = ['bare', 'ours'];
const settings = { REALTIME_ROOMS_MAX_ROOMS: '2000' };

/** The first draft, with which a record's whole text goes into the ledger, comes within this time. */
const warmUpSeconds = 12;

const quietSeconds = 3;
const settlingMs = 500;

/** Who types in which room, and who is there beside them. */
interface Crowd {
  readonly documents: readonly BenchDocument[];
  /** In each document: at which node each of its clients is; so many of them type. */
  readonly nodesOfClients: readonly number[];
  readonly writers: number;
  readonly editsPerSecond: number;
}

const small = '# Small\n\nA paragraph.\n';
const largeRoom: Crowd = {
  documents: [{ name: 'record:large', markdown: prose(1_000_000) }],
  nodesOfClients: [0, 1],
  writers: 1,
  editsPerSecond: 20,
};
const fullRoom: Crowd = {
  documents: [{ name: 'record:full', markdown: small }],
  nodesOfClients: Array.from({ length: 100 }, (_, index) => index % 2),
  writers: 10,
  editsPerSecond: 5,
};
const manyRooms: Crowd = {
  documents: Array.from({ length: 200 }, (_, index) => ({ name: `record:room-${index}`, markdown: small })),
  nodesOfClients: [0, 1],
  writers: 2,
  editsPerSecond: 1,
};

const belowBare = { beside: 'bare', times: 1 } as const;

export async function cluster({ rounds, seconds }: Scale): Promise<Comparison[]> {
  const large = await inTurn(largeRoom, rounds, seconds);
  const full = await inTurn(fullRoom, rounds, seconds);
  const many = await inTurn(manyRooms, rounds, seconds);
  return [
    compared('1 MB: an edit reaches the other node, p50, ms', large, 'p50', belowBare),
    compared('1 MB: an edit reaches the other node, p99, ms', large, 'p99', belowBare),
    compared('1 MB: commands in Redis for an edit', large, 'commands', belowBare, { most: 4 }),
    compared('1 MB: bytes to and from Redis for an edit', large, 'bytes', belowBare),
    compared('1 MB: of them, the edit itself', large, 'editBytes'),
    compared('100 in one room: CPU of all per 1,000 edits, ms', full, 'cpu', belowBare),
    compared('100 in one room: of it, Redis', full, 'redisCpu'),
    compared('100 in one room: an edit arrives at the other node, p50, ms', full, 'p50'),
    compared('200 rooms of two: CPU of all per 1,000 edits, ms', many, 'cpu', belowBare),
    compared('200 rooms of two: of it, Redis', many, 'redisCpu'),
    compared('200 rooms of two: an edit arrives at the other node, p50, ms', many, 'p50'),
  ];
}

async function inTurn(crowd: Crowd, rounds: number, seconds: number): Promise<Record<ClusterKind, Figures>> {
  const sites = await Sites.prepare(crowd.documents);
  const found: Record<ClusterKind, Figures[]> = { bare: [], ours: [] };
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
        const site = await ClusterSite.open(kind, sites, settings);
        const figures = await measure(site, crowd, seconds).finally(() => site.close());
        found[kind].push(figures);
        process.stdout.write(`round ${round + 1}, ${kind}: ${JSON.stringify(figures)}\n`);
      }
    }
  } finally {
    await sites.remove();
  }
  return { bare: mediansOf(found.bare), ours: mediansOf(found.ours) };
}

function mediansOf(all: readonly Figures[]): Figures {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(all.map((one) => one[name] as number))]));
}

/** All that was sent, and when it came. */
class Course {
  readonly sentAt: number[] = [];
  readonly latenciesMs: number[] = [];
  editBytes = 0;

  /** Notes what arrives at this client. */
  watch(client: LightClient): void {
    client.onFrame = (frame) => {
      const now = performance.now();
      for (const [, id] of frame.toString('latin1').matchAll(/@(\d+)@/g)) {
        const sentAt = this.sentAt[Number(id)];
        if (sentAt !== undefined) this.latenciesMs.push(now - sentAt);
      }
    };
  }

  forget(): void {
    this.sentAt.fill(Number.NaN);
    this.latenciesMs.length = 0;
    this.editBytes = 0;
  }
}

async function measure(site: ClusterSite, crowd: Crowd, seconds: number): Promise<Figures> {
  const { documents, nodesOfClients, writers, editsPerSecond } = crowd;
  const course = new Course();
  const everybody: LightClient[] = [];
  const typing: Writer[] = [];
  for (const { name } of documents) {
    const clients = await Promise.all(nodesOfClients.map((node) => site.join(node, name)));
    everybody.push(...clients);
    for (const client of clients.slice(0, writers)) typing.push(new Writer(client, course));
    // One who listens at the other node than the first who types: a second writer, or the last of all.
    const listener = clients.findLast((_, index) => nodesOfClients[index] === 1);
    if (listener) course.watch(listener);
  }
  const type = (duration: number) => {
    const now = performance.now();
    const pauseMs = 1_000 / editsPerSecond;
    const begin = (index: number) => now + (index / typing.length) * pauseMs;
    return Promise.all(
      typing.map((writer, index) => writer.type(begin(index), pauseMs, editsPerSecond * duration)),
    );
  };
  await type(warmUpSeconds);
  await delay(500);
  course.forget();
  // What nodes say to Redis when nobody types is not an edit's.
  const quietBefore = await site.redisUse();
  await delay(quietSeconds * 1_000);
  const usedBefore = await site.redisUse();
  const ofQuiet = (name: 'commands' | 'bytes') =>
    ((usedBefore[name] - quietBefore[name]) / quietSeconds) * (seconds + settlingMs / 1_000);
  const before = await Promise.all(site.nodes.map((node) => node.stats()));
  await type(seconds);
  await delay(settlingMs);
  const after = await Promise.all(site.nodes.map((node) => node.stats()));
  const used = await site.redisUse();
  for (const client of everybody) client.leave();
  const edits = typing.length * editsPerSecond * seconds;
  const nodesCpuMs = after.reduce((sum, { cpuMs }, index) => sum + cpuMs - (before[index]?.cpuMs ?? 0), 0);
  const redisCpuMs = used.cpuMs - usedBefore.cpuMs;
  return {
    p50: median(course.latenciesMs),
    p99: percentile(course.latenciesMs, 0.99),
    commands: (used.commands - usedBefore.commands - ofQuiet('commands')) / edits,
    bytes: (used.bytes - usedBefore.bytes - ofQuiet('bytes')) / edits,
    editBytes: course.editBytes / edits,
    cpu: ((nodesCpuMs + redisCpuMs) / edits) * 1_000,
    redisCpu: (redisCpuMs / edits) * 1_000,
  };
}

/** Types into a paragraph of its own, each edit with a number by which its arrival is known. */
class Writer {
  readonly #course: Course;
  readonly #text = new Y.XmlText();

  constructor(client: LightClient, course: Course) {
    this.#course = course;
    const document = new Y.Doc();
    document.on('update', (update: Uint8Array) => {
      course.editBytes += update.byteLength;
      client.sendUpdate(update);
    });
    const paragraph = new Y.XmlElement('paragraph');
    paragraph.insert(0, [this.#text]);
    document.getXmlFragment('default').insert(0, [paragraph]);
  }

  async type(beginsAt: number, pauseMs: number, edits: number): Promise<void> {
    for (let edit = 0; edit < edits; edit += 1) {
      // By the clock: a pause that was too long makes the next one shorter.
      await delay(Math.max(0, beginsAt + edit * pauseMs - performance.now()));
      this.#text.insert(0, `@${this.#course.sentAt.push(performance.now()) - 1}@`);
    }
  }
}
