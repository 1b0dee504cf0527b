/**
 * What every snapshot store keeps to: the contract of `SnapshotStore` in `server/ports.ts`.
 *
 * A new store joins with one more entry in `stores`.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openFilesystemSnapshots } from '../../extensions/snapshot-stores/filesystem.ts';
import { openMemorySnapshots } from '../../extensions/snapshot-stores/memory.ts';
import { openSqliteSnapshots } from '../../extensions/snapshot-stores/sqlite.ts';
import type { Snapshot, SnapshotStore } from '../../server/ports.ts';

interface StoreUnderTest {
  readonly name: string;
  open(folder: string): Promise<SnapshotStore>;
  /** For stores that outlive the process. */
  readonly durable?: {
    /** Makes each write of `record:a` fail, until the returned function is called. */
    breakWrites(folder: string): Promise<() => Promise<void>>;
    /** Marks what is stored of `record:a` as written by version 99 of the format. */
    makeNewer(folder: string): Promise<void>;
    /** Puts something else in the place of what is stored of `record:a`. */
    damage(folder: string): Promise<void>;
  };
}

const sqliteFile = (folder: string) => join(folder, 'snapshots.sqlite');
const snapshotFile = (folder: string) => join(folder, 'record.a.snapshot');

async function inDatabase(folder: string, sql: string): Promise<void> {
  const database = new DatabaseSync(sqliteFile(folder));
  database.exec(sql);
  database.close();
}

const stores: StoreUnderTest[] = [
  {
    name: 'sqlite',
    open: (folder) => openSqliteSnapshots(sqliteFile(folder)),
    durable: {
      async breakWrites(folder) {
        const raise = "BEGIN SELECT RAISE(ABORT, 'disk full'); END";
        await inDatabase(folder, `CREATE TRIGGER full BEFORE INSERT ON snapshots ${raise}`);
        return () => inDatabase(folder, 'DROP TRIGGER full');
      },
      makeNewer: (folder) => inDatabase(folder, 'PRAGMA user_version = 99'),
      damage: async (folder) => {
        await Promise.all(['', '-wal', '-shm'].map((end) => rm(sqliteFile(folder) + end, { force: true })));
        await writeFile(
          sqliteFile(folder),
          'not a database, and longer than a header of one hundred bytes'.repeat(9),
        );
      },
    },
  },
  {
    name: 'filesystem',
    open: openFilesystemSnapshots,
    durable: {
      async breakWrites(folder) {
        const inTheWay = `${snapshotFile(folder)}.unfinished`;
        await mkdir(inTheWay);
        return () => rm(inTheWay, { recursive: true });
      },
      async makeNewer(folder) {
        const text = await readFile(snapshotFile(folder), 'latin1');
        await writeFile(snapshotFile(folder), text.replace('"version":1', '"version":99'), 'latin1');
      },
      damage: (folder) => writeFile(snapshotFile(folder), 'nonsense'),
    },
  },
  { name: 'memory', open: async () => openMemorySnapshots() },
];

const base = (markdown: string): Snapshot['base'] => ({
  version: 2,
  markdown,
  dialect: 'tiptap',
  features: ['table'],
});
const snapshot = (text: string): Snapshot => ({ state: bytes(text), base: base(`${text}\n`) });
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

