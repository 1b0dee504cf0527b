/**
 * Reads the spec files of a folder, and nothing that lies outside of it.
 *
 * Whoever can write into the folder must not make the server tell what is in other files: symbolic links are not
 * followed, wherever in a path they stand, and a file counts only when a path without any leads to what was opened.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { readSpec, type Spec, unreadableSpec } from './spec.ts';

export interface SpecFolderOptions {
  readonly folder: string;
  /** Larger files are left alone. */
  readonly maxFileBytes: number;
}

/** A file as it was last looked at. */
export interface SpecFile {
  /** Tells, without reading it, whether a file may have changed. */
  readonly mark: string;
  readonly isEmpty: boolean;
  readonly spec: Spec;
}

/** What lies at a path: a spec, a folder with the paths of the files in it, or nothing that counts. */
export type Found =
  | { readonly kind: 'spec'; readonly file: SpecFile }
  | { readonly kind: 'folder'; readonly paths: readonly string[] }
  | { readonly kind: 'unchanged' | 'nothing' };

/** How many files and folders are looked at at the same time. */
const parallel = 16;

/** A file that was written this shortly before it was read may be written again without its times showing it. */
const sameTimeMs = 50;

export class SpecFolder {
  readonly #options: SpecFolderOptions;
  /** Without symbolic links; it may be another one when the folder comes back. */
  #root: string | null = null;

  constructor(options: SpecFolderOptions) {
    this.#options = options;
  }

  /** What tells this folder from one that takes its place, and where it is; `null` while there is none. */
  async identity(): Promise<{ root: string; key: string } | null> {
    try {
      this.#root = await realpath(this.#options.folder);
      const { dev, ino } = await stat(this.#root);
      return { root: this.#root, key: `${this.#root} ${dev} ${ino}` };
    } catch {
      this.#root = null;
      return null;
    }
  }

  /** The paths of all files that may be specs, below the folder, with `/`. */
  async list(): Promise<string[]> {
    if (this.#root === null) return [];
    return this.#listIn(this.#root);
  }

  /** `null` for a path outside the folder, and for what is never a spec; '' for the folder itself. */
  relativeOf(absolute: string): string | null {
    if (this.#root === null || absolute === this.#root) return this.#root === null ? null : '';
    if (!absolute.startsWith(this.#root + sep)) return null;
    const path = absolute.slice(this.#root.length + 1).replaceAll(sep, '/');
    return path.split('/').some(isIgnored) ? null : path;
  }

  /**
   * @param known as it was when it was last looked at
   * @throws what the operating system says when it is busy; never because of the file itself
   */
  async look(path: string, known: SpecFile | undefined): Promise<Found> {
    if (this.#root === null) return { kind: 'nothing' };
    const absolute = join(this.#root, path);
    try {
      const stats = await lstat(absolute);
      if (stats.isDirectory()) return await this.#lookIntoFolder(absolute);
      if (!isSpecName(path) || !stats.isFile() || stats.size > this.#options.maxFileBytes)
        return { kind: 'nothing' };
      if (known?.mark === markOf(stats)) return { kind: 'unchanged' };
      const handle = await open(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        return await this.#read(handle, absolute, path);
      } finally {
        await handle.close();
      }
    } catch (error) {
      return afterFailure(error as NodeJS.ErrnoException, path);
    }
  }

  async #lookIntoFolder(absolute: string): Promise<Found> {
    if ((await realpath(absolute)) !== absolute) return { kind: 'nothing' };
    return { kind: 'folder', paths: await this.#listIn(absolute) };
  }

  async #read(handle: FileHandle, absolute: string, path: string): Promise<Found> {
    const stats = await handle.stat();
    const { maxFileBytes } = this.#options;
    if (!stats.isFile() || stats.size > maxFileBytes || !(await isReallyAt(absolute, stats)))
      return { kind: 'nothing' };
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(stats.size), 0, stats.size, 0);
    const isFresh = Date.now() - stats.mtimeMs < sameTimeMs;
    const mark = isFresh ? '' : markOf(stats);
    const spec = readSpec(path, buffer.subarray(0, bytesRead));
    return { kind: 'spec', file: { mark, isEmpty: bytesRead === 0, spec } };
  }

  async #listIn(start: string): Promise<string[]> {
    const files: string[] = [];
    let folders = [start];
    while (folders.length > 0) {
      const inner: string[] = [];
      await inParallel(folders, async (folder) => {
        // It may be gone by now.
        for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
          if (isIgnored(entry.name)) continue;
          const path = join(folder, entry.name);
          if (entry.isDirectory()) inner.push(path);
          else if (entry.isFile() && isSpecName(entry.name)) files.push(path);
        }
      });
      folders = inner;
    }
    return files.flatMap((file) => this.relativeOf(file) ?? []);
  }
}

/** Hidden ones, and other people's. */
export function isIgnored(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}

/** `E13.md`; not what editors leave beside it, such as `E13.md~`, `#E13.md#` or `.E13.md.swp`. */
export function isSpecName(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return /\.(?:md|markdown)$/i.test(name) && !/^[.#~]/.test(name);
}

/** Whether a path without symbolic links leads to what was opened. */
async function isReallyAt(absolute: string, opened: Stats): Promise<boolean> {
  if ((await realpath(absolute)) !== absolute) return false;
  const { dev, ino } = await lstat(absolute);
  return dev === opened.dev && ino === opened.ino;
}

function markOf({ size, mtimeMs, ctimeMs, ino }: Stats): string {
  return `${size} ${mtimeMs} ${ctimeMs} ${ino}`;
}

function afterFailure(error: NodeJS.ErrnoException, path: string): Found {
  const { code = '' } = error;
  // `ELOOP`: a symbolic link came in its place.
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(code)) return { kind: 'nothing' };
  if (!['EACCES', 'EPERM', 'EIO', 'EISDIR'].includes(code)) throw error;
  const spec = unreadableSpec(path, 'The file cannot be read.');
  return { kind: 'spec', file: { mark: '', isEmpty: false, spec } };
}

/** Does the work for each item, several at a time. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const workers = Array.from({ length: parallel }, async () => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
  });
  await Promise.all(workers);
}
