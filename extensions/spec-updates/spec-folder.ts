/**
 * Reads the spec files of a folder, and nothing that lies outside of it.
 *
 * Whoever can write into the folder must not make the server tell what is in other files: symbolic links are not
 * followed, wherever in a path they stand, and a file counts only when a path without any leads to what was opened.
 *
 * It waits for the disk, and computes: it runs in a thread of its own, where that holds up nobody.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { readSpec, type Spec, unreadableSpec } from './spec.ts';

/** A file as it was last looked at. */
export interface SpecFile {
  /** Tells, without reading it, whether a file may have changed; empty when it does not. */
  readonly mark: string;
  readonly isEmpty: boolean;
  readonly spec: Spec;
}

/** What lies at a path: a spec, a folder with the paths of the files in it, or nothing that counts. */
export type Found =
  | { readonly kind: 'spec'; readonly file: SpecFile }
  | { readonly kind: 'folder'; readonly paths: readonly string[] }
  | { readonly kind: 'unchanged' | 'nothing' }
  /** The operating system could not say: it is busy, as a rule. */
  | { readonly kind: 'unknown'; readonly cause: string };

/** A path below the folder, and the mark that the file there had. */
export type Look = readonly [path: string, mark: string];

/** A file that was written this shortly before it was read may be written again without its times showing it. */
const sameTimeMs = 50;

export class SpecFolder {
  readonly #folder: string;
  readonly #maxFileBytes: number;
  /** Without symbolic links; it may be another one when the folder comes back. Not looked for yet when unset. */
  #root: string | null | undefined;

  constructor(folder: string, maxFileBytes: number) {
    this.#folder = folder;
    this.#maxFileBytes = maxFileBytes;
  }

  /** What tells this folder from one that takes its place, and where it is; `null` while there is none. */
  identity(): { root: string; key: string } | null {
    try {
      this.#root = realpathSync.native(this.#folder);
      const { dev, ino } = statSync(this.#root);
      return { root: this.#root, key: `${this.#root} ${dev} ${ino}` };
    } catch {
      this.#root = null;
      return null;
    }
  }

  /** The paths of all files that may be specs, below the folder, with `/`. */
  list(): string[] {
    const root = this.#rootNow();
    return root === null ? [] : this.#listIn(root, root);
  }

  look([path, mark]: Look): Found {
    const root = this.#rootNow();
    if (root === null) return { kind: 'nothing' };
    const absolute = join(root, path);
    if (!absolute.startsWith(root + sep)) return { kind: 'nothing' };
    try {
      const stats = lstatSync(absolute);
      if (stats.isDirectory()) return this.#lookIntoFolder(root, absolute);
      const isOne = isSpecName(path) && stats.isFile() && stats.size <= this.#maxFileBytes;
      if (!isOne) return { kind: 'nothing' };
      if (mark === markOf(stats)) return { kind: 'unchanged' };
      const file = openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        return this.#read(file, absolute, path);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      return afterFailure(error as NodeJS.ErrnoException, path);
    }
  }

  /** A thread that begins anew knows nothing yet: that must not look like a folder that is gone. */
  #rootNow(): string | null {
    if (this.#root === undefined) this.identity();
    return this.#root ?? null;
  }

  #lookIntoFolder(root: string, absolute: string): Found {
    if (realpathSync.native(absolute) !== absolute) return { kind: 'nothing' };
    return { kind: 'folder', paths: this.#listIn(root, absolute) };
  }

  #read(file: number, absolute: string, path: string): Found {
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > this.#maxFileBytes || !isReallyAt(absolute, stats)) {
      return { kind: 'nothing' };
    }
    const bytes = Buffer.alloc(stats.size);
    const length = readSync(file, bytes, 0, stats.size, 0);
    const isFresh = Date.now() - stats.mtimeMs < sameTimeMs;
    const spec = readSpec(path, bytes.subarray(0, length));
    return { kind: 'spec', file: { mark: isFresh ? '' : markOf(stats), isEmpty: length === 0, spec } };
  }

  #listIn(root: string, start: string): string[] {
    const files: string[] = [];
    const folders = [start];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of entriesOf(folder)) {
        if (isIgnored(entry.name)) continue;
        const path = join(folder, entry.name);
        if (entry.isDirectory()) folders.push(path);
        else if (entry.isFile() && isSpecName(entry.name)) files.push(relativeTo(root, path));
      }
    }
    return files;
  }
}

/** The path of something below the folder, with `/`; `null` for what is elsewhere or never a spec, '' for the folder. */
export function relativePathOf(root: string, absolute: string): string | null {
  if (absolute === root) return '';
  if (!absolute.startsWith(root + sep)) return null;
  const path = relativeTo(root, absolute);
  return path.split('/').some(isIgnored) ? null : path;
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

function relativeTo(root: string, absolute: string): string {
  return absolute.slice(root.length + 1).replaceAll(sep, '/');
}

/** None in a folder that is gone by now. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Whether a path without symbolic links leads to what was opened. */
function isReallyAt(absolute: string, opened: Stats): boolean {
  if (realpathSync.native(absolute) !== absolute) return false;
  const { dev, ino } = lstatSync(absolute);
  return dev === opened.dev && ino === opened.ino;
}

function markOf({ size, mtimeMs, ctimeMs, ino }: Stats): string {
  return `${size} ${mtimeMs} ${ctimeMs} ${ino}`;
}

function afterFailure(error: NodeJS.ErrnoException, path: string): Found {
  const { code = '', message } = error;
  // `ELOOP`: a symbolic link came in its place.
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(code)) return { kind: 'nothing' };
  if (!['EACCES', 'EPERM', 'EIO', 'EISDIR'].includes(code)) return { kind: 'unknown', cause: message };
  const spec = unreadableSpec(path, 'The file cannot be read.');
  return { kind: 'spec', file: { mark: '', isEmpty: false, spec } };
}
