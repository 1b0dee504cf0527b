/**
 * `npm run demo:cluster`: two nodes, Redis and a balancer on this machine, with links to try them. Ctrl-C ends all.
 */
import { startDemoCluster } from './cluster/demo-cluster.ts';
import { ensure } from './install.ts';

ensure('redis');
const say = (sentence: string) => void process.stdout.write(`  ${sentence}\n`);
const cluster = await startDemoCluster({ restartAfterMs: 10_000, say });
let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, async () => {
    if (isEnding) return;
    isEnding = true;
    await cluster.close();
    process.exit(0);
  });
}

const [a, b] = cluster.nodes as [(typeof cluster.nodes)[number], (typeof cluster.nodes)[number]];
const bylaw = '/demo/records/noise-bylaw?user=';
process.stdout.write(`
Two nodes of CivicPress Realtime, the Redis between them, and a balancer that sends each connection to the next node:

  Alice, at whichever node   ${cluster.url}${bylaw}alice
  Bob, at whichever node     ${cluster.url}${bylaw}bob
  Alice, at node A           ${a.url}${bylaw}alice
  Bob, at node B             ${b.url}${bylaw}bob

Kill a node and type on: kill -9 ${a.pid} (A), kill -9 ${b.pid} (B). It is started again after ten seconds.
Restart one in order:    kill ${a.pid}
All of it is gone after Ctrl-C.

`);
