/** What only the SQLite store has to keep to; the rest is in `test/contract/snapshot-store.test.ts`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteSnapshots } from '../../../extensions/snapshot-stores/sqlite.ts';
import type { SnapshotInfo } from '../../../server/ports.ts';

const info: SnapshotInfo = { revision: 1, at: 1, byteSize: 3, contributors: [], name: null };
const bytes = Uint8Array.of(1, 2, 3);
let file: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sqlite-snapshots-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  file = join(folder, 'snapshots.sqlite');
});

async function opened() {
  const store = await openSqliteSnapshots(file);
  onTestFinished(() => store.close());
  return store;
}

function inDatabase(sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

describe('a file', () => {
  it.each([
    [99, /format 99; this version reads format 2/],
    [1, /format 1, which was in no release .* opened from the drafts/],
  ])('of format %d is refused, and stays as it is', async (version, reason) => {
    inDatabase(`CREATE TABLE snapshots (document_name TEXT); PRAGMA user_version = ${version}`);
    await expect(opened()).rejects.toThrow(reason);
    await expect(opened()).rejects.toThrow(file);
    inDatabase("INSERT INTO snapshots VALUES ('as it was')");
  });

  it('that is no database is refused by its name', async () => {
    await writeFile(file, 'not a database, and longer than a header of one hundred bytes'.repeat(9));
    await expect(opened()).rejects.toThrow(
      `the snapshots in ${file} cannot be opened: file is not a database`,
    );
  });

  it('that is new can be opened by several at once', async () => {
    const stores = await Promise.all([opened(), opened(), opened()]);
    await stores[0]?.write('record:a', info, bytes);
    for (const store of stores) expect(await store.read('record:a', 1)).toEqual(bytes);
  });
});

describe('a lock that another process holds', () => {
  it('is reported before long, while reading goes on, and is forgotten when it is gone', async () => {
    const store = await opened();
    await store.write('record:a', info, bytes);
    const other = new DatabaseSync(file);
    onTestFinished(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    const startedAt = performance.now();
    await expect(store.write('record:a', { ...info, revision: 2 }, bytes)).rejects.toThrow('locked');
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(await store.read('record:a', 1)).toEqual(bytes);
    other.exec('ROLLBACK');
    await store.write('record:a', { ...info, revision: 2 }, bytes);
  });
});
