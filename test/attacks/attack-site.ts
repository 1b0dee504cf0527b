/**
 * Where attacks take place: the program in a process of its own, beside a CivicPress, with the limits that it has by
 * default. It stands behind a proxy that is trusted, so that a client can come from any address.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientOptions } from 'ws';
import { allFeatures } from '../../markdown/index.ts';
import { CivicPressClient, fieldOf } from '../../server/civicpress/client.ts';
import { type EmbeddedCivicPress, startEmbeddedCivicPress } from '../../server/demo/civicpress/index.ts';
import { KillableServer } from '../crash/killable-server.ts';
import { Clerk } from '../helpers/clerk.ts';
import { RawClient } from './raw-client.ts';
import { WebhookReceivers } from './webhook-receivers.ts';

const root = join(import.meta.dirname, '../..');
const service = { username: 'realtime', password: 'of the attacks' };

export class AttackSite {
  readonly folder: string;
  /** Watched by the server for specs. */
  readonly specsFolder: string;
  readonly server: KillableServer;
  readonly civicpress: EmbeddedCivicPress;
  readonly adminToken: string;
  readonly webhooks: WebhookReceivers;
  readonly #tokens = new Map<string, string>();
  readonly #clients: (RawClient | Clerk)[] = [];
  /** Everything that clients were told: no inside of the server is in it. */
  readonly #told: string[] = [];
  #addresses = 0;

  private constructor(
    parts: Pick<AttackSite, 'folder' | 'specsFolder' | 'server' | 'civicpress' | 'adminToken' | 'webhooks'>,
  ) {
    this.folder = parts.folder;
    this.specsFolder = parts.specsFolder;
    this.server = parts.server;
    this.civicpress = parts.civicpress;
    this.adminToken = parts.adminToken;
    this.webhooks = parts.webhooks;
  }

  static async open(): Promise<AttackSite> {
    const folder = await mkdtemp(join(tmpdir(), 'attacks-'));
    const specsFolder = join(folder, 'specs');
    const recordsDir = join(folder, 'records');
    for (const path of [specsFolder, recordsDir]) await mkdir(path);
    const civicpress = await startEmbeddedCivicPress({
      recordsDir,
      dataDir: join(folder, 'civicpress'),
      users: [{ ...service, role: 'clerk' }],
      // They are CivicPress' own defence; what is attacked here is the server behind them.
      rateLimits: false,
    });
    const adminToken = `attacks-${crypto.randomUUID()}`;
    const webhooks = await WebhookReceivers.open();
    const server = new KillableServer({
      script: join(root, 'server/main.ts'),
      args: (port) => ['--port', String(port), '--data-dir', join(folder, 'data')],
      environment: {
        REALTIME_HOST: '127.0.0.1',
        REALTIME_CIVICPRESS_URL: civicpress.url,
        REALTIME_CIVICPRESS_USERNAME: service.username,
        REALTIME_CIVICPRESS_PASSWORD: service.password,
        REALTIME_DOCUMENT_FEATURES: allFeatures.join(),
        REALTIME_SECURITY_TRUSTED_PROXIES: '127.0.0.1',
        REALTIME_ADMIN_TOKEN: adminToken,
        REALTIME_LOG_LEVEL: 'debug',
        REALTIME_SPECS_FOLDER: specsFolder,
        // What was left open is not what is held: its memory is to come back when the room goes.
        REALTIME_ROOMS_CLEANUP_TIMEOUT: '2',
        // So that a text that takes too long is over sooner.
        REALTIME_DOCUMENT_CONVERSION_MS: '1000',
        NODE_ENV: 'production',
        ...webhooks.environment,
      },
    });
    await server.start();
    return new AttackSite({ folder, specsFolder, server, civicpress, adminToken, webhooks });
  }

  get url(): string {
    return this.server.url;
  }

  /** An address that nobody came from before. */
  anotherAddress(): string {
    this.#addresses += 1;
    return `198.${18 + (this.#addresses >> 16)}.${(this.#addresses >> 8) & 255}.${this.#addresses & 255}`;
  }

  /** A published record. */
  async addRecord(recordId: string, markdown: string | Uint8Array, fields = ''): Promise<void> {
    const frontmatter = `---\nid: ${recordId}\ntitle: ${recordId}\ntype: bylaw\nstatus: published\n${fields}---\n\n`;
    const bytes = Buffer.concat([Buffer.from(frontmatter), Buffer.from(markdown)]);
    await writeFile(join(this.folder, 'records', `${recordId}.md`), bytes);
  }

  async tokenOf(username: string, role = 'clerk'): Promise<string> {
    const known = this.#tokens.get(username);
    if (known) return known;
    const client = new CivicPressClient({ url: this.civicpress.url, timeoutMs: 5_000 });
    const body = { username, role };
    const { data } = await client.send({ method: 'POST', path: '/auth/simulated', body });
    const token = String(fieldOf(fieldOf(data, 'session'), 'token'));
    this.#tokens.set(username, token);
    return token;
  }

  /** A client that sends what it likes, from an address of its own unless one is given. */
  connect(options: ClientOptions & { address?: string; path?: string } = {}): RawClient {
    const { address = this.anotherAddress(), path = '/realtime', headers, ...others } = options;
    const client = new RawClient(`${this.url}${path}`, {
      ...others,
      headers: { 'x-forwarded-for': address, ...headers },
    });
    this.#clients.push(client);
    return client;
  }

  /** A real provider. */
  join(recordId: string, username: string, role = 'clerk'): Promise<Clerk> {
    return this.joinDocument(`record:${recordId}`, username, role);
  }

  async joinDocument(documentName: string, username: string, role = 'clerk'): Promise<Clerk> {
    const token = await this.tokenOf(username, role);
    const clerk = new Clerk({ serverUrl: this.url, documentName, token });
    this.#clients.push(clerk);
    return clerk;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(this.url + path, init);
    this.#told.push(
      await response
        .clone()
        .text()
        .catch(() => ''),
    );
    return response;
  }

  /** Everybody who came by this site goes. */
  leave(): void {
    for (const client of this.#clients.splice(0)) {
      if (client instanceof RawClient) {
        this.#told.push(...client.denials, ...client.notices, client.closed?.reason ?? '');
        client.end();
      } else {
        this.#told.push(...client.refusals);
        client.leave();
      }
    }
  }

  /** What clients were told since the last call. */
  told(): string[] {
    return this.#told.splice(0);
  }

  get isAlive(): boolean {
    return !this.server.hasEnded;
  }

  rssBytes(): Promise<number> {
    return this.#memory('VmRSS');
  }

  /** The most that it ever was, also between two looks, since `forgetPeak`. */
  peakBytes(): Promise<number> {
    return this.#memory('VmHWM');
  }

  async forgetPeak(): Promise<void> {
    await writeFile(`/proc/${this.server.pid}/clear_refs`, '5');
  }

  async #memory(what: 'VmRSS' | 'VmHWM'): Promise<number> {
    const status = await readFile(`/proc/${this.server.pid}/status`, 'utf8').catch(() => '');
    return Number(new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1_024;
  }

  async close(): Promise<void> {
    this.leave();
    await this.server.end();
    await this.civicpress.close();
    await this.webhooks.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}
