/**
 * Keeps snapshots in one SQLite file, through Node's own `node:sqlite` in a worker thread.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Base } from '../../markdown/index.ts';
import type { Snapshot, SnapshotStore, StoredSnapshot } from '../../server/ports.ts';
import { WorkerCalls, workerBeside } from '../../server/worker-calls.ts';
import type { SqliteMethods } from './sqlite-worker.ts';

/** @throws Error when the file cannot be opened, or was written by another version */
export async function openSqliteSnapshots(file: string): Promise<SnapshotStore> {
  await mkdir(dirname(file), { recursive: true });
  const store = new SqliteSnapshots(file);
  await store.owing().catch((cause: Error) => {
    throw new Error(`the snapshots in ${file} cannot be opened: ${cause.message}`, { cause });
  });
  return store;
}

class SqliteSnapshots implements SnapshotStore {
  readonly #worker: WorkerCalls<SqliteMethods>;

  constructor(file: string) {
    const url = workerBeside(import.meta.url, 'sqlite-worker');
    this.#worker = new WorkerCalls(url, { file }, 'the snapshot store is closed');
  }

  async read(documentName: string): Promise<StoredSnapshot | null> {
    const row = await this.#worker.call('read', documentName);
    if (!row) return null;
    return {
      ...row,
      base: JSON.parse(row.base) as Base,
      unconfirmed: JSON.parse(row.unconfirmed) as string[],
    };
  }

  write(documentName: string, { state, base }: Snapshot): Promise<number> {
    return this.#worker.call('write', documentName, state, JSON.stringify(base));
  }

  sending(documentName: string, unconfirmed: readonly string[]): Promise<void> {
    return this.#worker.call('sending', documentName, JSON.stringify(unconfirmed));
  }

  settle(documentName: string, revision: number, base: Base): Promise<void> {
    return this.#worker.call('settle', documentName, revision, JSON.stringify(base));
  }

  owing(): Promise<string[]> {
    return this.#worker.call('owing');
  }

  async close(): Promise<void> {
    // What was asked for before is done first: calls are answered in order.
    await this.#worker.call('close').catch(() => undefined);
    await this.#worker.close();
  }
}
