/**
 * Connections to Redis, wherever it is: one server, one behind Sentinels, or a Redis Cluster.
 *
 * A command that cannot be sent now, or is not answered in time, fails at once; whoever asked tries again. So nothing
 * waits in a queue that nobody sees, and a line that went dead without a word is noticed and made anew.
 */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../ports.ts';

export interface RedisPlace {
  /** `redis://user:password@host:port/database`, or `rediss://` with TLS; user and password also serve the others. */
  readonly url: string;
  /** `host:port` of Sentinels, that know who is master now; then of the URL only user, password and database count. */
  readonly sentinels?: readonly string[];
  /** What the Sentinels call this master. */
  readonly sentinelName?: string;
  /** `host:port` of some nodes of a Redis Cluster, that know the others. */
  readonly clusterNodes?: readonly string[];
}

export type RedisClient = Redis | Cluster;

/** No answer for so long: the connection is dead. */
const silenceMs = 3_000;

/** Between two attempts to connect. */
const longestPauseMs = 500;

export class RedisConnections {
  readonly #place: RedisPlace;
  readonly #log: Logger;
  readonly #clients: RedisClient[] = [];
  readonly commands: RedisClient;
  #wasReady = true;
  #isClosed = false;

  /** Connects in the background, again and again. */
  constructor(place: RedisPlace, log: Logger) {
    this.#place = place;
    this.#log = log;
    this.commands = this.open();
    this.commands.on('ready', () => this.#tell(true));
    this.commands.on('close', () => this.#tell(false));
  }

  /** Whether commands can be sent now. */
  get isReady(): boolean {
    return this.commands.status === 'ready';
  }

  /** One more connection, for what would be in the way of commands. */
  open(): RedisClient {
    const client = clientFor(this.#place);
    // Without a listener an error would be printed; what it means for whom is told by the commands that fail.
    client.on('error', (error: Error) => this.#log.debug({ cause: error.message }, 'redis'));
    // ioredis gives up for good when a Sentinel tells of a successor while it is looking for one itself.
    client.on('end', () => this.#reopen(client));
    this.#clients.push(client);
    return client;
  }

  close(): void {
    this.#isClosed = true;
    this.#wasReady = false;
    for (const client of this.#clients) client.disconnect();
  }

  #reopen(client: RedisClient): void {
    if (this.#isClosed) return;
    const connect = () => {
      if (!this.#isClosed && client.status === 'end') client.connect().catch(() => undefined);
    };
    setTimeout(connect, longestPauseMs).unref();
  }

  #tell(isReady: boolean): void {
    if (this.#wasReady === isReady) return;
    this.#wasReady = isReady;
    if (isReady) this.#log.info({}, 'Redis answers again');
    else this.#log.warn({}, 'Redis does not answer; connecting is tried again');
  }
}

function clientFor({ url, sentinels = [], sentinelName, clusterNodes = [] }: RedisPlace): RedisClient {
  const login = loginIn(url);
  if (clusterNodes.length > 0) {
    const { enableOfflineQueue, retryStrategy: _, ...ofEachNode } = patience;
    return new Cluster(clusterNodes.map(hostAndPort), {
      enableOfflineQueue,
      clusterRetryStrategy: pauseBefore,
      slotsRefreshTimeout: silenceMs,
      redisOptions: { ...ofEachNode, ...login },
    });
  }
  if (sentinels.length > 0) {
    return new Redis({
      ...patience,
      ...login,
      sentinels: sentinels.map(hostAndPort),
      name: sentinelName ?? 'mymaster',
      sentinelRetryStrategy: pauseBefore,
      sentinelCommandTimeout: silenceMs,
      failoverDetector: true,
    });
  }
  const { hostname, port } = new URL(url);
  return new Redis({ ...patience, ...login, host: hostname, port: Number(port || 6_379) });
}

const pauseBefore = (times: number) => Math.min(50 * times, longestPauseMs);

const patience = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  connectTimeout: silenceMs,
  socketTimeout: silenceMs,
  retryStrategy: pauseBefore,
  // The old master after a failover: the new one is found by connecting anew.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  // Replies have the same shape everywhere.
  protocol: 2,
} as const satisfies RedisOptions;

function loginIn(url: string) {
  const { username, password, pathname, protocol } = new URL(url);
  const database = Number(pathname.slice(1) || 0);
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(database > 0 && { db: database }),
    ...(protocol === 'rediss:' && { tls: {} }),
  };
}

function hostAndPort(text: string): { host: string; port: number } {
  const { hostname, port } = new URL(`redis://${text}`);
  return { host: hostname, port: Number(port || 6_379) };
}
