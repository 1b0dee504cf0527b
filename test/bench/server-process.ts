/**
 * A server in a process of its own, so that what it uses can be told from what the clients use.
 *
 * `node server-process.ts <ServerOptions as JSON>`; answers the messages `stats` and `memory`, obeys `busy` and
 * `stalls`, and says `{port}` when it listens. Of the kinds in `servers/` it loads the one that it is.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ServerKind, ServerOptions, Stats } from './server-handle.ts';

/** A server that listens on 127.0.0.1. */
export interface Started {
  readonly port: number;
  /** What ours has written so far. */
  readonly written?: { readonly snapshots: number; readonly drafts: number };
}

const files: Record<ServerKind, string> = {
  bare: 'bare',
  eager: 'bare',
  'y-websocket': 'y-websocket',
  relay: 'relay',
  ours: 'ours',
  civicpress: 'civicpress',
};

const options = JSON.parse(process.argv[2] as string) as ServerOptions;
const eventLoop = monitorEventLoopDelay({ resolution: 5 });
const { start } = (await import(`./servers/${files[options.kind]}.ts`)) as {
  start(options: ServerOptions): Promise<Started>;
};
const { port, written = { snapshots: 0, drafts: 0 } } = await start(options);

function stats(): Stats {
  const { user, system } = process.cpuUsage();
  const stallMs = eventLoop.max / 1e6;
  eventLoop.reset();
  return { cpuMs: (user + system) / 1_000, stallMs, ...written };
}

const thorough = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const;

function keepBusy(): void {
  const until = performance.now() + 90;
  while (performance.now() < until);
  setTimeout(keepBusy, 10);
}

process.on('message', (message) => {
  if (message === 'busy') keepBusy();
  // Only then: to look every few milliseconds costs something as well.
  if (message === 'stalls') eventLoop.enable();
  if (message === 'stats') process.send?.(stats());
  if (message === 'memory') {
    // With less, what V8 keeps for the next garbage would count for what connections hold.
    for (let pass = 0; pass < 3; pass += 1) globalThis.gc?.(thorough);
    process.send?.(process.memoryUsage());
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port });
