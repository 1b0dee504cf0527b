/**
 * A server in a process of its own, so that what it uses can be told from what the clients use.
 *
 * `node server-process.ts <ServerOptions as JSON>`; answers the messages `stats` and `memory`, obeys `busy`, and says `{port}` when it
 * listens. `bare` is Hocuspocus as its manual sets it up, with its database extension on SQLite.
 */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openSqliteJournal } from '../../extensions/journal/sqlite.ts';
import { openSqliteSnapshots } from '../../extensions/snapshot-stores/sqlite.ts';
import { connectCivicPress } from '../../server/civicpress/http.ts';
import { compose } from '../../server/compose.ts';
import { loadConfig } from '../../server/config.ts';
import { startEmbeddedCivicPress } from '../../server/demo/civicpress/index.ts';
import { createLog } from '../../server/log.ts';
import type { Events, Records } from '../../server/ports.ts';
import { startBareHocuspocus } from '../helpers/bare-hocuspocus.ts';
import type { ServerKind, ServerOptions, Stats } from './server-handle.ts';

const {
  kind,
  folder,
  civicpressUrl = '',
  settings = {},
} = JSON.parse(process.argv[2] as string) as ServerOptions;
const service = { username: 'realtime', password: 'of the bench' };
const written = { snapshots: 0, drafts: 0 };
const eventLoop = monitorEventLoopDelay({ resolution: 5 });
eventLoop.enable();

const start: Record<ServerKind, () => Promise<number>> = {
  bare: () => startBareHocuspocus(join(folder, 'bare.sqlite')),
  eager: () => startBareHocuspocus(join(folder, 'bare.sqlite'), { debounce: 0 }),

  async ours() {
    const config = loadConfig('', {
      REALTIME_PORT: '0',
      REALTIME_HOST: '127.0.0.1',
      REALTIME_RATE_LIMITING_CONNECTIONS_PER_IP: '10000',
      REALTIME_RATE_LIMITING_CONNECTIONS_PER_USER: '10000',
      ...settings,
    });
    const { identity, records } = connectCivicPress({
      url: civicpressUrl,
      service,
      timeoutMs: config.civicpress.timeout_ms,
      cacheMs: config.auth.cache_seconds * 1_000,
      forwardAddress: false,
    });
    const snapshots = await openSqliteSnapshots(join(folder, 'snapshots.sqlite'));
    const journal = await openSqliteJournal(join(folder, 'journal.sqlite'));
    const log = createLog('warn', false);
    const ports = { identity, records: counted(records), journal, ledger: journal, snapshots, events, log };
    const url = await compose(config, ports).start();
    return Number(new URL(url).port);
  },

  async civicpress() {
    const { port } = await startEmbeddedCivicPress({
      recordsDir: join(folder, 'records'),
      dataDir: join(folder, 'civicpress'),
      users: [{ ...service, role: 'clerk' }],
    });
    return port;
  },
};

const events: Events = {
  emit(name) {
    if (name === 'realtime:snapshot:saved') written.snapshots += 1;
  },
};

function counted(records: Records): Records {
  return {
    read: (recordId) => records.read(recordId),
    async writeDraft(...draft) {
      await records.writeDraft(...draft);
      written.drafts += 1;
    },
  };
}

function stats(): Stats {
  const { user, system } = process.cpuUsage();
  const stallMs = eventLoop.max / 1e6;
  eventLoop.reset();
  return { cpuMs: (user + system) / 1_000, stallMs, ...written };
}

function keepBusy(): void {
  const until = performance.now() + 90;
  while (performance.now() < until);
  setTimeout(keepBusy, 10);
}

process.on('message', (message) => {
  if (message === 'busy') keepBusy();
  if (message === 'stats') process.send?.(stats());
  if (message === 'memory') {
    globalThis.gc?.();
    process.send?.(process.memoryUsage.rss());
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: await start[kind]() });
