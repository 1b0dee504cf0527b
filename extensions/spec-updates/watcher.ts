/**
 * Follows a folder of spec files, and publishes what changes in it.
 *
 * The operating system's events are hints only: they say where to look, and the look decides. A file is looked at when
 * it has been quiet for a moment, so that an editor's way of saving is one change. Everything is compared now and then,
 * and after much has happened at once, because events get lost.
 */
import type { Logger } from '../../server/ports.ts';
import { WorkerCalls, workerBeside } from '../../server/worker-calls.ts';
import { SpecCatalog } from './catalog.ts';
import type { SpecMetadata } from './events.ts';
import type { SpecState } from './feed.ts';
import { listenToFolder } from './folder-events.ts';
import { type Found, isSpecName, relativePathOf, type SpecFile } from './spec-folder.ts';
import type { SpecFolderMethods } from './spec-folder-worker.ts';
import type { SpecStatistics } from './statistics.ts';

/** Where it tells what it has found: a feed, or what stands before those of several nodes. */
export interface SpecTarget {
  /** What is there at the beginning, with the hashes of the texts, by id. */
  fill(specs: readonly SpecMetadata[], textHashes: ReadonlyMap<string, string>): void;
  publish(states: readonly SpecState[]): void;
  readonly statistics: Pick<SpecStatistics, 'lagged'>;
}

export interface SpecWatcherOptions {
  readonly folder: string;
  readonly feed: SpecTarget;
  readonly maxFileBytes: number;
  /** How long a file must be quiet before it is looked at. */
  readonly debounceMs: number;
  /** Pause between two comparisons of everything. */
  readonly compareMs: number;
  readonly log: Logger;
  /** Hints from elsewhere, for tests. */
  readonly listen?: typeof listenToFolder;
}

/** A path that something may have happened to. */
interface Hint {
  readonly since: number;
  dueAt: number;
}

/** A file that is written all the time is looked at this often all the same. */
const atLatestMs = 1_000;

/** A file that has become empty is about to be written: it is believed when it stays so. */
const emptyMs = 1_000;

/** Pause after the operating system could not say what a file is. */
const failedMs = 5_000;

/** Files that are looked at, and published, in one go. */
const chunkSize = 500;

/** So many hints at once are so many that some may be lost. */
const manyHints = 200;

/** Pause between two looks whether the folder is still there, and the same. */
const folderMs = 1_000;

export class SpecWatcher {
  readonly #options: SpecWatcherOptions;
  /** Reads and parses, in a thread of its own. */
  readonly #folder: WorkerCalls<SpecFolderMethods>;
  readonly #catalog = new SpecCatalog();
  readonly #hints = new Map<string, Hint>();
  /** Since when a known file is empty, by path, in monotonic ms. */
  readonly #emptySince = new Map<string, number>();
  #flushing: NodeJS.Timeout | undefined;
  #comparing: NodeJS.Timeout | undefined;
  /** When, in monotonic ms. */
  #compareAt = 0;
  #checking: NodeJS.Timeout | undefined;
  /** Looks come one after the other: of two at the same file the later one must win. */
  #turn: Promise<void> = Promise.resolve();
  /** Which folder is followed, and how to stop that. */
  #following: { root: string; key: string; stop: (() => void) | null } | null = null;
  /** Whether the folder went since it was last followed. */
  #isLost = false;
  #isStopped = false;
  #hasBegun = false;

  constructor(options: SpecWatcherOptions) {
    this.#options = options;
    const { folder, maxFileBytes } = options;
    const thread = workerBeside(import.meta.url, 'spec-folder-worker');
    this.#folder = new WorkerCalls(thread, { folder, maxFileBytes }, 'spec files are no longer followed');
  }

  /** Resolves when every spec that is there now is known. */
  async start(): Promise<void> {
    await this.#inTurn(() => this.#checkFolder());
    this.#checkSoon();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of [this.#flushing, this.#comparing, this.#checking]) clearTimeout(timer);
    await this.#folder.close();
    await this.#turn;
    this.#following?.stop?.();
  }

  /** Follows the folder that is there now, when it is another one than before, or there was none. */
  async #checkFolder(): Promise<void> {
    const { folder, log } = this.#options;
    const identity = await this.#folder.call('identity');
    if (identity?.key === this.#following?.key && this.#hasBegun && !this.#isLost) return;
    this.#isLost = false;
    this.#following?.stop?.();
    this.#following = null;
    if (identity) {
      this.#following = { ...identity, stop: await this.#listen(identity.root) };
      log.info({ folder }, 'following the spec files of a folder');
    } else log.warn({ folder }, 'there is no folder of spec files; it is followed when it comes');
    await this.#compare();
  }

