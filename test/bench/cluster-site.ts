/**
 * Two nodes of one kind on one Redis, each a process, with the same documents as a single one would have.
 */
import { rm } from 'node:fs/promises';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { LightClient } from './light-client.ts';
import { ServerProcess } from './server-handle.ts';
import { type Sites, signIn } from './site.ts';

export type ClusterKind = 'bare' | 'ours';

/** What Redis has done so far. */
export interface RedisUse {
  /** Commands, those in scripts as well. */
  readonly commands: number;
  /** That came in and went out. */
  readonly bytes: number;
  readonly cpuMs: number;
}

export class ClusterSite {
  readonly nodes: readonly ServerProcess[];
  readonly #redis: TestRedis;
  readonly #token: string;
  readonly #close: () => Promise<void>;

  private constructor(
    nodes: readonly ServerProcess[],
    redis: TestRedis,
    token: string,
    close: () => Promise<void>,
  ) {
    this.nodes = nodes;
    this.#redis = redis;
    this.#token = token;
    this.#close = close;
  }

  static async open(kind: ClusterKind, sites: Sites, settings: Readonly<Record<string, string>>) {
    const folder = await sites.copyFor(kind);
    const redis = await startRedis();
    const civicpress = kind === 'ours' ? await ServerProcess.start({ kind: 'civicpress', folder }) : null;
    const civicpressUrl = civicpress ? `http://127.0.0.1:${civicpress.port}` : '';
    const token = civicpress ? await signIn(civicpressUrl) : 'anybody';
    const nodes: ServerProcess[] = [];
    for (let count = 0; count < 2; count += 1) {
      nodes.push(await ServerProcess.start({ kind, folder, civicpressUrl, settings, redisPort: redis.port }));
    }
    return new ClusterSite(nodes, redis, token, async () => {
      for (const node of nodes) await node.end();
      await civicpress?.end();
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    });
  }

  /** A client at one of the two. */
  join(node: number, documentName: string): Promise<LightClient> {
    return LightClient.join((this.nodes[node] as ServerProcess).port, documentName, this.#token);
  }

  async redisUse(): Promise<RedisUse> {
    const info = await this.#redis.client.info();
    const numberOf = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
    return {
      commands: numberOf('total_commands_processed'),
      bytes: numberOf('total_net_input_bytes') + numberOf('total_net_output_bytes'),
      cpuMs: (numberOf('used_cpu_sys') + numberOf('used_cpu_user')) * 1_000,
    };
  }

  close(): Promise<void> {
    return this.#close();
  }
}
