/**
 * Keeps snapshots in a folder, one file for each document: a line of JSON, then the state's bytes.
 *
 * A file is replaced by renaming a finished one over it, so a crash leaves the old or the new, never half of one.
 */
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Base } from '../../markdown/index.ts';
import { parseDocumentName } from '../../server/document-name.ts';
import type { Snapshot, SnapshotStore, StoredSnapshot } from '../../server/ports.ts';

const formatVersion = 1;

interface Header {
  readonly version: typeof formatVersion;
  readonly documentName: string;
  readonly base: Base;
  readonly revision: number;
  readonly owesWriteback: boolean;
  readonly unconfirmed: readonly string[];
}

const suffix = '.snapshot';

export async function openFilesystemSnapshots(folder: string): Promise<SnapshotStore> {
  await mkdir(folder, { recursive: true });
  return new FilesystemSnapshots(folder);
}

class FilesystemSnapshots implements SnapshotStore {
  readonly #folder: string;

  /** One change at a time for each document. */
  readonly #changes = new Map<string, Promise<unknown>>();
  #isClosed = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(documentName: string): Promise<StoredSnapshot | null> {
    this.#refuseWhenClosed();
    return this.#read(documentName);
  }

  async #read(documentName: string): Promise<StoredSnapshot | null> {
    const file = this.#fileOf(documentName);
    const bytes = await readFile(file).catch(nullWhenMissing);
    if (!bytes) return null;
    const { header, state } = parse(bytes, file);
    const { base, revision, owesWriteback, unconfirmed } = header;
    return { state, base, revision, owesWriteback, unconfirmed };
  }

  write(documentName: string, { state, base }: Snapshot): Promise<number> {
    return this.#change(documentName, async () => {
      const newest = await this.#read(documentName);
      const revision = (newest?.revision ?? 0) + 1;
      const unconfirmed = newest?.unconfirmed ?? [];
      await this.#replace({ documentName, base, revision, owesWriteback: true, unconfirmed }, state);
      return revision;
    });
  }

  sending(documentName: string, unconfirmed: readonly string[]): Promise<void> {
    return this.#change(documentName, async () => {
      const newest = await this.#read(documentName);
      if (!newest) return;
      const { state, ...header } = newest;
      await this.#replace({ ...header, documentName, unconfirmed }, state);
    });
  }

  settle(documentName: string, revision: number, base: Base): Promise<void> {
    return this.#change(documentName, async () => {
      const newest = await this.#read(documentName);
      if (!newest) return;
      const owesWriteback = newest.owesWriteback && newest.revision > revision;
      const header = { documentName, base, revision: newest.revision, owesWriteback, unconfirmed: [] };
      await this.#replace(header, newest.state);
    });
  }

  async owing(): Promise<string[]> {
    this.#refuseWhenClosed();
    const names: string[] = [];
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith(suffix)) continue;
      const file = join(this.#folder, name);
      // One that cannot be read is reported when its document is opened; the others are owed all the same.
      const header = await readFile(file)
        .then((bytes) => parse(bytes, file).header)
        .catch(() => null);
      if (header?.owesWriteback) names.push(header.documentName);
    }
    return names;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#changes.values());
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new Error('the snapshot store is closed');
  }

  async #change<Result>(documentName: string, change: () => Promise<Result>): Promise<Result> {
    this.#refuseWhenClosed();
    const before = this.#changes.get(documentName) ?? Promise.resolve();
    const after = before.then(change, change);
    this.#changes.set(documentName, after);
    const forget = () => {
      if (this.#changes.get(documentName) === after) this.#changes.delete(documentName);
    };
    after.then(forget, forget);
    return after;
  }

  async #replace(fields: Omit<Header, 'version'>, state: Uint8Array): Promise<void> {
    const header: Header = { version: formatVersion, ...fields };
    const file = this.#fileOf(header.documentName);
    const unfinished = `${file}.unfinished`;
    await writeDurably(unfinished, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), state]));
    await rename(unfinished, file);
    await syncFolder(this.#folder);
  }

  /** The grammar of ids leaves no way out of the folder. */
  #fileOf(documentName: string): string {
    const { type, id } = parseDocumentName(documentName);
    return join(this.#folder, `${type}.${id}${suffix}`);
  }
}

/** @throws Error when the file was written by another version, or is no snapshot */
function parse(bytes: Buffer, file: string): { header: Header; state: Uint8Array } {
  const end = bytes.indexOf('\n');
  const header = headerOf(bytes.toString('utf8', 0, Math.max(0, end)));
  if (header?.version !== formatVersion) {
    const found = header?.version === undefined ? 'no snapshot' : `format ${header.version}`;
    throw new Error(`${file} holds ${found}; this version reads format ${formatVersion}`);
  }
  return { header, state: new Uint8Array(bytes.subarray(end + 1)) };
}

function headerOf(line: string): Header | undefined {
  try {
    return JSON.parse(line) as Header;
  } catch {
    return undefined;
  }
}

async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is only durable once the folder that holds the name is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
