/**
 * A small durable map: one JSON file per entry in a folder, all of it in memory.
 *
 * A change is visible to the next reader at once, and its promise resolves when it is on disk.
 * Keys become file names; the callers only use numbers, hex digests and checked record ids.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeAtomically } from './atomic-write.ts';

const EXTENSION = '.json';

export class Collection<T> {
  readonly #folder: string;
  readonly #entries = new Map<string, T>();
  /** The last write of the queue; it never rejects, so that a failed write does not fail the next. */
  #lastWrite: Promise<void> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws when a file of the folder is not JSON: these files are ours, so that is damage and not input. */
  static async open<T>(folder: string): Promise<Collection<T>> {
    const collection = new Collection<T>(folder);
    await mkdir(folder, { recursive: true });
    for (const name of (await readdir(folder)).sort()) {
      if (!name.endsWith(EXTENSION)) continue;
      const text = await readFile(join(folder, name), 'utf8');
      collection.#entries.set(name.slice(0, -EXTENSION.length), JSON.parse(text));
    }
    return collection;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  entries(): [string, T][] {
    return [...this.#entries];
  }

  values(): T[] {
    return [...this.#entries.values()];
  }

  set(key: string, value: T): Promise<void> {
    this.#entries.set(key, value);
    const text = JSON.stringify(value, null, 2);
    return this.#enqueue(() => writeAtomically(this.#fileOf(key), text));
  }

  delete(key: string): Promise<void> {
    if (!this.#entries.delete(key)) return Promise.resolve();
    return this.#enqueue(async () => {
      await rm(this.#fileOf(key), { force: true });
      await syncFolder(this.#folder);
    });
  }

  /** Resolves when every change so far was written, or has told its caller that it failed. */
  settled(): Promise<void> {
    return this.#lastWrite;
  }

  #fileOf(key: string): string {
    return join(this.#folder, key + EXTENSION);
  }

  #enqueue(write: () => Promise<void>): Promise<void> {
    const written = this.#lastWrite.then(write);
    this.#lastWrite = written.catch(() => {});
    return written;
  }
}
