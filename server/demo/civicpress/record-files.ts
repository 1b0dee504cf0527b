/**
 * The folder of published records: finds, lists and writes Markdown files, and knows nothing of what is in them.
 *
 * Read afresh for every request, so that a file changed by hand or by Git is published at once.
 */
import { mkdir, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { writeAtomically } from './atomic-write.ts';

const EXTENSION = '.md';
const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** The ids that CivicPress publishes; nothing else reaches a path. */
const RECORD_ID = /^[a-zA-Z0-9_-]{1,128}$/;

export const isRecordId = (text: string) => RECORD_ID.test(text);

export interface RecordFile {
  /** The id that the file's name gives. */
  id: string;
  /** Relative to the folder, with `/`. */
  path: string;
  bytes: Uint8Array;
}

export class RecordFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The file of this record, or `null`. */
  async find(id: string): Promise<RecordFile | null> {
    if (!isRecordId(id)) return null;
    const path = (await this.#paths()).find((candidate) => idOf(candidate) === id);
    return path === undefined ? null : this.#read(path);
  }

  async list(): Promise<RecordFile[]> {
    const files: RecordFile[] = [];
    for (const path of await this.#paths()) {
      const file = await this.#read(path);
      if (file) files.push(file);
    }
    return files;
  }

  /** @throws when the path leads out of the folder. */
  async write(path: string, text: string): Promise<void> {
    const target = join(this.#folder, path);
    await mkdir(this.#folder, { recursive: true });
    // Before anything is created: a folder on the way may be a link to somewhere else.
    if (!(await this.#isInside(await nearestExisting(dirname(target))))) {
      throw new Error(`Record path outside of the folder: ${path}`);
    }
    await mkdir(dirname(target), { recursive: true });
    await writeAtomically(target, text);
  }

  /** `<id>.md` first, then `records/<type>/<year>/<id>.md`. */
  async #paths(): Promise<string[]> {
    const paths = await this.#markdownIn('');
    for (const type of await this.#foldersIn('records')) {
      for (const year of await this.#foldersIn(`records/${type}`)) {
        paths.push(...(await this.#markdownIn(`records/${type}/${year}/`)));
      }
    }
    return paths;
  }

  async #markdownIn(folder: string): Promise<string[]> {
    const names = (await this.#entriesOf(folder)).map((entry) => entry.name).sort();
    return names
      .filter((name) => name.endsWith(EXTENSION) && isRecordId(idOf(name)))
      .map((name) => folder + name);
  }

  async #foldersIn(folder: string): Promise<string[]> {
    const entries = await this.#entriesOf(folder);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  }

  async #entriesOf(folder: string) {
    return unlessMissing(readdir(join(this.#folder, folder), { withFileTypes: true }), []);
  }

  /** `null` for what is no file of a bearable size in this folder: a link may point anywhere. */
  async #read(path: string): Promise<RecordFile | null> {
    const target = join(this.#folder, path);
    if (!(await this.#isInside(target))) return null;
    const found = await unlessMissing(stat(target), null);
    if (!found?.isFile() || found.size > MAX_FILE_BYTES) return null;
    const bytes = await unlessMissing(readFile(target), null);
    return bytes && { id: idOf(path), path, bytes };
  }

  async #isInside(target: string): Promise<boolean> {
    const root = await unlessMissing(realpath(this.#folder), null);
    const real = await unlessMissing(realpath(target), null);
    return root !== null && real !== null && (real === root || real.startsWith(root + sep));
  }
}

const idOf = (path: string) => basename(path, EXTENSION);

async function nearestExisting(path: string): Promise<string> {
  return (await unlessMissing(realpath(path), null)) ?? nearestExisting(dirname(path));
}

/** A file can go at any moment, for instance with a Git checkout. */
async function unlessMissing<T, M>(reading: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await reading;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return missing;
    throw cause;
  }
}
