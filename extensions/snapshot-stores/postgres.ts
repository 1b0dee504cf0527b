/**
 * Keeps snapshots in PostgreSQL, in the table `realtime_snapshots`: for several nodes that share them, or for towns
 * whose backups cover a database anyway.
 *
 * The table is made at the first start. What PostgreSQL says when something fails is for the log, never for clients.
 */
import { Pool, type PoolClient } from 'pg';
import type { Contributor, SnapshotInfo, SnapshotStore } from '../../server/ports.ts';
import { RevisionTaken } from '../../server/revision-taken.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=require` and whatever else libpq knows. */
  readonly url: string;
  /** How long a connection, or an answer, may take. */
  readonly timeoutMs: number;
}

const formatVersion = 1;

/** One snapshot is written at a time for each document; a few connections serve many documents. */
const maxConnections = 4;

/** Any number, so long as every node takes the same: who holds it makes the table, the others wait. */
const migrationLock = 7_236_837_465;

/** @throws Error when the database cannot be reached, or its table was made by another version */
export async function openPostgresSnapshots({ url, timeoutMs }: PostgresOptions): Promise<SnapshotStore> {
  const pool = new Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  // A connection that breaks while nobody uses it: the next question opens another, or says what is wrong.
  pool.on('error', () => undefined);
  try {
    await inTransaction(pool, createTable);
  } catch (cause) {
    await pool.end();
    throw new Error(`the snapshots in PostgreSQL cannot be opened: ${wordsOf(cause)}`, { cause });
  }
  return new PostgresSnapshots(pool);
}

class PostgresSnapshots implements SnapshotStore {
  readonly keepsVersions = true;
  readonly #pool: Pool;

  /** What a close waits for. */
  readonly #underWay = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async list(documentName: string): Promise<SnapshotInfo[]> {
    const rows = await this.#query<{
      revision: string;
      at: Date;
      byte_size: number;
      contributors: Contributor[];
      name: string | null;
    }>(
      `SELECT revision, at, octet_length(bytes) AS byte_size, contributors, name
        FROM realtime_snapshots WHERE document_name = $1 ORDER BY revision DESC`,
      [documentName],
    );
    return rows.map(({ revision, at, byte_size, contributors, name }) => ({
      revision: Number(revision),
      at: at.getTime(),
      byteSize: byte_size,
      contributors,
      name,
    }));
  }

  async newest(documentName: string): Promise<{ revision: number; bytes: Uint8Array } | null> {
    const [row] = await this.#query<{ revision: string; bytes: Buffer }>(
      'SELECT revision, bytes FROM realtime_snapshots WHERE document_name = $1 ORDER BY revision DESC LIMIT 1',
      [documentName],
    );
    return row ? { revision: Number(row.revision), bytes: new Uint8Array(row.bytes) } : null;
  }

  async read(documentName: string, revision: number): Promise<Uint8Array | null> {
    const [row] = await this.#query<{ bytes: Buffer }>(
      'SELECT bytes FROM realtime_snapshots WHERE document_name = $1 AND revision = $2',
      [documentName, revision],
    );
    return row ? new Uint8Array(row.bytes) : null;
  }

  async write(documentName: string, info: SnapshotInfo, bytes: Uint8Array): Promise<void> {
    const { revision, at, contributors, name } = info;
    const values = [documentName, revision, new Date(at), JSON.stringify(contributors), name, bytes];
    const written = await this.#during(() =>
      inTransaction(this.#pool, async (client) => {
        // Whatever the database is set to: a snapshot that is reported as written is.
        await client.query('SET LOCAL synchronous_commit = on');
        return client.query(
          `INSERT INTO realtime_snapshots (document_name, revision, at, contributors, name, bytes)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
          values,
        );
      }),
    );
    if (written.rowCount === 0) throw new RevisionTaken(documentName, revision);
  }

  async rename(documentName: string, revision: number, name: string | null): Promise<boolean> {
    const rows = await this.#query(
      'UPDATE realtime_snapshots SET name = $3 WHERE document_name = $1 AND revision = $2 RETURNING revision',
      [documentName, revision, name],
    );
    return rows.length > 0;
  }

  async remove(documentName: string, revisions: readonly number[]): Promise<void> {
    await this.#query(
      'DELETE FROM realtime_snapshots WHERE document_name = $1 AND revision = ANY($2::bigint[])',
      [documentName, revisions],
    );
  }

  async documents(): Promise<string[]> {
    const rows = await this.#query<{ document_name: string }>(
      'SELECT DISTINCT document_name FROM realtime_snapshots',
      [],
    );
    return rows.map(({ document_name }) => document_name);
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#underWay).then(() => this.#pool.end());
    return this.#closed;
  }

  async #query<Row extends object>(sql: string, values: unknown[]): Promise<Row[]> {
    const { rows } = await this.#during(() => this.#pool.query<Row>(sql, values));
    return rows;
  }

  async #during<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new Error('the snapshot store is closed');
    const result = work();
    this.#underWay.add(result);
    try {
      return await result;
    } finally {
      this.#underWay.delete(result);
    }
  }
}

async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    broken = false;
    return result;
  } finally {
    // A connection in an unknown state is not used again; closing it rolls back.
    client.release(broken);
  }
}

/** @throws Error when another version made the table */
async function createTable(client: PoolClient): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
  const { rows } = await client.query<{ format: string | null }>(
    `SELECT obj_description(oid, 'pg_class') AS format
      FROM pg_class WHERE oid = to_regclass('realtime_snapshots')`,
  );
  const found = rows[0]?.format;
  if (found === `format ${formatVersion}`) return;
  if (rows.length > 0) {
    throw new Error(
      `the table realtime_snapshots has ${found ?? 'no format'}; this version reads format ${formatVersion}`,
    );
  }
  await client.query(`
    CREATE TABLE realtime_snapshots (
      document_name text NOT NULL,
      revision bigint NOT NULL,
      at timestamptz NOT NULL,
      contributors json NOT NULL,
      name text,
      bytes bytea NOT NULL,
      PRIMARY KEY (document_name, revision)
    )`);
  // The bytes are compressed already.
  await client.query('ALTER TABLE realtime_snapshots ALTER COLUMN bytes SET STORAGE EXTERNAL');
  await client.query(`COMMENT ON TABLE realtime_snapshots IS 'format ${formatVersion}'`);
}

/** A refused connection comes as an error without words when there were several addresses. */
function wordsOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
