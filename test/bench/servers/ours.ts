/** This server with its defaults, composed as the program does it, with SQLite and CivicPress over HTTP. */
import { join } from 'node:path';
import { openSqliteJournal } from '../../../extensions/journal/sqlite.ts';
import { openSqliteSnapshots } from '../../../extensions/snapshot-stores/sqlite.ts';
import { connectCivicPress } from '../../../server/civicpress/http.ts';
import { compose } from '../../../server/compose.ts';
import { loadConfig } from '../../../server/config.ts';
import { createLog } from '../../../server/log.ts';
import type { Events, Logger, Records } from '../../../server/ports.ts';
import { openRedisNode } from '../../../server/redis/node.ts';
import { until } from '../../helpers/until.ts';
import type { ServerOptions } from '../server-handle.ts';
import type { Started } from '../server-process.ts';
import { service } from './service.ts';

const written = { snapshots: 0, drafts: 0 };

export async function start(options: ServerOptions): Promise<Started> {
  const { folder, civicpressUrl = '', settings = {}, redisPort } = options;
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
  const log = createLog('warn', false);
  const journalPorts =
    redisPort === undefined ? await inSqlite(folder) : await inRedis(`redis://127.0.0.1:${redisPort}`, log);
  const ports = { identity, records: counted(records), ...journalPorts, snapshots, events, log };
  const url = await compose(config, ports).start();
  return { port: Number(new URL(url).port), written };
}

async function inSqlite(folder: string) {
  const journal = await openSqliteJournal(join(folder, 'journal.sqlite'));
  return { journal, ledger: journal };
}

/** One node of several; on one machine they may share the file of snapshots. */
async function inRedis(url: string, log: Logger) {
  const node = openRedisNode({ url, keyPrefix: '{realtime}:', waitReplicas: 0 }, log);
  await until('Redis answers', () => node.isReady());
  return node.ports;
}

const events: Events = {
  emit(name) {
    if (name === 'realtime:snapshot:saved') written.snapshots += 1;
  },
};

function counted(records: Records): Records {
  return {
    read: (recordId) => records.read(recordId),
    async writeDraft(...draft) {
      const outcome = await records.writeDraft(...draft);
      written.drafts += 1;
      return outcome;
    },
  };
}