  /** `null` when the operating system tells nothing. */
  async #listen(root: string): Promise<(() => void) | null> {
    const { listen = listenToFolder, log } = this.#options;
    try {
      return await listen(root, {
        onHint: (paths) => this.#hint(root, paths),
        onLost: (error) => {
          log.warn({ cause: error.message }, 'events of spec files were lost; comparing all of them');
          this.#compareWithin(0);
        },
      });
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      log.warn({ cause }, 'spec files cannot be watched; they are compared instead');
      return null;
    }
  }

  #hint(root: string, paths: readonly string[]): void {
    const now = performance.now();
    for (const absolute of paths) {
      const path = relativePathOf(root, absolute);
      if (path === null) continue;
      // It went, and watching ended with it, even when it is there again by now.
      if (path === '') this.#isLost = true;
      else this.#touch(path, now, this.#options.debounceMs);
    }
    // When it is quiet again: what is lost is lost in the flood.
    if (this.#hints.size > manyHints) this.#compareIn(atLatestMs);
    this.#flushSoon();
  }

  #touch(path: string, now: number, inMs: number): void {
    const since = this.#hints.get(path)?.since ?? now;
    // Put behind the others: the map stays in the order in which its paths are due.
    this.#hints.delete(path);
    this.#hints.set(path, { since, dueAt: Math.min(now + inMs, since + Math.max(atLatestMs, inMs)) });
  }

  #flushSoon(): void {
    const [first] = this.#hints.values();
    if (this.#flushing !== undefined || !first || this.#isStopped) return;
    const waitMs = Math.max(1, Math.ceil(first.dueAt - performance.now()));
    this.#flushing = setTimeout(() => {
      this.#flushing = undefined;
      void this.#inTurn(() => this.#flush()).finally(() => this.#flushSoon());
    }, waitMs);
    this.#flushing.unref();
  }

  async #flush(): Promise<void> {
    // Together with those that are due in a moment: what was saved together is told together.
    const until = performance.now() + this.#options.debounceMs / 2;
    const due = [...this.#hints].filter(([, { dueAt }]) => dueAt <= until);
    for (const [path] of due) this.#hints.delete(path);
    const noticedAt = due.reduce((first, [, { since }]) => Math.min(first, since), performance.now());
    await this.#look(
      due.map(([path]) => path),
      noticedAt,
    );
  }

  /** Looks at everything: what is there, and what was. */
  async #compare(): Promise<void> {
    clearTimeout(this.#comparing);
    this.#comparing = undefined;
    const noticedAt = performance.now();
    const paths = new Set(await this.#folder.call('list'));
    for (const path of this.#catalog.paths) paths.add(path);
    await this.#look([...paths], noticedAt);
    this.#compareWithin(this.#options.compareMs);
  }

  /** Says whether that is sooner than it would have been. */
  #compareWithin(ms: number): boolean {
    if (this.#comparing && this.#compareAt <= performance.now() + ms) return false;
    this.#compareIn(ms);
    return true;
  }

  #compareIn(ms: number): void {
    clearTimeout(this.#comparing);
    if (this.#isStopped) return;
    this.#compareAt = performance.now() + ms;
    this.#comparing = setTimeout(() => {
      this.#comparing = undefined;
      void this.#inTurn(() => this.#compare());
    }, ms);
    this.#comparing.unref();
  }

  #checkSoon(): void {
    if (this.#isStopped) return;
    this.#checking = setTimeout(() => {
      void this.#inTurn(() => this.#checkFolder()).finally(() => this.#checkSoon());
    }, folderMs);
    this.#checking.unref();
  }

  async #look(paths: readonly string[], noticedAt: number): Promise<void> {
    let left = [...paths];
    let changes = new Map<string, SpecFile | null>();
    while (left.length > 0 && !this.#isStopped) {
      const chunk = left.splice(0, chunkSize);
      const inside = new Set<string>();
      const marks = chunk.map((path) => [path, this.#catalog.fileAt(path)?.mark ?? ''] as const);
      for (const [index, found] of (await this.#folder.call('look', marks)).entries()) {
        this.#take(chunk[index] as string, found, changes, inside);
      }
      left = [...inside, ...left];
      if (left.length > 0 && changes.size < chunkSize) continue;
      this.#publish(changes, noticedAt);
      changes = new Map();
    }
    if (this.#hasBegun || this.#isStopped) return;
    this.#hasBegun = true;
    this.#options.feed.fill(this.#catalog.all(), this.#catalog.textHashes);
  }

  #publish(changes: ReadonlyMap<string, SpecFile | null>, noticedAt: number): void {
    if (changes.size === 0) return;
    const { feed } = this.#options;
    const states = this.#catalog.update(changes);
    if (!this.#hasBegun) return;
    feed.publish(states);
    feed.statistics.lagged(performance.now() - noticedAt);
  }

  /** @param inside takes what else is to be looked at because of this path */
  #take(path: string, found: Found, changes: Map<string, SpecFile | null>, inside: Set<string>): void {
    if (found.kind === 'unchanged') return;
    if (found.kind === 'unknown') return this.#tryAgain(path, found.cause);
    const known = this.#catalog.fileAt(path);
    if (found.kind === 'spec') {
      if (this.#isToBeBelieved(path, found.file, known)) changes.set(path, found.file);
      return;
    }
    if (known) changes.set(path, null);
    this.#emptySince.delete(path);
    if (found.kind === 'folder') for (const other of found.paths) inside.add(other);
    else if (isSpecName(path)) return;
    for (const other of this.#catalog.paths) if (other.startsWith(`${path}/`)) inside.add(other);
  }

  /** Where one file cannot be looked at, others cannot either: said once. */
  #tryAgain(path: string, cause: string): void {
    if (!this.#compareWithin(failedMs)) return;
    this.#options.log.warn({ path, cause }, 'spec files could not be looked at; trying again');
  }

  #isToBeBelieved(path: string, { isEmpty }: SpecFile, known: SpecFile | undefined): boolean {
    if (!isEmpty || !known || known.isEmpty) {
      this.#emptySince.delete(path);
      return true;
    }
    const now = performance.now();
    const since = this.#emptySince.get(path) ?? now;
    this.#emptySince.set(path, since);
    if (now - since >= emptyMs) return true;
    this.#touch(path, now, emptyMs);
    return false;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      if (this.#isStopped) return;
      await work().catch((error: unknown) => {
        if (this.#isStopped) return;
        const cause = error instanceof Error ? error.stack : String(error);
        this.#options.log.error({ cause }, 'looking at the spec files failed; trying again');
        this.#compareWithin(atLatestMs);
      });
    });
    return this.#turn;
  }
}
