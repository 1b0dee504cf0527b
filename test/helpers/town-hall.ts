/**
 * A whole installation for one test: CivicPress, the realtime server, and clerks who come in.
 *
 * Everything is real and on port 0: the embedded CivicPress over HTTP, SQLite, sockets, providers.
 * `close()` takes it all down again, clerks first.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { openSqliteJournal } from '../../extensions/journal/sqlite.ts';
import { openSqliteSnapshots } from '../../extensions/snapshot-stores/sqlite.ts';
import type { SpecFeed } from '../../extensions/spec-updates/feed.ts';
import { allFeatures, type Feature } from '../../markdown/index.ts';
import { CivicPressClient, fieldOf, type Reply } from '../../server/civicpress/client.ts';
import { connectCivicPress } from '../../server/civicpress/http.ts';
import { compose, type RealtimeServer, type RoomSummary } from '../../server/compose.ts';
import { type Config, loadConfig } from '../../server/config.ts';
import {
  type EmbeddedCivicPress,
  type EmbeddedCivicPressOptions,
  installSampleRecords,
  startEmbeddedCivicPress,
} from '../../server/demo/civicpress/index.ts';
import { demoPages } from '../../server/demo/pages.ts';
import { createLog } from '../../server/log.ts';
import type { Events, Journal, Ledger, Logger, Records, SnapshotStore } from '../../server/ports.ts';
import type { RoomType } from '../../server/room-types.ts';
import type { Spans } from '../../server/tracing/spans.ts';
import { Clerk, type ClerkOptions } from './clerk.ts';
import { type FlakyProxy, startFlakyProxy } from './flaky-proxy.ts';

export interface TownHallOptions {
  /** By dotted path, over those that make tests fast. */
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly civicpress?: Partial<EmbeddedCivicPressOptions>;
  /** Puts something between the server and its journal. */
  readonly journal?: (real: Journal & Ledger) => Journal & Ledger;
  /** Puts something between the server and its snapshot store. */
  readonly snapshots?: (real: SnapshotStore) => SnapshotStore;
  /** Puts something between the server and the records. */
  readonly records?: (real: Records) => Records;
  readonly events?: Events;
  readonly spans?: Spans;
  /** What specs become, for those who watch them. */
  readonly specs?: SpecFeed;
  /** Serves the demo's pages, which were built into this folder. */
  readonly assetsDir?: string;
  /** Hears everything that is logged. */
  readonly log?: Logger;
  /** Beside those of records. */
  readonly roomTypes?: readonly RoomType[];
  /** Uses the folder of a town hall that was closed with `keepFolder`. */
  readonly folder?: string;
}

/** The user that the server signs in as. */
export const service = { username: 'realtime', password: 'of the tests' };

export const fastSettings = {
  'document.features': allFeatures.join(),
  port: 0,
  host: '127.0.0.1',
  'writeback.after_ms': 20,
  'writeback.at_latest_ms': 100,
  'writeback.drafts_per_minute': 6_000,
  'saving.retry_min_ms': 20,
  'saving.retry_max_ms': 200,
  'shutdown.deadline_seconds': 3,
};

export class TownHall {
  readonly folder: string;
  readonly civicpress: EmbeddedCivicPress;
  /** Stands between the realtime server and CivicPress. */
  readonly wire: FlakyProxy;
  readonly server: RealtimeServer;
  readonly url: string;
  readonly #clerks: Clerk[] = [];
  readonly #tokens = new Map<string, string>();

  constructor(parts: Pick<TownHall, 'folder' | 'civicpress' | 'wire' | 'server' | 'url'>) {
    this.folder = parts.folder;
    this.civicpress = parts.civicpress;
    this.wire = parts.wire;
    this.server = parts.server;
    this.url = parts.url;
  }

