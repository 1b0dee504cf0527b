/**
 * Decides which versions of a document may go, and lets them go: after each write of a document, and in a sweep over
 * all of them from time to time.
 *
 * A version that is named is somebody's and stays. What could not be removed stays until the next sweep.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Announcer } from './events.ts';
import type { Logger, SnapshotInfo, SnapshotStore } from './ports.ts';

export interface RetentionRule {
  /** How many of the newest versions stay, however old they are. */
  readonly keepNewest: number;
  /** For how many hours one version of each hour stays. */
  readonly keepHourlyHours: number;
  /** For how many days one version of each day (UTC) stays. */
  readonly keepDailyDays: number;
}

export interface RetentionOptions {
  readonly snapshots: SnapshotStore;
  readonly rule: RetentionRule;
  readonly events: Announcer;
  readonly log: Logger;
  /** From one sweep to the next, in ms. */
  readonly sweepEveryMs: number;
  /** Whether this process, of all that share the store, is the one that sweeps. */
  readonly sweeps: () => boolean;
}

/** Recovery needs them: one that is damaged is replaced by the one before it. */
const alwaysKept = 2;

/** The two newest, however the rule is called. */
export const onlyWhatARestartNeeds: RetentionRule = {
  keepNewest: alwaysKept,
  keepHourlyHours: 0,
  keepDailyDays: 0,
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** In a sweep, so that it is never noticed; less where there are so many documents that it would take too long. */
const pauseBetweenDocumentsMs = 1_000;

/**
 * The revisions that nothing keeps.
 *
 * Newest is what has the highest revision. Times only decide what stays beside the newest, so that a clock that jumps
 * never costs those; and what seems to come from the future is young.
 *
 * @param now in ms since the epoch
 */
export function expired(infos: readonly SnapshotInfo[], rule: RetentionRule, now: number): number[] {
  const newestFirst = infos.toSorted((one, other) => other.revision - one.revision);
  const slots = new Set<string>();
  const isFirstIn = (slot: string) => !slots.has(slot) && slots.add(slot);

  return newestFirst
    .filter(({ at, name }, index) => {
      const age = now - at;
      // Each version takes its slots, whatever else keeps it: an hour has one version to show, not one more.
      const isHourly = age < rule.keepHourlyHours * hourMs && isFirstIn(`hour ${Math.floor(at / hourMs)}`);
      const isDaily = age < rule.keepDailyDays * dayMs && isFirstIn(`day ${Math.floor(at / dayMs)}`);
      const isNew = index < Math.max(rule.keepNewest, alwaysKept);
      return !(isNew || isHourly || isDaily || name !== null);
    })
    .map(({ revision }) => revision);
}

/** Those from before all that the rule counts by time; none when it counts by number alone. */
function tooOld(infos: readonly SnapshotInfo[], rule: RetentionRule, now: number): number[] {
  const longestMs = Math.max(rule.keepHourlyHours * hourMs, rule.keepDailyDays * dayMs);
  const isTooOld = ({ at }: SnapshotInfo) => longestMs > 0 && now - at >= longestMs;
  return infos.filter(isTooOld).map(({ revision }) => revision);
}

export class Retention {
  readonly #options: RetentionOptions;
  readonly #now = unhurriedClock();
  readonly #stopping = new AbortController();

  /** Documents that wait for their turn; the last of them is done when `#done` resolves. */
  readonly #waiting = new Set<string>();
  #done: Promise<void> = Promise.resolve();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Begins to sweep; at a random moment of the first interval, so that nodes do not do it all at once. */
  start(): void {
    if (this.#options.snapshots.keepsVersions) this.#sweeping = this.#sweepAgainAndAgain();
  }

  /** Lets go what this document need not keep. Resolves when that was tried; never rejects. */
  prune(documentName: string): Promise<void> {
    const isPointless = !this.#options.snapshots.keepsVersions || this.#stopping.signal.aborted;
    if (isPointless || this.#waiting.has(documentName)) return this.#done;
    this.#waiting.add(documentName);
    this.#done = this.#done.then(() => this.#pruneNow(documentName));
    return this.#done;
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#sweeping, this.#done]);
  }

  async #sweepAgainAndAgain(): Promise<void> {
    const { sweepEveryMs } = this.#options;
    await this.#pause(Math.random() * sweepEveryMs);
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now();
      if (this.#options.sweeps()) await this.#sweep();
      await this.#pause(Math.max(0, sweepEveryMs - (performance.now() - startedAt)));
    }
  }

  async #sweep(): Promise<void> {
    const { snapshots, sweepEveryMs, log } = this.#options;
    try {
      const documentNames = await snapshots.documents();
      const pauseMs = Math.min(pauseBetweenDocumentsMs, sweepEveryMs / (documentNames.length + 1));
      for (const documentName of documentNames) {
        await this.#pause(pauseMs);
        if (this.#stopping.signal.aborted) return;
        await this.prune(documentName);
      }
    } catch (cause) {
      log.warn({ cause: String(cause) }, 'old versions could not be looked for; the next sweep tries again');
    }
  }

  async #pruneNow(documentName: string): Promise<void> {
    const { snapshots, rule, log } = this.#options;
    this.#waiting.delete(documentName);
    try {
      const now = this.#now();
      const infos = await snapshots.list(documentName);
      const revisions = expired(infos, rule, now);
      if (revisions.length === 0) return;
      await snapshots.remove(documentName, revisions);
      this.#tell(documentName, revisions, new Set(tooOld(infos, rule, now)));
    } catch (cause) {
      log.warn(
        { documentName, cause: String(cause) },
        'old versions could not be removed; the next sweep tries again',
      );
    }
  }

  /** What is older than the rule looks has expired; the rest made room for newer ones. */
  #tell(documentName: string, removed: readonly number[], old: ReadonlySet<number>): void {
    const { events } = this.#options;
    const [before, since] = [removed.filter((one) => old.has(one)), removed.filter((one) => !old.has(one))];
    if (before.length > 0) events.emit('realtime:snapshot:expired', { documentName, versions: before });
    if (since.length > 0) events.emit('realtime:snapshot:pruned', { documentName, versions: since });
  }

  /** Ends early when this is stopped, and keeps no process alive. */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
  }
}

/**
 * A clock that is never ahead of the time that has really passed since it was made: where the system's jumps forward,
 * nothing grows old at once.
 */
function unhurriedClock(): () => number {
  const startedAt = Date.now() - performance.now();
  return () => Math.min(Date.now(), startedAt + performance.now());
}
