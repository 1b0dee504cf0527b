/**
 * Several nodes for one test, in one process: one CivicPress, one Redis, one place for snapshots, and clerks at each.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CivicPressClient } from '../../server/civicpress/client.ts';
import { connectCivicPress } from '../../server/civicpress/http.ts';
import { compose, type RealtimeServer } from '../../server/compose.ts';
import {
  type EmbeddedCivicPress,
  installSampleRecords,
  startEmbeddedCivicPress,
} from '../../server/demo/civicpress/index.ts';
import type { Records, SnapshotStore } from '../../server/ports.ts';
import { openRedisNode, type RedisNode } from '../../server/redis/node.ts';
import { Clerk } from './clerk.ts';
import { type Line, startLine } from './line.ts';
import { openMemorySnapshots } from './memory-snapshots.ts';
import { RecordedLog } from './recorded-log.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { configOf, fastSettings } from './town-hall.ts';
import { until } from './until.ts';

const service = { username: 'realtime', password: 'of the tests' };

export interface ClusterTownOptions {
  readonly nodes?: number;
  /** By dotted path, over those that make tests fast. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** One server of several. */
export interface TownNode {
  readonly server: RealtimeServer;
  readonly url: string;
  readonly redis: RedisNode;
  /** Its way to Redis. */
  readonly line: Line;
  readonly log: RecordedLog;
  /** An orderly stop. */
  stop(): Promise<string[]>;
}

export class ClusterTown {
  readonly redis: TestRedis;
  readonly civicpress: EmbeddedCivicPress;
  readonly snapshots: SnapshotStore = openMemorySnapshots();
  readonly nodes: TownNode[] = [];
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, string | number>>;
  readonly #clerks: Clerk[] = [];
  readonly #tokens = new Map<string, string>();
  readonly #closing: (() => unknown)[] = [];

  constructor(
    folder: string,
    civicpress: EmbeddedCivicPress,
    redis: TestRedis,
    settings: Readonly<Record<string, string | number>>,
  ) {
    this.#folder = folder;
    this.civicpress = civicpress;
    this.redis = redis;
    this.#settings = settings;
  }

  static async open({ nodes = 2, settings = {} }: ClusterTownOptions = {}): Promise<ClusterTown> {
    const folder = await mkdtemp(join(tmpdir(), 'cluster-town-'));
    const recordsDir = join(folder, 'records');
    await installSampleRecords(recordsDir);
    const civicpress = await startEmbeddedCivicPress({
      recordsDir,
      dataDir: join(folder, 'civicpress'),
      users: [{ ...service, role: 'clerk' }],
    });
    const town = new ClusterTown(folder, civicpress, await startRedis(), settings);
    for (let count = 0; count < nodes; count += 1) await town.addNode();
    return town;
  }

  /** @param records puts something between the node and the records */
  async addNode(records: (real: Records) => Records = (real) => real): Promise<TownNode> {
    const line = await startLine(this.redis.port);
    const log = new RecordedLog();
    const place = { url: `redis://127.0.0.1:${line.port}`, keyPrefix: '{town}:', waitReplicas: 0 };
    const redis = openRedisNode(place, log);
    await until('Redis answers', redis.isReady);
    const civicpress = connectCivicPress({
      url: this.civicpress.url,
      service,
      timeoutMs: 3_000,
      cacheMs: 60_000,
      forwardAddress: false,
    });
    const snapshots = unclosed(this.snapshots);
    const server = compose(configOf({ ...fastSettings, ...this.#settings }), {
      identity: civicpress.identity,
      records: records(civicpress.records),
      ...redis.ports,
      snapshots,
      log,
    });
    const url = await server.start();
    let stopped: Promise<string[]> | undefined;
    const stop = async () => {
      stopped ??= server.stop();
      const unsaved = await stopped;
      redis.close();
      return unsaved;
    };
    this.#closing.push(stop, () => line.close());
    const node = { server, url, redis, line, log, stop };
    this.nodes.push(node);
    return node;
  }

  /** Lets somebody in at this node. */
  async join(node: TownNode | number, recordId = 'noise-bylaw', username = 'alice'): Promise<Clerk> {
    const { url } = typeof node === 'number' ? (this.nodes[node] as TownNode) : node;
    const token = await this.tokenOf(username);
    const clerk = new Clerk({ serverUrl: url, documentName: `record:${recordId}`, token });
    this.#clerks.push(clerk);
    return clerk;
  }

  async tokenOf(username: string): Promise<string> {
    const known = this.#tokens.get(username);
    if (known) return known;
    const data = await this.#ask('POST', '/auth/simulated', undefined, { username, role: 'clerk' });
    const { token } = (data as { session: { token: string } }).session;
    this.#tokens.set(username, token);
    return token;
  }

  /** The draft's Markdown, or `null` when there is none. */
  async draftOf(recordId = 'noise-bylaw'): Promise<string | null> {
    const token = await this.tokenOf('alice');
    const record = (await this.#ask('GET', `/records/${recordId}?edit=true`, token)) as Record<
      string,
      unknown
    >;
    return record.isDraft ? String(record.markdownBody) : null;
  }

  /** Changes the draft as somebody else would, past all nodes. */
  async putDraft(recordId: string, markdownBody: string): Promise<void> {
    const token = await this.tokenOf('alice');
    const record = (await this.#ask('GET', `/records/${recordId}?edit=true`, token)) as Record<
      string,
      unknown
    >;
    const { title, type } = record;
    await this.#ask('PUT', `/records/${recordId}/draft`, token, { title, type, markdownBody });
  }

  /** Takes the record away, as somebody does who deletes its file. */
  removeRecord(recordId: string): Promise<void> {
    return rm(join(this.#folder, 'records', `${recordId}.md`));
  }

  /** The node that keeps this document. */
  keeperOf(recordId = 'noise-bylaw'): TownNode | undefined {
    return this.nodes.find(({ redis }) => redis.leases.holds(`record:${recordId}`));
  }

  async close(): Promise<void> {
    for (const clerk of this.#clerks) clerk.leave();
    for (const close of this.#closing) await close();
    await this.civicpress.close();
    await this.redis.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  async #ask(method: string, path: string, token?: string, body?: unknown): Promise<unknown> {
    const client = new CivicPressClient({ url: this.civicpress.url, timeoutMs: 5_000 });
    return (await client.send({ method: method as 'GET', path, ...(token && { token }), body })).data;
  }
}

/** Several nodes share it, and none closes it. */
function unclosed(store: SnapshotStore): SnapshotStore {
  return {
    keepsVersions: store.keepsVersions,
    list: (...args) => store.list(...args),
    newest: (...args) => store.newest(...args),
    read: (...args) => store.read(...args),
    write: (...args) => store.write(...args),
    rename: (...args) => store.rename(...args),
    remove: (...args) => store.remove(...args),
    documents: () => store.documents(),
    close: async () => undefined,
  };
}
