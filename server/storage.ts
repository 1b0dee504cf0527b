/**
 * Opens the store that the configuration names for snapshots.
 */
import { join } from 'node:path';
import { NoSnapshotRoute, openCivicPressSnapshots } from '../extensions/snapshot-stores/civicpress-api.ts';
import { openFilesystemSnapshots } from '../extensions/snapshot-stores/filesystem.ts';
import { openSqliteSnapshots } from '../extensions/snapshot-stores/sqlite.ts';
import type { ServiceSession } from './civicpress/service-session.ts';
import { type Config, ConfigError } from './config.ts';
import type { SnapshotStore } from './ports.ts';

/** How long PostgreSQL may take to answer: longer than any write of a snapshot, shorter than a stop may last. */
const postgresTimeoutMs = 8_000;

/**
 * @param service `null` in CivicPress' own process, where its API is not asked
 * @throws ConfigError when CivicPress is to keep snapshots and cannot
 */
export async function openSnapshots(
  { snapshots }: Config,
  dataDir: string,
  service: ServiceSession | null,
): Promise<SnapshotStore> {
  switch (snapshots.storage) {
    case 'database':
      return openSqliteSnapshots(join(dataDir, 'snapshots.sqlite'));
    case 'filesystem':
      return openFilesystemSnapshots(join(dataDir, 'snapshots'));
    case 'postgres': {
      // The driver is only loaded where it is used.
      const { openPostgresSnapshots } = await import('../extensions/snapshot-stores/postgres.ts');
      return openPostgresSnapshots({ url: snapshots.postgres_url as string, timeoutMs: postgresTimeoutMs });
    }
    case 'civicpress':
      if (!service)
        throw new ConfigError(['snapshots.storage: civicpress is for a server beside CivicPress, not in it']);
      return openCivicPressSnapshots(service).catch((error: unknown) => {
        throw error instanceof NoSnapshotRoute
          ? new ConfigError([`snapshots.storage: ${error.message}`])
          : error;
      });
  }
}