describe.each(stores)('the snapshot store "$name"', ({ open, durable }) => {
  let folder: string;
  let store: SnapshotStore;

  const opened = async () => {
    const another = await open(folder);
    onTestFinished(() => another.close());
    return another;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapshots-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    store = await opened();
  });

  it('has null and owes nothing at first', async () => {
    expect(await store.read('record:a')).toBeNull();
    expect(await store.owing()).toEqual([]);
  });

  it('[P3] gives back what was written, which owes a writeback', async () => {
    await store.write('record:a', snapshot('one'));
    const expected = { state: bytes('one'), base: base('one\n'), revision: 1 };
    expect(await store.read('record:a')).toEqual({ ...expected, owesWriteback: true, unconfirmed: [] });
    expect(await store.owing()).toEqual(['record:a']);
  });

  it('[P3] keeps the newest, one revision after the other', async () => {
    expect(await store.write('record:a', snapshot('one'))).toBe(1);
    expect(await store.write('record:a', snapshot('two'))).toBe(2);
    expect(await store.read('record:a')).toMatchObject({ state: bytes('two'), revision: 2 });
  });

  it('[P3] owes nothing when the newest revision is settled, until the next one', async () => {
    const revision = await store.write('record:a', snapshot('one'));
    await store.settle('record:a', revision, base('saved'));
    expect(await store.read('record:a')).toEqual({
      ...{ state: bytes('one'), base: base('saved'), revision, owesWriteback: false, unconfirmed: [] },
    });
    expect(await store.owing()).toEqual([]);

    await store.write('record:a', snapshot('two'));
    expect(await store.owing()).toEqual(['record:a']);
  });

  it('[P3] remembers drafts that were about to be sent, until the record is known to have them', async () => {
    await store.sending('record:a', ['nothing to remember it with']);
    const revision = await store.write('record:a', snapshot('one'));
    await store.sending('record:a', ['first', 'second']);
    await store.write('record:a', snapshot('two'));
    expect(await store.read('record:a')).toMatchObject({
      unconfirmed: ['first', 'second'],
      owesWriteback: true,
    });
    await store.settle('record:a', revision + 1, base('second'));
    expect(await store.read('record:a')).toMatchObject({ unconfirmed: [], owesWriteback: false });
  });

  it('[P3] still owes when a newer revision was written than is settled, and knows what the record says', async () => {
    const settled = await store.write('record:a', snapshot('one'));
    await store.write('record:a', snapshot('two'));
    await store.settle('record:a', settled, base('saved'));
    expect(await store.read('record:a')).toMatchObject({
      ...{ state: bytes('two'), base: base('saved'), owesWriteback: true },
    });
  });

  it('does not owe again by being settled late', async () => {
    await store.write('record:a', snapshot('one'));
    const newest = await store.write('record:a', snapshot('two'));
    await store.settle('record:a', newest, base('saved'));
    await store.settle('record:a', newest - 1, base('saved'));
    expect(await store.owing()).toEqual([]);
  });

  it('makes nothing of settling what it does not have', async () => {
    await store.settle('record:a', 1, base('saved'));
    expect(await store.read('record:a')).toBeNull();
  });

  it('does not mix two documents', async () => {
    await store.write('record:a', snapshot('of a'));
    await store.write('record:b', snapshot('of b'));
    await store.settle('record:a', 1, base('saved'));
    expect(await store.read('record:a')).toMatchObject({ state: bytes('of a'), base: base('saved') });
    expect(await store.read('record:b')).toMatchObject({ state: bytes('of b'), base: base('of b\n') });
    expect(await store.owing()).toEqual(['record:b']);
  });

  it('takes concurrent writes one after the other', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const revisions = await Promise.all(texts.map((text) => store.write('record:a', snapshot(text))));
    expect(revisions).toEqual(texts.map((_, index) => index + 1));
    expect(await store.read('record:a')).toMatchObject({ state: bytes('text 19'), revision: 20 });
  });

  it('takes a state of 5 MB, and any text as the base', async () => {
    const state = new Uint8Array(randomBytes(5_000_000));
    const markdown = 'line\nline\r\n\u2028 ünïcödé 🏛️ "quoted" \\ \u0000';
    await store.write('record:a', { state, base: base(markdown) });
    const read = await store.read('record:a');
    expect(Buffer.compare(read?.state ?? new Uint8Array(), state)).toBe(0);
    expect(read?.base.markdown).toBe(markdown);
  });

  it('finishes on closing what was begun, and says afterwards that it is closed', async () => {
    const write = store.write('record:a', snapshot('last'));
    await store.close();
    expect(await write).toBe(1);
    const closed = 'the snapshot store is closed';
    await expect(store.read('record:a')).rejects.toThrow(closed);
    await expect(store.write('record:a', snapshot('late'))).rejects.toThrow(closed);
    await expect(store.settle('record:a', 1, base(''))).rejects.toThrow(closed);
    await expect(store.owing()).rejects.toThrow(closed);
    await store.close();
  });

  if (!durable) return;

  describe('on disk', () => {
    const { breakWrites, makeNewer, damage } = durable;

    it('[P3] has everything when it is opened again', async () => {
      await store.write('record:a', snapshot('of a'));
      await store.write('record:b', snapshot('of b'));
      await store.settle('record:b', 1, base('saved'));
      await store.close();
      const again = await opened();
      expect(await again.read('record:a')).toMatchObject({ state: bytes('of a'), owesWriteback: true });
      expect(await again.read('record:b')).toMatchObject({ base: base('saved'), owesWriteback: false });
      expect(await again.write('record:a', snapshot('more'))).toBe(2);
    });

    it('[P3] has what was written even when nobody closed it', async () => {
      await store.write('record:a', snapshot('of a'));
      const again = await opened();
      expect(await again.read('record:a')).toMatchObject({ state: bytes('of a'), revision: 1 });
    });

    it('[P3] keeps the one before when a write fails, and takes the next', async () => {
      await store.write('record:a', snapshot('one'));
      const repair = await breakWrites(folder);
      await expect(store.write('record:a', snapshot('two'))).rejects.toThrow();
      expect(await store.read('record:a')).toMatchObject({ state: bytes('one'), revision: 1 });
      await repair();
      expect(await store.write('record:a', snapshot('three'))).toBe(2);
    });

    it('refuses what a newer version wrote', async () => {
      await store.write('record:a', snapshot('one'));
      await store.close();
      await makeNewer(folder);
      await expect(opened().then((again) => again.read('record:a'))).rejects.toThrow(/format 99.*format 1/);
    });

    it('names the file that is damaged', async () => {
      await store.write('record:a', snapshot('one'));
      await store.close();
      await damage(folder);
      await expect(opened().then((again) => again.read('record:a'))).rejects.toThrow(folder);
    });
  });
});
