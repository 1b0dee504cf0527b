/**
 * The thread behind `sqlite.ts`: it alone opens the database, so that no disk is ever waited for by the event loop.
 *
 * An entry costs one row and, since a document's rows lie together, one page of the database at each commit. Which
 * sequence comes next is kept in memory and found again when the file is opened; nothing else is written for it.
 *
 * The ledger has the text of a record only once: a later one, as a rule much the same, is kept as what it takes to make
 * it of that, in a row of its own, so that a draft of a long record writes a few hundred bytes.
 */
import { workerData } from 'node:worker_threads';
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Base } from '../../markdown/index.ts';
import type { LedgerEntry } from '../../server/ports.ts';
import { openDatabase } from '../../server/sqlite-database.ts';
import { answerCalls } from '../../server/worker-calls.ts';
import { changedBy, changeFrom, compressed, decompressed } from './text-changes.ts';

export interface JournalRow {
  readonly sequence: number;
  readonly update: Uint8Array;
  readonly userId: string | null;
  readonly userName: string | null;
  readonly at: number;
  /** As JSON text. */
  readonly base: string | null;
}

export interface AppendCall {
  readonly documentName: string;
  readonly rows: readonly Omit<JournalRow, 'sequence'>[];
}

/** What the ledger is to have from now on; what is not there stays as it is. */
export type ChangedTexts = Partial<Pick<LedgerEntry, 'base' | 'restored'>>;

/** A document in memory: its key in the tables, and its last entry's sequence. */
interface Known {
  readonly key: number;
  last: number;
}

const database = openDatabase((workerData as { file: string }).file, {
  version: 2,
  // A commit writes whole pages, and an edit is small: so the pages are.
  pageBytes: 1_024,
  // What lasts longer is told to the rooms, and tried again.
  lockedMs: 1_500,
  tables: `
    CREATE TABLE documents (
      key INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      trimmed_through INTEGER NOT NULL DEFAULT 0,
      settled_through INTEGER NOT NULL DEFAULT 0,
      base_change BLOB,
      unconfirmed TEXT NOT NULL DEFAULT '[]'
    ) STRICT;
    CREATE TABLE bases (
      document INTEGER PRIMARY KEY,
      content BLOB NOT NULL
    ) STRICT;
    CREATE TABLE entries (
      document INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      at INTEGER NOT NULL,
      user_id TEXT,
      user_name TEXT,
      base BLOB,
      checksum INTEGER NOT NULL,
      content BLOB NOT NULL,
      PRIMARY KEY (document, sequence)
    ) STRICT, WITHOUT ROWID;
  `,
});
// Apart from the others: the first files of this format lack it.
database.exec(
  'CREATE TABLE IF NOT EXISTS restored (document INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT',
);

