/**
 * Keeps snapshots in a folder: below it one folder for each document, in that one file for each version, which holds
 * a line of JSON and then the snapshot's bytes.
 *
 * A file gets its name when it is finished and on stable storage, so a crash leaves the old or the new, never half of
 * one. Two processes may share the folder: a name that is there is never given again.
 */
import { randomUUID } from 'node:crypto';
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseDocumentName } from '../../server/document-name.ts';
import type { SnapshotInfo, SnapshotStore } from '../../server/ports.ts';
import { RevisionTaken } from '../../server/revision-taken.ts';
import { Turns } from '../../server/turns.ts';

/** What the first line says; the rest of `SnapshotInfo` is in the file's name and length. */
const headerShape = z.object({
  at: z.number(),
  name: z.string().nullable(),
  contributors: z.array(z.object({ id: z.string(), name: z.string() })),
});

type Header = z.infer<typeof headerShape>;

const unfinishedFolder = '.unfinished';

/** Nobody still writes a file that was begun this long ago. */
const abandonedAfterMs = 60_000;

const newline = 0x0a;

export async function openFilesystemSnapshots(folder: string): Promise<SnapshotStore> {
  await mkdir(join(folder, unfinishedFolder), { recursive: true });
  await sweepAbandoned(join(folder, unfinishedFolder));
  return new FilesystemSnapshots(folder);
}

class FilesystemSnapshots implements SnapshotStore {
  readonly keepsVersions = true;
  readonly #folder: string;

  /** One change at a time for each document. */
  readonly #changes = new Turns();
  #isClosed = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(documentName: string): Promise<SnapshotInfo[]> {
    this.#refuseWhenClosed();
    const revisions = await revisionsIn(this.#folderOf(documentName));
    const infos: SnapshotInfo[] = [];
    // One after the other: on a stop every room asks, and there are only so many file handles.
    for (const revision of revisions.sort((one, other) => other - one)) {
      const info = await this.#infoOf(documentName, revision);
      if (info) infos.push(info);
    }
    return infos;
  }

  async newest(documentName: string): Promise<{ revision: number; bytes: Uint8Array } | null> {
    this.#refuseWhenClosed();
    const revisions = await revisionsIn(this.#folderOf(documentName));
    // One may be removed meanwhile.
    for (const revision of revisions.sort((one, other) => other - one)) {
      const bytes = await this.read(documentName, revision);
      if (bytes) return { revision, bytes };
    }
    return null;
  }

  async read(documentName: string, revision: number): Promise<Uint8Array | null> {
    this.#refuseWhenClosed();
    const content = await readFile(this.#fileOf(documentName, revision)).catch(nullWhenMissing);
    return content && new Uint8Array(content.subarray(bytesStartIn(content)));
  }

  write(documentName: string, info: SnapshotInfo, bytes: Uint8Array): Promise<void> {
    return this.#change(documentName, async () => {
      const unfinished = await this.#writeUnfinished(info, bytes);
      const folder = this.#folderOf(documentName);
      const file = this.#fileOf(documentName, info.revision);
      try {
        await mkdir(folder, { recursive: true });
        await syncFolder(this.#folder);
        // A rename would replace what is there.
        await link(unfinished, file).catch((error: NodeJS.ErrnoException) => {
          throw error.code === 'EEXIST' ? new RevisionTaken(documentName, info.revision) : error;
        });
        await syncFolder(folder).catch(async (error: unknown) => {
          await rm(file, { force: true });
          throw error;
        });
      } finally {
        await rm(unfinished, { force: true });
      }
    });
  }

  rename(documentName: string, revision: number, name: string | null): Promise<boolean> {
    return this.#change(documentName, async () => {
      const file = this.#fileOf(documentName, revision);
      const content = await readFile(file).catch(nullWhenMissing);
      const info = content && (await this.#infoOf(documentName, revision));
      if (!info) return false;
      const unfinished = await this.#writeUnfinished(
        { ...info, name },
        content.subarray(bytesStartIn(content)),
      );
      await rename(unfinished, file);
      await syncFolder(this.#folderOf(documentName));
      return true;
    });
  }

