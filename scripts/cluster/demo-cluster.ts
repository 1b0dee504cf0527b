/**
 * Two nodes as an operator runs them, the Redis between them, the demo's CivicPress behind them and a balancer in front.
 *
 * All in a folder that is removed at the end, on the loopback interface. A node that was killed is started again.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  installSampleRecords,
  installSampleSpecs,
  startEmbeddedCivicPress,
} from '../../server/demo/civicpress/index.ts';
import { KillableServer } from '../../test/crash/killable-server.ts';
import { startRedis } from '../../test/helpers/redis.ts';
import { Balancer } from './balancer.ts';

export interface DemoClusterOptions {
  /** Pause before a node that ended is started again. */
  readonly restartAfterMs: number;
  readonly say: (sentence: string) => void;
}

export interface DemoCluster {
  /** Of the balancer. */
  readonly url: string;
  readonly nodes: readonly KillableServer[];
  close(): Promise<void>;
}

const nodeNames = ['A', 'B'];

export async function startDemoCluster({ restartAfterMs, say }: DemoClusterOptions): Promise<DemoCluster> {
  /** What has been opened, in order. */
  const opened: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closeOne of opened.splice(0).toReversed()) await closeOne();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'demo-cluster-'));
    opened.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
    const redis = await startRedis();
    opened.push(() => redis.stop());
    const service = { username: 'realtime', password: randomBytes(24).toString('base64url') };
    const recordsDir = join(folder, 'records');
    const specsDir = join(folder, 'specs');
    await installSampleRecords(recordsDir);
    await installSampleSpecs(specsDir);
    const civicpress = await startEmbeddedCivicPress({
      recordsDir,
      dataDir: join(folder, 'civicpress'),
      users: [{ ...service, role: 'clerk' }],
    });
    opened.push(() => civicpress.close());

    const environment = {
      REALTIME_HOST: '127.0.0.1',
      REALTIME_CIVICPRESS_URL: civicpress.url,
      REALTIME_CIVICPRESS_USERNAME: service.username,
      REALTIME_CIVICPRESS_PASSWORD: service.password,
      REALTIME_REDIS_ENABLED: 'true',
      REALTIME_REDIS_URL: redis.url,
      REALTIME_SNAPSHOTS_STORAGE: 'civicpress',
      REALTIME_SPECS_FOLDER: specsDir,
    };
    const nodes: KillableServer[] = [];
    for (const name of nodeNames) {
      const dataDir = join(folder, `node-${name}`);
      await mkdir(dataDir);
      const node = new KillableServer({
        script: join(import.meta.dirname, '../../server/main.ts'),
        args: (port) => ['--port', String(port), '--data-dir', dataDir, '--demo-pages'],
        environment,
      });
      opened.push(() => node.end());
      await node.start();
      nodes.push(node);
    }
    const balancer = await Balancer.start(nodes.map(({ url }) => Number(new URL(url).port)));
    opened.push(() => balancer.close());

    const leaving = new AbortController();
    const keepers = nodes.map((node, index) =>
      keepRunning({ node, name: `Node ${nodeNames[index]}`, restartAfterMs, say, signal: leaving.signal }),
    );
    opened.push(async () => {
      leaving.abort();
      for (const node of nodes) await node.end();
      await Promise.all(keepers);
    });
    return { url: balancer.url, nodes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Kept {
  readonly node: KillableServer;
  readonly name: string;
  readonly restartAfterMs: number;
  readonly say: (sentence: string) => void;
  readonly signal: AbortSignal;
}

async function keepRunning({ node, name, restartAfterMs, say, signal }: Kept): Promise<void> {
  while (!signal.aborted) {
    await node.ended();
    if (signal.aborted) return;
    say(`${name} has ended; whoever was there goes on at the other one.`);
    await delay(restartAfterMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const isBack = await node.start().then(
      () => true,
      () => false,
    );
    if (isBack && !signal.aborted) say(`${name} is back: process ${node.pid}.`);
  }
  await node.end();
}
