/**
 * Hints of the operating system that something in a folder may have changed.
 *
 * One `fs.watch` for each folder, of which there are few, and none for files. Libraries do this for any purpose; for
 * hints that are checked and compared anyway, none did better (docs/decisions/spec-watcher.md).
 */
import { type FSWatcher, watch } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { isIgnored, isSpecName } from './spec-folder.ts';

export interface FolderEventsListener {
  /** Absolute paths; of files, and of folders with everything in them. */
  onHint(paths: readonly string[]): void;
  /** Some may have been lost. */
  onLost(error: Error): void;
}

/**
 * Resolves with a function that ends it, once changes are heard of.
 *
 * @throws what the operating system says when it watches no (more) folders
 */
export async function listenToFolder(folder: string, listener: FolderEventsListener): Promise<() => void> {
  const events = new FolderEvents(listener);
  await events.follow(folder).catch((error: unknown) => {
    events.stop();
    throw error;
  });
  return () => events.stop();
}

class FolderEvents {
  readonly #listener: FolderEventsListener;
  readonly #watchers = new Map<string, FSWatcher>();
  #isStopped = false;

  constructor(listener: FolderEventsListener) {
    this.#listener = listener;
  }

  /** A folder and all folders in it. What comes into one from here on is heard of, or is found in the listing. */
  async follow(folder: string): Promise<void> {
    if (this.#isStopped) return;
    this.#watchers.get(folder)?.close();
    const watcher = watch(folder, { persistent: false });
    this.#watchers.set(folder, watcher);
    watcher.on('change', (type, name) => this.#heard(folder, type, name as string | null));
    watcher.on('error', () => this.#leave(folder));
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !isIgnored(entry.name)) await this.#followInner(join(folder, entry.name));
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #heard(folder: string, type: string, name: string | null): void {
    // By its own name a folder says that it went itself; for one within, its parent says so too.
    const isSelf = name === null || (type === 'rename' && name === basename(folder));
    if (isSelf) this.#listener.onHint([folder]);
    if (name === null) return;
    if (isIgnored(name)) return;
    const path = join(folder, name);
    if (isSpecName(name)) this.#listener.onHint([path]);
    // Whatever else changes in its content is no spec; what comes or goes may be a folder.
    else if (type === 'rename') void this.#cameOrWent(path);
  }

  async #cameOrWent(path: string): Promise<void> {
    const isFolder = await lstat(path).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    const wasFolder = this.#watchers.has(path);
    if (wasFolder) this.#leave(path);
    if (isFolder) await this.#followInner(path);
    if (isFolder || wasFolder) this.#listener.onHint([path]);
  }

  async #followInner(folder: string): Promise<void> {
    try {
      await this.follow(folder);
    } catch (error) {
      this.#leave(folder);
      // One that is gone again needs no watching.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#listener.onLost(error as Error);
    }
  }

  #leave(folder: string): void {
    for (const [path, watcher] of this.#watchers) {
      if (path !== folder && !path.startsWith(folder + sep)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
  }
}
