/**
 * The server inside CivicPress' process: its services in place of its HTTP API, its hooks in both directions.
 */
import { join, resolve } from 'node:path';
import { openSqliteJournal } from '../../../extensions/journal/sqlite.ts';
import { openAdminPage } from '../../admin-page.ts';
import { type RealtimeServer as ComposedServer, compose } from '../../compose.ts';
import { type Config, ConfigError } from '../../config.ts';
import { documentNameOf, parseDocumentName } from '../../document-name.ts';
import type { Events, Logger, Records } from '../../ports.ts';
import { openRedis } from '../../redis/open.ts';
import { openSnapshots } from '../../storage.ts';
import { openSpans } from '../../tracing/open-telemetry.ts';
import { openWebhooks } from '../../webhooks/open.ts';
import { fieldOf } from '../client.ts';
import { connectCivicPress } from '../http.ts';
import type { RealtimeConfigManager } from './config-manager.ts';
import type {
  CoreAuth,
  CoreDatabase,
  CoreHookHandler,
  CoreHooks,
  CoreLogger,
  CoreRecordManager,
} from './core.ts';
import { toCivicPress } from './errors.ts';
import { CoreIdentity } from './identity.ts';
import { CoreRecords } from './records.ts';
import type { RoomManager } from './room-manager.ts';

export interface RealtimeServerOptions {
  readonly logger: CoreLogger;
  readonly hooks: CoreHooks;
  readonly auth: CoreAuth;
  readonly recordManager: CoreRecordManager;
  /** Where drafts are. Unset: they are read and written over HTTP, as `civicpress.url` says. */
  readonly database: CoreDatabase | undefined;
  readonly configManager: RealtimeConfigManager;
  readonly roomManager: RoomManager;
  /** What relative paths in the configuration are relative to. */
  readonly projectDir: string;
}

export interface RealtimeHealthStatus {
  readonly status: 'healthy' | 'unhealthy';
  readonly server: {
    readonly listening: boolean;
    readonly port: number | null;
    readonly host: string | null;
  };
  /** Of people in rooms: how many connections, users and addresses. */
  readonly connections: { readonly total: number; readonly perUser: number; readonly perIP: number };
  readonly rooms: { readonly total: number; readonly maxRooms: number };
  /** In bytes. */
  readonly memory: { readonly heapUsed: number; readonly heapTotal: number; readonly external: number };
  readonly rateLimiting: { readonly activeClients: number; readonly messagesPerSecond: number };
}

/** A server that runs. */
interface Running {
  readonly config: Config;
  readonly url: URL;
  readonly server: ComposedServer;
  /** Ends it, and what it stands on. */
  readonly stop: () => Promise<void>;
}

/** By which CivicPress says that a record is not what it was. */
const recordHooks = ['record:updated', 'record:published', 'record:archived'] as const;

export class RealtimeServer {
  readonly #options: RealtimeServerOptions;
  readonly #log: Logger;
  #starting: Promise<void> | undefined;
  #running: Running | undefined;

  constructor(options: RealtimeServerOptions) {
    this.#options = options;
    this.#log = logTo(options.logger);
  }