  static async open(options: TownHallOptions = {}): Promise<TownHall> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'town-hall-')));
    const recordsDir = join(folder, 'records');
    await installSampleRecords(recordsDir);
    const civicpress = await startEmbeddedCivicPress({
      recordsDir,
      dataDir: join(folder, 'civicpress'),
      users: [{ ...service, role: 'clerk' }],
      ...options.civicpress,
    });
    const wire = await startFlakyProxy(civicpress.url);
    const config = configOf({ ...fastSettings, ...options.settings });
    const realJournal = await openSqliteJournal(join(folder, 'journal.sqlite'));
    const journal = options.journal?.(realJournal) ?? realJournal;
    const snapshots = await openSqliteSnapshots(join(folder, 'snapshots.sqlite'));
    const { identity, records } = connectCivicPress({
      url: wire.url,
      service,
      timeoutMs: config.civicpress.timeout_ms,
      cacheMs: config.auth.cache_seconds * 1_000,
      forwardAddress: config.civicpress.forward_address,
    });
    const ports = {
      identity,
      records: options.records?.(records) ?? records,
      journal,
      ledger: journal,
      snapshots: options.snapshots?.(snapshots) ?? snapshots,
      ...(options.events && { events: options.events }),
      ...(options.spans && { spans: options.spans }),
      log: options.log ?? createLog('error', false),
    };
    const { roomTypes = [], specs, assetsDir } = options;
    const pages = (rooms: () => RoomSummary[]) => async (app: FastifyInstance) => {
      const realtimePath = config.path;
      if (assetsDir) await demoPages(app, { civicpressUrl: civicpress.url, realtimePath, rooms, assetsDir });
    };
    const server = compose(config, ports, { roomTypes, pages, ...(specs && { specs }) });
    const url = await server.start();
    return new TownHall({ folder, civicpress, wire, server, url });
  }

  /** Lets somebody into a record: `alice` is a clerk, unless another role is named. */
  async join(
    recordId: string,
    username = 'alice',
    role = 'clerk',
    features?: readonly Feature[],
  ): Promise<Clerk> {
    const token = await this.tokenOf(username, role);
    return this.#enter(`record:${recordId}`, token, features && { features });
  }

  joinWith(recordId: string, token: string): Clerk {
    return this.#enter(`record:${recordId}`, token);
  }

  /** Lets `alice` ask for a document by any name. */
  async joinDocument(documentName: string): Promise<Clerk> {
    return this.#enter(documentName, await this.tokenOf('alice'));
  }

  /** Lets the clerk open a second record on the same socket. */
  joinBeside(clerk: Clerk, recordId: string, token: string): Clerk {
    return this.#enter(`record:${recordId}`, token, { socket: clerk.socket });
  }

  #enter(documentName: string, token: string, options: Partial<ClerkOptions> = {}): Clerk {
    const clerk = new Clerk({ serverUrl: this.url, documentName, token, ...options });
    this.#clerks.push(clerk);
    return clerk;
  }

  /** One more session of somebody who may have others. */
  signIn(username: string, role = 'clerk'): Promise<string> {
    this.#tokens.delete(username);
    return this.tokenOf(username, role);
  }

  /** Ends a session as its user does. */
  async logOut(token: string): Promise<void> {
    const client = new CivicPressClient({ url: this.civicpress.url, timeoutMs: 5_000 });
    await client.send({ method: 'POST', path: '/auth/logout', token });
  }

  async tokenOf(username: string, role = 'clerk'): Promise<string> {
    const known = this.#tokens.get(username);
    if (known) return known;
    const client = new CivicPressClient({ url: this.civicpress.url, timeoutMs: 5_000 });
    const reply = await client.send({
      method: 'POST',
      path: '/auth/simulated',
      body: { username, role },
    });
    const token = String(fieldOf(fieldOf(reply.data, 'session'), 'token'));
    this.#tokens.set(username, token);
    return token;
  }

  /** What CivicPress has for editors: the draft if there is one, else the published text. */
  async recordOf(recordId: string): Promise<Record<string, unknown>> {
    return (await this.#asAlice('GET', `/records/${recordId}?edit=true`)).data as Record<string, unknown>;
  }

  /** The draft's Markdown, or `null` when there is none. */
  async draftOf(recordId: string): Promise<string | null> {
    const record = await this.recordOf(recordId);
    return record.isDraft ? String(record.markdownBody) : null;
  }

  /** Changes the draft as somebody else would, past the realtime server. */
  async putDraft(recordId: string, markdownBody: string): Promise<void> {
    const { title, type } = await this.recordOf(recordId);
    await this.#asAlice('PUT', `/records/${recordId}/draft`, { title, type, markdownBody });
  }

  /** Publishes the draft as it is. */
  async publish(recordId: string): Promise<void> {
    await this.#asAlice('POST', `/records/${recordId}/publish`, { status: 'published' });
  }

  /** Makes a record that is not published. */
  async createDraftOnly(recordId: string, markdownBody: string): Promise<void> {
    await this.#asAlice('PUT', `/records/${recordId}/draft`, {
      title: recordId,
      type: 'policy',
      markdownBody,
    });
  }

  /** Changes what is published, past any draft. */
  async putRecord(recordId: string, content: string): Promise<void> {
    await this.#asAlice('PUT', `/records/${recordId}`, { content });
  }

  /** As an administrator does. */
  async archive(recordId: string): Promise<void> {
    const { status } = await this.#ask('DELETE', `/records/${recordId}`, await this.tokenOf('root', 'admin'));
    if (status !== 200) throw new Error(`the record was not archived: ${status}`);
  }

  /** As the server's own user does, whose draft it is. */
  async throwDraftAway(recordId: string): Promise<void> {
    const client = new CivicPressClient({ url: this.civicpress.url, timeoutMs: 5_000 });
    const signIn = { method: 'POST', path: '/users/auth/password', body: service } as const;
    const token = fieldOf(fieldOf((await client.send(signIn)).data, 'session'), 'token');
    const { status } = await this.#ask('DELETE', `/records/${recordId}/draft`, String(token));
    if (status !== 200) throw new Error(`the draft was not thrown away: ${status}`);
  }

  #ask(method: 'DELETE', path: string, token: string): Promise<Response> {
    const headers = { authorization: `Bearer ${token}` };
    return fetch(`${this.civicpress.url}/api/v1${path}`, { method, headers });
  }

  async #asAlice(method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown): Promise<Reply> {
    const client = new CivicPressClient({ url: this.civicpress.url, timeoutMs: 5_000 });
    return client.send({ method, path, token: await this.tokenOf('alice'), body });
  }

  async close({ keepFolder = false } = {}): Promise<void> {
    for (const clerk of this.#clerks) clerk.leave();
    await this.server.stop();
    await this.wire.close();
    await this.civicpress.close();
    if (!keepFolder) await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

export function configOf(settings: Readonly<Record<string, string | number>>): Config {
  const environment = Object.entries(settings).map(([path, value]) => [
    `REALTIME_${path.replaceAll('.', '_').toUpperCase()}`,
    String(value),
  ]);
  return loadConfig('', Object.fromEntries(environment));
}
