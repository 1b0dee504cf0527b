/**
 * A real Redis for tests: started for them on a free port of the loopback interface, from the machine's own program,
 * with a folder and an append-only file of its own, and stopped afterwards.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export class TestRedis {
  readonly port: number;
  readonly url: string;
  /** To look into it, and to make it misbehave. */
  readonly client: Redis;
  readonly #folder: string;
  readonly #options: readonly string[];
  #server: ChildProcess | undefined;

  constructor(port: number, folder: string, options: readonly string[]) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#options = options;
    this.client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 20, protocol: 2 });
    this.client.on('error', () => undefined);
  }

  /** Starts it with what it had, and resolves when it answers. */
  async start(): Promise<void> {
    const { port } = this;
    const settings = { port, bind: '127.0.0.1', dir: this.#folder, save: '', appendonly: 'yes' };
    const values = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const server = spawn('redis-server', [...values, ...this.#options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#server = server;
    let said = '';
    server.stdout?.on('data', (data: Buffer) => {
      said += data.toString();
    });
    await until('Redis is ready', () => said.includes('Ready to accept') || server.exitCode !== null);
    if (server.exitCode !== null) throw new Error(`Redis did not start: ${said}`);
    // Else its output would fill the pipe.
    said = '';
    if (this.client.status === 'wait') await this.client.connect();
    await until('it answers', () => this.client.status === 'ready');
  }

  /** Ends it at once, as a crash does; what it had is on its disk. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  /** Lets it take nothing more, until the returned function is called. */
  async fill(): Promise<() => Promise<void>> {
    await this.client.config('SET', 'maxmemory', '1');
    return async () => void (await this.client.config('SET', 'maxmemory', '0'));
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.kill();
    // What it had begun to write in another process may still come.
    await rm(this.#folder, { recursive: true, maxRetries: 5, retryDelay: 50 });
  }
}

/** @param options further ones of `redis-server`, such as `--appendfsync`, `always` */
export async function startRedis(...options: string[]): Promise<TestRedis> {
  const redis = new TestRedis(await freePort(), await mkdtemp(join(tmpdir(), 'redis-')), options);
  await redis.start();
  return redis;
}