const statements = {
  begin: database.prepare('BEGIN IMMEDIATE'),
  commit: database.prepare('COMMIT'),
  rollback: database.prepare('ROLLBACK'),
  find: database.prepare(`
    SELECT key,
        MAX(trimmed_through, settled_through, IFNULL((SELECT MAX(sequence) FROM entries WHERE document = key), 0)) AS last
      FROM documents WHERE name = ?
  `),
  add: database.prepare('INSERT INTO documents (name) VALUES (?) RETURNING key'),
  append: database.prepare(
    'INSERT INTO entries (document, sequence, at, user_id, user_name, base, content, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  ),
  read: database.prepare(`
    SELECT sequence, at, user_id, user_name, base, content, checksum
      FROM entries WHERE document = ? AND sequence > ? ORDER BY sequence
  `),
  trim: database.prepare('DELETE FROM entries WHERE document = ? AND sequence <= ?'),
  trimmed: database.prepare('UPDATE documents SET trimmed_through = MAX(trimmed_through, ?) WHERE key = ?'),
  trimmedThrough: database.prepare('SELECT trimmed_through AS sequence FROM documents WHERE key = ?'),
  ledger: database.prepare(
    'SELECT base_change AS change, settled_through AS settled, unconfirmed FROM documents WHERE key = ?',
  ),
  sending: database.prepare('UPDATE documents SET unconfirmed = ? WHERE key = ?'),
  settle: database.prepare(
    "UPDATE documents SET settled_through = MAX(settled_through, ?), unconfirmed = '[]' WHERE key = ?",
  ),
  whole: database.prepare('SELECT content FROM bases WHERE document = ?'),
  storeWhole: database.prepare(
    'INSERT INTO bases VALUES (?, ?) ON CONFLICT (document) DO UPDATE SET content = excluded.content',
  ),
  storeChange: database.prepare('UPDATE documents SET base_change = ? WHERE key = ?'),
  owing: database.prepare(`
    SELECT name FROM documents
      WHERE MAX(trimmed_through, IFNULL((SELECT MAX(sequence) FROM entries WHERE document = key), 0)) > settled_through
        OR EXISTS (SELECT 1 FROM restored WHERE document = key)
      ORDER BY name
  `),
  restored: database.prepare('SELECT content FROM restored WHERE document = ?'),
  storeRestored: database.prepare(
    'INSERT INTO restored VALUES (?, ?) ON CONFLICT (document) DO UPDATE SET content = excluded.content',
  ),
  forgetRestored: database.prepare('DELETE FROM restored WHERE document = ?'),
};

const known = new Map<string, Known>();

let ledgerChanges: Promise<void> = Promise.resolve();

const methods = {
  /** Each call's last sequence, in order. */
  append(calls: readonly AppendCall[]): number[] {
    return inOneCommit(() =>
      calls.map(({ documentName, rows }) => {
        const document = documentOf(documentName);
        for (const row of rows) {
          document.last += 1;
          const { update, userId, userName, at, base } = row;
          const checksum = checksumOf(documentName, { ...row, sequence: document.last });
          const stored = base === null ? null : zstdCompressSync(base);
          statements.append.run(document.key, document.last, at, userId, userName, stored, update, checksum);
        }
        return document.last;
      }),
    );
  },

  read(documentName: string, after: number): { rows: JournalRow[]; damaged: number; isComplete: boolean } {
    const document = find(documentName);
    const stored = document ? statements.read.all(document.key, after) : [];
    const rows = stored.map((row) => readable(documentName, row)).filter((row) => row !== null);
    const trimmedThrough = document ? Number(statements.trimmedThrough.get(document.key)?.sequence) : 0;
    // Sequences have no gaps: what is not here, or not whole, is lost.
    const kept = (document?.last ?? 0) - Math.max(after, trimmedThrough);
    return { rows, damaged: Math.max(0, kept - rows.length), isComplete: trimmedThrough <= after };
  },

  trim(documentName: string, through: number): void {
    const document = find(documentName);
    if (!document) return;
    inOneCommit(() => {
      statements.trim.run(document.key, through);
      statements.trimmed.run(Math.min(through, document.last), document.key);
    });
  },

  async ledger(documentName: string): Promise<LedgerEntry | null> {
    const document = find(documentName);
    const row = document && statements.ledger.get(document.key);
    const content = document && wholeOf(document.key);
    if (!document || !row || !content) return null;
    const owesEdits = document.last > Number(row.settled);
    const storedRestored = statements.restored.get(document.key)?.content as Uint8Array | undefined;
    const change = row.change as Uint8Array | null;
    const base = change ? await changedBy(content, change) : await decompressed(content, {});
    const restored = storedRestored ? await decompressed(storedRestored, {}) : 'null';
    return {
      base: JSON.parse(base.toString()) as Base,
      restored: JSON.parse(restored.toString()) as Base | null,
      owesWriteback: owesEdits || storedRestored !== undefined,
      unconfirmed: JSON.parse(String(row.unconfirmed)) as string[],
    };
  },

  sending(documentName: string, texts: ChangedTexts, unconfirmed: readonly string[]): Promise<void> {
    const names = JSON.stringify(unconfirmed);
    return changeLedger(documentName, texts, (key) => statements.sending.run(names, key));
  },

  settle(documentName: string, texts: ChangedTexts, through: number): Promise<void> {
    return changeLedger(documentName, texts, (key) => statements.settle.run(through, key));
  },

  owing(): string[] {
    return statements.owing.all().map(({ name }) => String(name));
  },

  async close(): Promise<void> {
    await ledgerChanges;
    database.close();
  },
};

export type SqliteJournalMethods = typeof methods;

answerCalls(methods, () => undefined);

function inOneCommit<Result>(change: () => Result): Result {
  statements.begin.run();
  try {
    const result = change();
    statements.commit.run();
    return result;
  } catch (error) {
    // What memory knows of sequences may be ahead of what is stored now.
    known.clear();
    if (database.isTransaction) statements.rollback.run();
    throw error;
  }
}

function documentOf(documentName: string): Known {
  const found = find(documentName);
  if (found) return found;
  const added: Known = { key: Number(statements.add.get(documentName)?.key), last: 0 };
  known.set(documentName, added);
  return added;
}

function find(documentName: string): Known | undefined {
  const remembered = known.get(documentName);
  if (remembered) return remembered;
  const row = statements.find.get(documentName);
  if (row?.key === undefined || row.key === null) return undefined;
  const found = { key: Number(row.key), last: Number(row.last) };
  known.set(documentName, found);
  return found;
}

/** One behind the other; to compress a long text takes a while, and no append waits for that. */
function changeLedger(
  documentName: string,
  { base, restored }: ChangedTexts,
  change: (key: number) => void,
): Promise<void> {
  const done = ledgerChanges.then(async () => {
    const packed = base && (await pack(documentName, Buffer.from(JSON.stringify(base))));
    const packedRestored = restored && (await compressed(Buffer.from(JSON.stringify(restored)), {}));
    inOneCommit(() => {
      const { key } = documentOf(documentName);
      if (packed?.isWhole) statements.storeWhole.run(key, packed.bytes);
      if (packed) statements.storeChange.run(packed.isWhole ? null : packed.bytes, key);
      if (packedRestored) statements.storeRestored.run(key, packedRestored);
      if (restored === null) statements.forgetRestored.run(key);
      change(key);
    });
  });
  ledgerChanges = done.catch(() => undefined);
  return done;
}

async function pack(documentName: string, base: Buffer): Promise<{ isWhole: boolean; bytes: Buffer }> {
  const document = find(documentName);
  const content = document && wholeOf(document.key);
  const change = content ? await changeFrom(content, base) : null;
  if (change) return { isWhole: false, bytes: change };
  return { isWhole: true, bytes: await compressed(base, {}) };
}

function wholeOf(key: number): Uint8Array | undefined {
  return statements.whole.get(key)?.content as Uint8Array | undefined;
}

/** `null` when the row is not what was appended. */
function readable(documentName: string, row: Record<string, unknown>): JournalRow | null {
  try {
    const found: JournalRow = {
      sequence: Number(row.sequence),
      update: new Uint8Array(row.content as Uint8Array),
      userId: row.user_id as string | null,
      userName: row.user_name as string | null,
      at: Number(row.at),
      base: row.base === null ? null : zstdDecompressSync(row.base as Uint8Array).toString(),
    };
    return checksumOf(documentName, found) === row.checksum ? found : null;
  } catch {
    return null;
  }
}

function checksumOf(
  documentName: string,
  { sequence, update, userId, userName, at, base }: JournalRow,
): number {
  return crc32(update, crc32(JSON.stringify([documentName, sequence, userId, userName, at, base])));
}
