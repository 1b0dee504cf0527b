/**
 * The configuration as CivicPress keeps it: `realtime.yml` in its `.system-data`, the environment before it, defaults
 * behind it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, checkConfig, loadConfig } from '../../config.ts';

export class RealtimeConfigManager {
  readonly #file: string;
  readonly #environment: Record<string, string | undefined>;

  /** @param systemDataDir CivicPress' `.system-data` */
  constructor(systemDataDir: string, environment: Record<string, string | undefined> = process.env) {
    this.#file = join(systemDataDir, 'realtime.yml');
    this.#environment = environment;
  }

  /**
   * What the file says, with defaults for the rest; without a file the defaults.
   *
   * @throws ConfigError that names every wrong setting
   */
  async loadConfig(): Promise<Config> {
    return loadConfig(await this.#text(), this.#environment);
  }

  getDefaultConfig(): Config {
    return loadConfig('');
  }

  /** @throws ConfigError that names every wrong setting */
  validateConfig(config: unknown): void {
    checkConfig(config);
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }
}
