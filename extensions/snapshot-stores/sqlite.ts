/**
 * Keeps snapshots in one SQLite file, through Node's own `node:sqlite` in a worker thread.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Base } from '../../markdown/index.ts';
import type { Snapshot, SnapshotStore, StoredSnapshot } from '../../server/ports.ts';
import type { SnapshotRow, WorkerMethods } from './sqlite-worker.ts';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

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
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(file: string) {
    // The same file name beside this one, whether run as TypeScript or as built JavaScript.
    const url = new URL(import.meta.url.replace(/sqlite(\.[jt]s)$/, 'sqlite-worker$1'));
    this.#worker = new Worker(url, { workerData: { file } });
    this.#worker.on('message', (reply: { id: number; result?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (reply.error === undefined) waiting?.resolve(reply.result);
      else waiting?.reject(new Error(reply.error));
    });
    this.#worker.on('error', (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', () => this.#end(new Error('the snapshot store is closed')));
  }

  async read(documentName: string): Promise<StoredSnapshot | null> {
    const row = (await this.#call('read', documentName)) as SnapshotRow | null;
    return row && { ...row, base: JSON.parse(row.base) as Base };
  }

  write(documentName: string, { state, base }: Snapshot): Promise<number> {
    return this.#call('write', documentName, state, JSON.stringify(base)) as Promise<number>;
  }

  async settle(documentName: string, revision: number, base: Base): Promise<void> {
    await this.#call('settle', documentName, revision, JSON.stringify(base));
  }

  owing(): Promise<string[]> {
    return this.#call('owing') as Promise<string[]>;
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#call('close').catch(() => undefined);
    await this.#worker.terminate();
  }

  #call<Method extends keyof WorkerMethods>(
    method: Method,
    ...args: Parameters<WorkerMethods[Method]>
  ): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, args });
    });
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
    this.#waiting.clear();
  }
}
