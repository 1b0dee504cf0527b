/**
 * Where a trial takes place: a server that can be killed, and the records that it serves.
 *
 * Ours runs as an operator runs it, `server/main.ts` with settings from the environment, beside a CivicPress that
 * outlives it. Bare Hocuspocus has a database and no records.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { allFeatures, open, seedUpdate } from '../../markdown/index.ts';
import { CivicPressClient, fieldOf } from '../../server/civicpress/client.ts';
import { type EmbeddedCivicPress, startEmbeddedCivicPress } from '../../server/demo/civicpress/index.ts';
import { ApiWire } from './api-wire.ts';
import { KillableServer } from './killable-server.ts';

const root = join(import.meta.dirname, '../..');

export interface Site {
  readonly kind: 'ours' | 'bare';
  /** What stands between the server and CivicPress; `null` where there is none. */
  readonly wire: ApiWire | null;
  addRecord(recordId: string, markdown: string): Promise<void>;
  /** Runs; the same one for the same settings, over a data folder of its own. */
  server(settings: Readonly<Record<string, string>>): Promise<KillableServer>;
  tokenOf(username: string): Promise<string>;
  /** What CivicPress has for editors, the draft if there is one; `null` where there is no CivicPress. */
  markdownOf(recordId: string): Promise<string | null>;
  /** Kills the servers, and removes what they have left. */
  close(): Promise<void>;
}

const service = { username: 'realtime', password: 'of the crash tests' };

/** Drafts are written soon, so that a trial is short; all else is as it is delivered. */
const settings = {
  REALTIME_HOST: '127.0.0.1',
  REALTIME_CIVICPRESS_USERNAME: service.username,
  REALTIME_CIVICPRESS_PASSWORD: service.password,
  REALTIME_DOCUMENT_FEATURES: allFeatures.join(),
  REALTIME_WRITEBACK_AFTER_MS: '100',
  REALTIME_WRITEBACK_AT_LATEST_MS: '1000',
  REALTIME_WRITEBACK_DRAFTS_PER_MINUTE: '6000',
};

/** @param more settings of ours, by their names in the environment, over those that every trial has */
export async function openSite(
  kind: Site['kind'],
  more: Readonly<Record<string, string>> = {},
): Promise<Site> {
  return kind === 'ours' ? OurSite.open(more) : BareSite.open();
}

class OurSite implements Site {
  readonly kind = 'ours';
  readonly wire: ApiWire;
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #civicpress: EmbeddedCivicPress;
  readonly #client: CivicPressClient;
  readonly #tokens = new Map<string, string>();
  readonly #servers = new Map<string, KillableServer>();

  private constructor(
    folder: string,
    more: Readonly<Record<string, string>>,
    civicpress: EmbeddedCivicPress,
    wire: ApiWire,
  ) {
    this.#folder = folder;
    this.#settings = { ...settings, ...more };
    this.#civicpress = civicpress;
    this.#client = new CivicPressClient({ url: civicpress.url, timeoutMs: 5_000 });
    this.wire = wire;
  }

  static async open(more: Readonly<Record<string, string>>): Promise<OurSite> {
    const folder = await mkdtemp(join(tmpdir(), 'crash-'));
    const recordsDir = join(folder, 'records');
    await mkdir(recordsDir);
    const civicpress = await startEmbeddedCivicPress({
      recordsDir,
      dataDir: join(folder, 'civicpress'),
      users: [{ ...service, role: 'clerk' }],
    });
    return new OurSite(folder, more, civicpress, await ApiWire.open(civicpress.url));
  }

  async addRecord(recordId: string, markdown: string): Promise<void> {
    const frontmatter = `---\nid: ${recordId}\ntitle: ${recordId}\ntype: bylaw\nstatus: published\n---\n\n`;
    await writeFile(join(this.#folder, 'records', `${recordId}.md`), frontmatter + markdown);
  }

  async server(more: Readonly<Record<string, string>>): Promise<KillableServer> {
    const environment = { ...this.#settings, REALTIME_CIVICPRESS_URL: this.wire.url, ...more };
    const known = this.#servers.get(JSON.stringify(environment));
    if (known) return known;
    const dataDir = await mkdtemp(join(this.#folder, 'data-'));
    const server = new KillableServer({
      script: join(root, 'server/main.ts'),
      args: (port) => ['--port', String(port), '--data-dir', dataDir],
      environment,
    });
    this.#servers.set(JSON.stringify(environment), server);
    await server.start();
    return server;
  }

  async tokenOf(username: string): Promise<string> {
    const known = this.#tokens.get(username);
    if (known) return known;
    const body = { username, role: 'clerk' };
    const { data } = await this.#client.send({ method: 'POST', path: '/auth/simulated', body });
    const token = String(fieldOf(fieldOf(data, 'session'), 'token'));
    this.#tokens.set(username, token);
    return token;
  }

  async markdownOf(recordId: string): Promise<string> {
    const token = await this.tokenOf('rita');
    const path = `/records/${recordId}?edit=true`;
    const { data } = await this.#client.send({ method: 'GET', path, token });
    return String(fieldOf(data, 'markdownBody'));
  }

  async close(): Promise<void> {
    for (const server of this.#servers.values()) await server.end();
    await this.wire.close();
    await this.#civicpress.close();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

class BareSite implements Site {
  readonly kind = 'bare';
  readonly wire = null;
  readonly #folder: string;
  readonly #file: string;
  #server: KillableServer | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, 'documents.sqlite');
  }

  static async open(): Promise<BareSite> {
    return new BareSite(await mkdtemp(join(tmpdir(), 'crash-bare-')));
  }

  /** The document is in the database from the start: who would seed it is another question. */
  async addRecord(recordId: string, markdown: string): Promise<void> {
    await this.server();
    const database = new DatabaseSync(this.#file, { timeout: 5_000 });
    const state = seedUpdate(open(markdown).json, recordId);
    database.prepare('INSERT INTO documents VALUES (?, ?)').run(`record:${recordId}`, state);
    database.close();
  }

  async server(): Promise<KillableServer> {
    if (this.#server) return this.#server;
    this.#server = new KillableServer({
      script: join(import.meta.dirname, 'bare-server.ts'),
      args: (port) => [this.#file, String(port)],
      environment: {},
    });
    await this.#server.start();
    return this.#server;
  }

  async tokenOf(username: string): Promise<string> {
    return username;
  }

  async markdownOf(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    await this.#server?.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
