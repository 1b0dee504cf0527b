/**
 * The thread behind `sqlite.ts`: it alone opens the database, so that no disk is ever waited for by the event loop.
 */
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { answerCalls } from '../../server/worker-calls.ts';

/** A row as it stands: the base and the unconfirmed drafts travel as JSON text. */
export interface SnapshotRow {
  readonly state: Uint8Array<ArrayBuffer>;
  readonly base: string;
  readonly revision: number;
  readonly owesWriteback: boolean;
  readonly unconfirmed: string;
}

const formatVersion = 1;

const database = new DatabaseSync((workerData as { file: string }).file);
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 2000;
`);
createTables();

const statements = {
  read: database.prepare(
    'SELECT state, base, revision, owes_writeback AS owes, unconfirmed FROM snapshots WHERE document_name = ?',
  ),
  write: database.prepare(`
    INSERT INTO snapshots (document_name, state, base, revision, owes_writeback) VALUES (?, ?, ?, 1, 1)
    ON CONFLICT (document_name) DO UPDATE
      SET state = excluded.state, base = excluded.base, revision = revision + 1, owes_writeback = 1
    RETURNING revision
  `),
  sending: database.prepare('UPDATE snapshots SET unconfirmed = ? WHERE document_name = ?'),
  settle: database.prepare(`
    UPDATE snapshots
      SET base = ?, owes_writeback = (revision > ?) AND owes_writeback, unconfirmed = '[]'
      WHERE document_name = ?
  `),
  owing: database.prepare('SELECT document_name AS name FROM snapshots WHERE owes_writeback = 1'),
};

const methods = {
  read(documentName: string): SnapshotRow | null {
    const row = statements.read.get(documentName);
    if (!row) return null;
    return {
      state: new Uint8Array(row.state as Uint8Array<ArrayBuffer>),
      base: String(row.base),
      revision: Number(row.revision),
      owesWriteback: row.owes === 1,
      unconfirmed: String(row.unconfirmed),
    };
  },
  write(documentName: string, state: Uint8Array, base: string): number {
    return Number(statements.write.get(documentName, state, base)?.revision);
  },
  sending(documentName: string, unconfirmed: string): void {
    statements.sending.run(unconfirmed, documentName);
  },
  settle(documentName: string, revision: number, base: string): void {
    statements.settle.run(base, revision, documentName);
  },
  owing(): string[] {
    return statements.owing.all().map((row: Record<string, SQLOutputValue>) => String(row.name));
  },
  close(): void {
    database.close();
  },
};

export type SqliteMethods = typeof methods;

answerCalls(methods, (result) => (result as SnapshotRow | null | undefined)?.state);

function createTables(): void {
  const version = database.prepare('PRAGMA user_version').get()?.user_version;
  if (version === formatVersion) return;
  if (version !== 0) {
    throw new Error(`the database has format ${version}; this version reads format ${formatVersion}`);
  }
  database.exec(`
    CREATE TABLE snapshots (
      document_name TEXT PRIMARY KEY,
      state BLOB NOT NULL,
      base TEXT NOT NULL,
      revision INTEGER NOT NULL,
      owes_writeback INTEGER NOT NULL,
      unconfirmed TEXT NOT NULL DEFAULT '[]'
    ) STRICT;
    PRAGMA user_version = ${formatVersion};
  `);
}