  remove(documentName: string, revisions: readonly number[]): Promise<void> {
    return this.#change(documentName, async () => {
      for (const revision of revisions) await rm(this.#fileOf(documentName, revision), { force: true });
      const folder = this.#folderOf(documentName);
      const left = await revisionsIn(folder);
      if (left.length > 0) return syncFolder(folder);
      // Empty by now, unless another process is about to put something into it.
      await rmdir(folder).catch(() => undefined);
      return syncFolder(this.#folder);
    });
  }

  async documents(): Promise<string[]> {
    this.#refuseWhenClosed();
    const names: string[] = [];
    for (const folder of await readdir(this.#folder)) {
      const documentName = documentNameIn(folder);
      // A crash may leave an empty folder.
      const isKept = documentName && (await revisionsIn(join(this.#folder, folder))).length > 0;
      if (isKept) names.push(documentName);
    }
    return names;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#changes.ended();
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new Error('the snapshot store is closed');
  }

  async #change<Result>(documentName: string, change: () => Promise<Result>): Promise<Result> {
    this.#refuseWhenClosed();
    return this.#changes.take(documentName, change);
  }

  /** `null` when it is gone meanwhile. What a damaged header does not tell, the file itself does. */
  async #infoOf(documentName: string, revision: number): Promise<SnapshotInfo | null> {
    const handle = await open(this.#fileOf(documentName, revision)).catch(nullWhenMissing);
    if (!handle) return null;
    try {
      const { size, mtimeMs } = await handle.stat();
      const head = await headOf(handle);
      const header = headerIn(head) ?? { at: Math.round(mtimeMs), contributors: [], name: null };
      return { revision, byteSize: size - bytesStartIn(head), ...header };
    } finally {
      await handle.close();
    }
  }

  /** Finished and on stable storage, but not yet by its name; a failure leaves nothing. */
  async #writeUnfinished({ at, contributors, name }: SnapshotInfo, bytes: Uint8Array): Promise<string> {
    const file = join(this.#folder, unfinishedFolder, randomUUID());
    const header: Header = { at, name, contributors: contributors.map(({ id, name }) => ({ id, name })) };
    try {
      const handle = await open(file, 'wx');
      try {
        await handle.writeFile(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), bytes]));
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
    return file;
  }

  #fileOf(documentName: string, revision: number): string {
    return join(this.#folderOf(documentName), `${revision}.snapshot`);
  }

  /** The grammar of ids leaves no way out of the folder. */
  #folderOf(documentName: string): string {
    const { type, id } = parseDocumentName(documentName);
    return join(this.#folder, `${type}.${id}`);
  }
}

/** Where the snapshot's bytes begin: behind the first line, or at once where there is no line. */
function bytesStartIn(content: Buffer): number {
  return content.indexOf(newline) + 1;
}

function headerIn(content: Buffer): Header | null {
  try {
    return headerShape.parse(JSON.parse(content.toString('utf8', 0, content.indexOf(newline))));
  } catch {
    return null;
  }
}

/** The beginning of a file, with all of its first line in it. */
async function headOf(handle: FileHandle): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for (let length = 4_096; ; length *= 4) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0);
    head = buffer.subarray(0, bytesRead);
    if (head.includes(newline) || bytesRead < length) return head;
  }
}

/** `null` for what else may lie beside the documents' folders. */
function documentNameIn(folder: string): string | null {
  try {
    const { type, id } = parseDocumentName(folder.replace('.', ':'));
    return id === null ? null : `${type}:${id}`;
  } catch {
    return null;
  }
}

/** None for a document without a folder. */
async function revisionsIn(folder: string): Promise<number[]> {
  const names = (await readdir(folder).catch(nullWhenMissing)) ?? [];
  const found = names.map((name) => /^([1-9]\d*)\.snapshot$/.exec(name)?.[1]);
  return found.filter((text) => text !== undefined).map(Number);
}

async function sweepAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const stats = await stat(file).catch(nullWhenMissing);
    if (stats && stats.mtimeMs < Date.now() - abandonedAfterMs) await rm(file, { force: true });
  }
}

/** A name is only durable once the folder that holds it is. */
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
