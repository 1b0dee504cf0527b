/**
 * Keeps snapshots in one SQLite file, through Node's own `node:sqlite` in a worker thread.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Contributor, SnapshotInfo, SnapshotStore } from '../../server/ports.ts';
import { RevisionTaken } from '../../server/revision-taken.ts';
import { WorkerCalls, workerBeside } from '../../server/worker-calls.ts';
import type { SqliteMethods } from './sqlite-worker.ts';

/** @throws Error when the file cannot be opened, or was written by another version */
export async function openSqliteSnapshots(file: string): Promise<SnapshotStore> {
  await mkdir(dirname(file), { recursive: true });
  const url = workerBeside(import.meta.url, 'sqlite-worker');
  const worker = new WorkerCalls<SqliteMethods>(url, { file }, 'the snapshot store is closed');
  try {
    await worker.call('documents');
  } catch (cause) {
    await worker.close();
    throw new Error(`the snapshots in ${file} cannot be opened: ${(cause as Error).message}`, { cause });
  }
  return new SqliteSnapshots(worker);
}

class SqliteSnapshots implements SnapshotStore {
  readonly keepsVersions = true;
  readonly #worker: WorkerCalls<SqliteMethods>;

  constructor(worker: WorkerCalls<SqliteMethods>) {
    this.#worker = worker;
  }

  async list(documentName: string): Promise<SnapshotInfo[]> {
    const rows = await this.#worker.call('list', documentName);
    return rows.map(({ contributors, ...row }) => ({
      ...row,
      contributors: JSON.parse(contributors) as Contributor[],
    }));
  }

  newest(documentName: string): Promise<{ revision: number; bytes: Uint8Array } | null> {
    return this.#worker.call('newest', documentName);
  }

  async read(documentName: string, revision: number): Promise<Uint8Array | null> {
    return (await this.#worker.call('read', documentName, revision))?.bytes ?? null;
  }

  async write(documentName: string, info: SnapshotInfo, bytes: Uint8Array): Promise<void> {
    const contributors = JSON.stringify(info.contributors);
    const isWritten = await this.#worker.call('write', documentName, { ...info, contributors }, bytes);
    if (!isWritten) throw new RevisionTaken(documentName, info.revision);
  }

  rename(documentName: string, revision: number, name: string | null): Promise<boolean> {
    return this.#worker.call('rename', documentName, revision, name);
  }

  remove(documentName: string, revisions: readonly number[]): Promise<void> {
    return this.#worker.call('remove', documentName, revisions);
  }

  documents(): Promise<string[]> {
    return this.#worker.call('documents');
  }

  async close(): Promise<void> {
    // What was asked for before is done first: calls are answered in order.
    await this.#worker.call('close').catch(() => undefined);
    await this.#worker.close();
  }
}
