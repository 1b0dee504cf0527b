/** The thread behind `commit.ts`. */
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../../server/sqlite-database.ts';
import { answerCalls } from '../../server/worker-calls.ts';

const { folder } = workerData as { folder: string };
const file = openSync(join(folder, 'pages'), 'w');
/** As much as SQLite writes for a small commit: a page, and what is said of it. */
const page = Buffer.alloc(1_048);
const database = openDatabase(join(folder, 'rows.sqlite'), {
  version: 1,
  pageBytes: 1_024,
  lockedMs: 1_500,
  tables: 'CREATE TABLE entries (sequence INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT;',
});
const insert = database.prepare('INSERT INTO entries (content) VALUES (?)');

const methods = {
  nothing(): void {},
  write(): void {
    writeSync(file, page);
    fsyncSync(file);
  },
  commit(update: Uint8Array): void {
    insert.run(update);
  },
};

export type CommitMethods = typeof methods;

answerCalls(methods, () => undefined);
