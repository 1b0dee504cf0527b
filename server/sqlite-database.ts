/**
 * Opens a SQLite file for a thread of its own: what is committed is on the disk, and a new file has its tables before
 * anybody else sees it.
 */
import { DatabaseSync } from 'node:sqlite';

export interface DatabaseFormat {
  readonly version: number;
  /** How much is written at least. SQLite's own size when unset; it counts for a new file. */
  readonly pageBytes?: number;
  /** How long to wait for another process that holds a lock, in ms; then the call fails. */
  readonly lockedMs: number;
  /** SQL that makes the tables. */
  readonly tables: string;
  /** Throws what is to be said of a version that is not read any more. */
  readonly refuse?: (version: unknown) => void;
}

/** Another process that opens the same new file has made its tables by then. */
const openingMs = 2_000;

/** @throws Error when another version made the file */
export function openDatabase(file: string, format: DatabaseFormat): DatabaseSync {
  const opened = new DatabaseSync(file, { timeout: openingMs });
  try {
    if (format.pageBytes) opened.exec(`PRAGMA page_size = ${format.pageBytes}`);
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
    createTables(opened, format);
    opened.exec(`COMMIT; PRAGMA busy_timeout = ${format.lockedMs}`);
    return opened;
  } catch (error) {
    // The thread may live on for a while, and its lock with it.
    opened.close();
    throw error;
  }
}

function createTables(opened: DatabaseSync, { version, tables, refuse }: DatabaseFormat): void {
  const found = opened.prepare('PRAGMA user_version').get()?.user_version;
  if (found === version) return;
  refuse?.(found);
  if (found !== 0) throw new Error(`it has format ${found}; this version reads format ${version}`);
  opened.exec(`${tables} PRAGMA user_version = ${version};`);
}
