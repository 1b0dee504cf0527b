/**
 * The settings as every command finds them: from the file that is named, or the usual one, and the environment.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CivicPress, connectCivicPress } from '../civicpress/http.ts';
import type { ServiceSession } from '../civicpress/service-session.ts';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import type { SnapshotStore } from '../ports.ts';
import { openSnapshots } from '../storage.ts';

export const usualFile = '.system-data/realtime.yml';

/**
 * @param overrides stronger than the environment, by the names that settings have there
 * @throws ConfigError
 */
export async function readSettings(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  overrides: Readonly<Record<string, string>> = {},
): Promise<Config> {
  return loadConfig(await textOf(file), { ...environment, ...overrides });
}

/** Whether the server brings a CivicPress of its own. */
export function isDemo({ civicpress }: Config): boolean {
  return civicpress.url === undefined;
}

/** Where journal and snapshots are. */
export function dataFolderOf(config: Config): string {
  return isDemo(config) ? join(config.data_dir, 'demo') : config.data_dir;
}

/** CivicPress as the settings describe it; `null` when the server brings its own. */
export function civicPressOf({ civicpress, auth }: Config): CivicPress | null {
  const { url, username = '', password = '' } = civicpress;
  if (url === undefined) return null;
  return connectCivicPress({
    url,
    service: { username, password },
    timeoutMs: civicpress.timeout_ms,
    cacheMs: auth.cache_seconds * 1_000,
    forwardAddress: civicpress.forward_address,
  });
}

/** @throws whatever keeps the store from being opened */
export async function openStore(config: Config): Promise<SnapshotStore> {
  const civicpress = civicPressOf(config);
  if (config.snapshots.storage === 'civicpress' && !civicpress) {
    throw new ConfigError(['snapshots.storage: civicpress needs civicpress.url']);
  }
  return openSnapshots(config, dataFolderOf(config), civicpress?.service as ServiceSession);
}

/** A file that was named must exist; the usual one need not. */
async function textOf(file: string | undefined): Promise<string> {
  try {
    return await readFile(file ?? usualFile, 'utf8');
  } catch (error) {
    if (file === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
