/**
 * The thread behind `sqlite.ts`: it alone opens the database, so that no disk is ever waited for by the event loop.
 */
import type { SQLOutputValue } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../../server/sqlite-database.ts';
import { answerCalls } from '../../server/worker-calls.ts';

/** A version as it stands in the table: its contributors travel as JSON text. */
export interface SnapshotRow {
  readonly revision: number;
  readonly at: number;
  readonly byteSize: number;
  readonly contributors: string;
  readonly name: string | null;
}

/** A version, which changes hands instead of being copied. */
interface StoredBytes {
  readonly revision: number;
  readonly bytes: Uint8Array;
}

const database = openDatabase((workerData as { file: string }).file, {
  version: 2,
  // What lasts longer is reported, and whoever asked tries again: other documents wait behind this one.
  lockedMs: 200,
  tables: `
    CREATE TABLE snapshots (
      document_name TEXT NOT NULL,
      revision INTEGER NOT NULL,
      at INTEGER NOT NULL,
      contributors TEXT NOT NULL,
      name TEXT,
      bytes BLOB NOT NULL,
      PRIMARY KEY (document_name, revision)
    ) STRICT;
  `,
  refuse(version) {
    if (version !== 1) return;
    throw new Error(
      'it has format 1, which was in no release and is not read any more. ' +
        'Move it away; documents are then opened from the drafts of their records',
    );
  },
});

const statements = {
  list: database.prepare(`
    SELECT revision, at, length(bytes) AS byteSize, contributors, name
      FROM snapshots WHERE document_name = ? ORDER BY revision DESC
  `),
  newest: database.prepare(
    'SELECT revision, bytes FROM snapshots WHERE document_name = ? ORDER BY revision DESC LIMIT 1',
  ),
  read: database.prepare('SELECT bytes FROM snapshots WHERE document_name = ? AND revision = ?'),
  write: database.prepare(`
    INSERT INTO snapshots (document_name, revision, at, contributors, name, bytes) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING
  `),
  rename: database.prepare('UPDATE snapshots SET name = ? WHERE document_name = ? AND revision = ?'),
  remove: database.prepare(`
    DELETE FROM snapshots WHERE document_name = ? AND revision IN (SELECT value FROM json_each(?))
  `),
  documents: database.prepare('SELECT DISTINCT document_name AS name FROM snapshots'),
};

const methods = {
  list(documentName: string): SnapshotRow[] {
    return statements.list.all(documentName).map((row) => ({
      revision: Number(row.revision),
      at: Number(row.at),
      byteSize: Number(row.byteSize),
      contributors: String(row.contributors),
      name: row.name === null ? null : String(row.name),
    }));
  },
  newest(documentName: string): StoredBytes | null {
    const row = statements.newest.get(documentName);
    return row ? { revision: Number(row.revision), bytes: bytesIn(row) } : null;
  },
  read(documentName: string, revision: number): StoredBytes | null {
    const row = statements.read.get(documentName, revision);
    return row ? { revision, bytes: bytesIn(row) } : null;
  },
  /** `false` when there is such a revision already. */
  write(documentName: string, { revision, at, contributors, name }: SnapshotRow, bytes: Uint8Array): boolean {
    return statements.write.run(documentName, revision, at, contributors, name, bytes).changes === 1;
  },
  rename(documentName: string, revision: number, name: string | null): boolean {
    return statements.rename.run(name, documentName, revision).changes === 1;
  },
  remove(documentName: string, revisions: readonly number[]): void {
    statements.remove.run(documentName, JSON.stringify(revisions));
  },
  documents(): string[] {
    return statements.documents.all().map((row: Record<string, SQLOutputValue>) => String(row.name));
  },
  close(): void {
    database.close();
  },
};

function bytesIn(row: Record<string, SQLOutputValue>): Uint8Array {
  return new Uint8Array(row.bytes as Uint8Array<ArrayBuffer>);
}

export type SqliteMethods = typeof methods;

answerCalls(methods, (result) => (result as Partial<StoredBytes> | null | undefined)?.bytes);
