/**
 * How much is logged, changed while the server runs; for a time, after which it is again what it was configured to be.
 */
import type { Logger } from './ports.ts';

export const logLevelNames = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof logLevelNames)[number];

export interface LogLevelState {
  readonly level: LogLevel;
  /** At the start, and again when the time is over. */
  readonly configured: LogLevel;
  /** When it goes back, in ms since the epoch; `null` when it stays. */
  readonly until: number | null;
}

export class LogLevels {
  readonly #log: Logger & { level: string };
  readonly #configured: LogLevel;
  #until: number | null = null;
  #goingBack: NodeJS.Timeout | undefined;

  constructor(log: Logger & { level: string }) {
    this.#log = log;
    this.#configured = log.level as LogLevel;
  }

  /** `null` for a log that somebody else owns, and that has no level of ours. */
  static of(log: Logger): LogLevels | null {
    return isLeveled(log) ? new LogLevels(log) : null;
  }

  get state(): LogLevelState {
    return { level: this.#log.level as LogLevel, configured: this.#configured, until: this.#until };
  }

  /** @param seconds after which it goes back; `null` for never */
  set(level: LogLevel, seconds: number | null): void {
    clearTimeout(this.#goingBack);
    this.#until = seconds === null ? null : Date.now() + seconds * 1_000;
    if (seconds !== null) {
      this.#goingBack = setTimeout(() => this.set(this.#configured, null), seconds * 1_000);
      this.#goingBack.unref();
    }
    const from = this.#log.level;
    this.#log.level = level;
    // Both see it: whoever made the log quieter, and whoever reads it then.
    const isHeard = logLevelNames.indexOf(level) <= logLevelNames.indexOf('info');
    this.#log[isHeard ? 'info' : level === 'warn' ? 'warn' : 'error'](
      { from, level, seconds },
      'the log has another level',
    );
  }
}

function isLeveled(log: Logger): log is Logger & { level: string } {
  return log.level !== undefined && (logLevelNames as readonly string[]).includes(log.level);
}
