/**
 * A server in a process of its own, so that its CPU and memory can be told from the clients'.
 *
 * `node server-process.ts bare|ours|civicpress <folder> [civicpress url]`; answers `stats` messages, and says
 * `{port}` when it listens. `bare` is Hocuspocus as its manual sets it up, with its database extension on SQLite.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Database } from '@hocuspocus/extension-database';
import { Server } from '@hocuspocus/server';
import { openSqliteJournal } from '../../extensions/journal/sqlite.ts';
import { openSqliteSnapshots } from '../../extensions/snapshot-stores/sqlite.ts';
import { connectCivicPress } from '../../server/civicpress/http.ts';
import { compose } from '../../server/compose.ts';
import { loadConfig } from '../../server/config.ts';
import { startEmbeddedCivicPress } from '../../server/demo/civicpress/index.ts';
import { createLog } from '../../server/log.ts';
import type { ServerKind } from './measure.ts';

const [kind, folder, civicpressUrl] = process.argv.slice(2) as [ServerKind, string, string];
const service = { username: 'realtime', password: 'of the bench' };

const start: Record<ServerKind, () => Promise<number>> = {
  async bare() {
    const database = new DatabaseSync(join(folder, 'bare.sqlite'));
    database.exec('CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, data BLOB NOT NULL)');
    const read = database.prepare('SELECT data FROM documents WHERE name = ?');
    const write = database.prepare(
      'INSERT INTO documents VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET data = excluded.data',
    );
    const extension = new Database({
      fetch: async ({ documentName }) => (read.get(documentName)?.data as Uint8Array | undefined) ?? null,
      store: async ({ documentName, state }) => void write.run(documentName, state),
    });
    const server = new Server({ address: '127.0.0.1', port: 0, quiet: true, extensions: [extension] });
    await server.listen();
    return server.address.port;
  },

  async ours() {
    const config = loadConfig('', {
      REALTIME_PORT: '0',
      REALTIME_HOST: '127.0.0.1',
      REALTIME_RATE_LIMITING_CONNECTIONS_PER_IP: '10000',
      REALTIME_RATE_LIMITING_CONNECTIONS_PER_USER: '10000',
    });
    const civicpress = connectCivicPress({
      url: civicpressUrl,
      service,
      timeoutMs: config.civicpress.timeout_ms,
      cacheMs: config.auth.cache_seconds * 1_000,
      forwardAddress: false,
    });
    const snapshots = await openSqliteSnapshots(join(folder, 'ours.sqlite'));
    const journal = await openSqliteJournal(join(folder, 'journal.sqlite'));
    const ports = { ...civicpress, journal, ledger: journal, snapshots, log: createLog('error', false) };
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

process.on('message', (message) => {
  if (message !== 'stats') return;
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: await start[kind]() });