  /**
   * Starts to listen, unless `enabled` is false. Calling it again changes nothing.
   *
   * @throws ConfigError that names every wrong setting; RealtimeError for what keeps it from starting
   */
  async initialize(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error instanceof ConfigError ? error : toCivicPress(error);
    });
    await this.#starting;
  }

  /** Saves everything and ends; the log names what could not be saved. It can be initialized again. */
  async shutdown(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    this.#starting = undefined;
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
  }

  getHealthStatus(): RealtimeHealthStatus {
    const { config, url, server } = this.#running ?? {};
    const { connections = 0, users = 0, addresses = 0 } = server?.openRooms.headCounts() ?? {};
    const total = server?.rooms().length ?? 0;
    const { heapUsed, heapTotal, external } = process.memoryUsage();
    return {
      status: server ? 'healthy' : 'unhealthy',
      server: {
        listening: server !== undefined,
        port: url ? Number(url.port) : null,
        host: url?.hostname ?? null,
      },
      connections: { total: connections, perUser: users, perIP: addresses },
      rooms: { total, maxRooms: config?.rooms.max_rooms ?? 0 },
      memory: { heapUsed, heapTotal, external },
      rateLimiting: {
        activeClients: connections,
        messagesPerSecond: config?.rate_limiting.messages_per_second ?? 0,
      },
    };
  }

  /**
   * Brings what the room of this record holds into a snapshot and into its draft, now. Without such a room, or when
   * nothing has changed, there is no snapshot.
   *
   * @param recordId one that is no record's has no room
   * @throws RealtimeError when it could not be stored; that is tried again
   */
  async triggerRecordSnapshot(
    recordId: string,
  ): Promise<{ snapshotCreated: boolean; version: number | null; timestamp: number }> {
    try {
      const { revision = null } = (await this.#running?.server.openRooms.flush(recordId)) ?? {};
      return { snapshotCreated: revision !== null, version: revision, timestamp: Date.now() };
    } catch (error) {
      throw toCivicPress(error);
    }
  }

  async #start(): Promise<void> {
    const { hooks, configManager, roomManager, projectDir } = this.#options;
    const config = await configManager.loadConfig();
    if (!config.enabled) return this.#log.info({}, 'realtime is off: the setting "enabled" is false');

    const dataDir = resolve(projectDir, config.data_dir);
    /** What has been opened, in order. */
    const opened: (() => Promise<unknown>)[] = [];
    const closeAll = async () => {
      for (const close of opened.toReversed()) await close();
    };
    try {
      const records = this.#recordsFor(config);
      const redis = await openRedis(config, this.#log);
      opened.push(async () => redis?.close());
      const journal = redis?.journal ?? (await openSqliteJournal(join(dataDir, 'journal.sqlite')));
      opened.push(() => journal.close());
      const snapshots = await openSnapshots(config, dataDir, null);
      opened.push(() => snapshots.close());
      const webhooks = await openWebhooks(config, join(dataDir, 'webhooks.sqlite'), this.#log);
      if (webhooks) opened.push(() => webhooks.stop());
      const spans = await openSpans(config);
      if (spans) opened.push(() => spans.close());
      const server = compose(
        config,
        {
          identity: new CoreIdentity(this.#options),
          records,
          journal,
          ledger: journal,
          snapshots,
          ...redis?.ports,
          events: bothOf(eventsTo(hooks, this.#log), webhooks),
          ...(webhooks && { webhooks }),
          ...(spans && { spans }),
          log: this.#log,
        },
        { roomTypes: roomManager.types, adminPage: await openAdminPage(this.#log) },
      );
      const url = new URL(await server.start());
      // It closes its journal and its snapshots by itself.
      opened.splice(1, 2);
      opened.push(() => server.stop());
      opened.push(this.#listen(server));
      roomManager.attach(server.openRooms);
      opened.push(async () => roomManager.attach(undefined));
      this.#running = { config, url, server, stop: closeAll };
      this.#log.info({ url: url.href }, 'realtime listens');
    } catch (error) {
      await closeAll();
      throw error;
    }
  }

  /** @throws ConfigError when there is nowhere to keep drafts */
  #recordsFor({ civicpress, auth }: Config): Records {
    const { recordManager, database } = this.#options;
    if (database) return new CoreRecords(recordManager, database);
    const { url, username, password } = civicpress;
    if (!url || !username || !password) {
      throw new ConfigError([
        'civicpress.url, civicpress.username and civicpress.password must be set, because CivicPress has no "database" ' +
          'service: drafts are then written over HTTP',
      ]);
    }
    return connectCivicPress({
      url,
      service: { username, password },
      timeoutMs: civicpress.timeout_ms,
      cacheMs: auth.cache_seconds * 1_000,
      forwardAddress: false,
    }).records;
  }

  /** Hears what happens to records and to sessions. Resolves with what ends it. */
  #listen(server: ComposedServer): () => Promise<void> {
    const { hooks } = this.#options;
    const handlers = new Map<string, CoreHookHandler>();
    const recordChanged: CoreHookHandler = (data) => {
      const id = fieldOf(fieldOf(data, 'record'), 'id');
      if (typeof id === 'string' && isRecordId(id)) server.openRooms.recordChanged(id);
    };
    for (const name of recordHooks) handlers.set(name, recordChanged);
    // CivicPress waits for its hooks, and not for what we ask of it by this one.
    handlers.set('auth:sessions:revoked', (data) => {
      const userId = fieldOf(data, 'userId');
      if (typeof userId === 'number' || typeof userId === 'string') {
        void server.revoke({ userId: String(userId) });
      }
    });
    for (const [name, handler] of handlers) hooks.registerHook(name, handler);
    return async () => {
      for (const [name, handler] of handlers) hooks.removeHook?.(name, handler);
    };
  }
}

function isRecordId(id: string): boolean {
  try {
    return parseDocumentName(documentNameOf(id)).id === id;
  } catch {
    return false;
  }
}

/** CivicPress' hooks take as long as their handlers do, which is nothing that we wait for. */
function eventsTo(hooks: CoreHooks, log: Logger): Events {
  return {
    emit: (name, data) => {
      hooks.emit(name, data).catch((error: unknown) => {
        log.warn({ event: name, cause: String(error) }, 'CivicPress did not take an event');
      });
    },
  };
}

function bothOf(one: Events, other: Events | null): Events {
  return {
    emit: (name, data) => {
      one.emit(name, data);
      other?.emit(name, data);
    },
  };
}

/** Facts come last in CivicPress' log, and first in ours. */
function logTo(logger: CoreLogger): Logger {
  return {
    debug: (fields, message) => logger.debug(message, fields),
    info: (fields, message) => logger.info(message, fields),
    warn: (fields, message) => logger.warn(message, fields),
    error: (fields, message) => logger.error(message, fields),
  };
}
