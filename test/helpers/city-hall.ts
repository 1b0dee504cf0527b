/**
 * CivicPress with the realtime module in its process, and clerks who come in: a town hall from the inside.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { allFeatures } from '../../markdown/index.ts';
import {
  type RealtimeConfigManager,
  type RealtimeServer,
  type RoomManager,
  registerRealtimeServices,
} from '../../server/civicpress/module.ts';
import {
  AuthService,
  DatabaseService,
  HookSystem,
  RecordedLogger,
  RecordManager,
  ServiceContainer,
  sampleRecords,
} from './civicpress-core.ts';
import { Clerk } from './clerk.ts';

export interface CityHallOptions {
  /** As in `realtime.yml`, over those that make tests fast. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly withDatabase?: boolean;
  /** Before the server starts. */
  readonly prepare?: (hall: CityHall) => void;
  /** Uses what a city hall left that was closed with `keep`. */
  readonly before?: CityHall;
}

const fastSettings = {
  port: 0,
  host: '127.0.0.1',
  document: { features: [...allFeatures] },
  writeback: { after_ms: 20, at_latest_ms: 100, drafts_per_minute: 6_000 },
  saving: { retry_min_ms: 20, retry_max_ms: 200 },
  shutdown: { deadline_seconds: 3 },
};

export class CityHall {
  readonly folder: string;
  readonly container = new ServiceContainer();
  readonly hooks: HookSystem;
  readonly auth: AuthService;
  readonly database: DatabaseService;
  readonly recordManager: RecordManager;
  readonly logger = new RecordedLogger();
  readonly #clerks: Clerk[] = [];
  readonly #tokens = new Map<string, string>();

  private constructor(folder: string, before?: CityHall) {
    this.folder = folder;
    this.hooks = before?.hooks ?? new HookSystem();
    this.auth = before?.auth ?? new AuthService(this.hooks);
    this.database = before?.database ?? new DatabaseService();
    this.recordManager = before?.recordManager ?? new RecordManager(this.hooks, this.database);
  }

  static async open(options: CityHallOptions = {}): Promise<CityHall> {
    const { before } = options;
    const hall = new CityHall(before?.folder ?? (await mkdtemp(join(tmpdir(), 'city-hall-'))), before);
    if (!before) for (const record of await sampleRecords()) hall.recordManager.put(record);
    await mkdir(join(hall.folder, '.system-data'), { recursive: true });
    const realtime = { ...fastSettings, ...options.settings };
    await writeFile(join(hall.folder, '.system-data', 'realtime.yml'), stringify({ realtime }));
    hall.container
      .registerInstance('logger', hall.logger)
      .registerInstance('hooks', hall.hooks)
      .registerInstance('auth', hall.auth)
      .registerInstance('recordManager', hall.recordManager);
    if (options.withDatabase ?? true) hall.container.registerInstance('database', hall.database);
    registerRealtimeServices(hall.container, { dataDir: join(hall.folder, 'data') });
    options.prepare?.(hall);
    await hall.server.initialize();
    return hall;
  }

  get server(): RealtimeServer {
    return this.container.resolve<RealtimeServer>('realtimeServer');
  }

  get roomManager(): RoomManager {
    return this.container.resolve<RoomManager>('realtimeRoomManager');
  }

  get configManager(): RealtimeConfigManager {
    return this.container.resolve<RealtimeConfigManager>('realtimeConfigManager');
  }

  get url(): string {
    const { host, port } = this.server.getHealthStatus().server;
    return `http://${host}:${port}`;
  }

  async join(recordId: string, username = 'alice', role = 'clerk'): Promise<Clerk> {
    return this.joinDocument(`record:${recordId}`, username, role);
  }

  async joinDocument(documentName: string, username = 'alice', role = 'clerk'): Promise<Clerk> {
    const token = this.#tokens.get(username) ?? this.auth.signIn(username, role);
    this.#tokens.set(username, token);
    const clerk = new Clerk({ serverUrl: this.url, documentName, token });
    this.#clerks.push(clerk);
    return clerk;
  }

  /** What CivicPress has for everybody. */
  async recordOf(recordId: string): Promise<Record<string, unknown>> {
    return { ...(await this.recordManager.getRecord(recordId)) };
  }

  /** The draft's Markdown, or `null` when there is none. */
  async draftOf(recordId: string): Promise<string | null> {
    return (await this.database.getDraft(recordId))?.markdown_body ?? null;
  }

  async close({ keep = false } = {}): Promise<void> {
    for (const clerk of this.#clerks) clerk.leave();
    await this.server.shutdown();
    if (!keep) await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}
