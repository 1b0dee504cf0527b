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
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openCivicPressSnapshots } from '../../extensions/snapshot-stores/civicpress-api.ts';
import { openFilesystemSnapshots } from '../../extensions/snapshot-stores/filesystem.ts';
import { openPostgresSnapshots } from '../../extensions/snapshot-stores/postgres.ts';
import { openSqliteSnapshots } from '../../extensions/snapshot-stores/sqlite.ts';
import { connectCivicPress } from '../../server/civicpress/http.ts';
import { startEmbeddedCivicPress } from '../../server/demo/civicpress/index.ts';
import type { Contributor, SnapshotInfo, SnapshotStore } from '../../server/ports.ts';
import { RevisionTaken } from '../../server/revision-taken.ts';
import { decodeSnapshot, encodeSnapshot, SnapshotDamaged } from '../../server/snapshot-format.ts';
import { startFlakyProxy } from '../helpers/flaky-proxy.ts';
import { openMemorySnapshots } from '../helpers/memory-snapshots.ts';
import { type Postgres, startPostgres } from '../helpers/postgres.ts';

interface StoreUnderTest {
  readonly name: string;
  /** Whether older versions stay, can be named, and are listed by document. */
  readonly keepsVersions: boolean;
  /** Whether it outlives the process. */
  readonly isDurable: boolean;
  /** A storage of its own for one test; what it needs beside the folder it ends itself. */
  start(folder: string): Promise<Storage>;
}

interface Storage {
  /** Each call is another instance on the same storage. */
  open(): Promise<SnapshotStore>;
  /** For stores that outlive the process. */
  readonly outside?: Outside;
}

/** What happens to a storage without its store. */
interface Outside {
  /** Makes each write of `record:a` fail, until the returned function is called. */
  breakWrites(): Promise<() => Promise<void>>;
  /** Flips one bit of the bytes of this revision of `record:a`, while no store is open. */
  damage(revision: number): Promise<void>;
}

const stores: StoreUnderTest[] = [
  { name: 'sqlite', keepsVersions: true, isDurable: true, start: startSqlite },
  { name: 'filesystem', keepsVersions: true, isDurable: true, start: startFilesystem },
  { name: 'postgres', keepsVersions: true, isDurable: true, start: startInPostgres },
  { name: 'civicpress', keepsVersions: false, isDurable: true, start: startInCivicPress },
  { name: 'memory', keepsVersions: true, isDurable: false, start: startMemory },
];

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

describe.each(stores)('the snapshot store "$name"', ({ keepsVersions, isDurable, start }) => {
  let storage: Storage;
  let store: SnapshotStore;

  const opened = async () => {
    const another = await storage.open();
    onTestFinished(() => another.close());
    return another;
  };

  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'snapshots-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    storage = await start(folder);
    store = await opened();
  });

  it('has nothing at first', async () => {
    expect(store.keepsVersions).toBe(keepsVersions);
    expect(await store.list('record:a')).toEqual([]);
    expect(await store.newest('record:a')).toBeNull();
    expect(await store.read('record:a', 1)).toBeNull();
    expect(await store.rename('record:a', 1, 'name')).toBe(false);
    await store.remove('record:a', [1, 2]);
    expect(await store.documents()).toEqual([]);
  });

  it('[P3] gives back what was written', async () => {
    await write(store, 'record:a', 1, 'one');
    expect(await store.list('record:a')).toEqual([infoOf(1, 'one')]);
    expect(await store.newest('record:a')).toEqual({ revision: 1, bytes: bytesOf('one') });
    expect(await store.read('record:a', 1)).toEqual(bytesOf('one'));
    expect(await store.read('record:a', 2)).toBeNull();
  });

  it('[P3] keeps the first of two writes of one revision', async () => {
    await write(store, 'record:a', 1, 'one');
    await expect(write(store, 'record:a', 1, 'another')).rejects.toThrow(RevisionTaken);
    expect(await store.list('record:a')).toEqual([infoOf(1, 'one')]);
    expect(await store.read('record:a', 1)).toEqual(bytesOf('one'));
    await write(store, 'record:a', 2, 'two');
  });

  it('[P3] takes one of many writes of one revision at the same time', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const writes = await Promise.allSettled(texts.map((text) => write(store, 'record:a', 1, text)));
    const taken = texts.filter((_, index) => writes[index]?.status === 'fulfilled');
    expect(taken).toHaveLength(1);
    expect(await store.read('record:a', 1)).toEqual(bytesOf(taken[0] as string));
    for (const { reason } of writes.filter(
      ({ status }) => status === 'rejected',
    ) as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(RevisionTaken);
    }
  });

  it('does not mix documents, nor those whose names differ in case only', async () => {
    const names = ['record:a', 'record:A', 'record:aa', 'record:a_-9'];
    for (const name of names) await write(store, name, 1, `of ${name}`);
    for (const name of names) expect(await store.read(name, 1)).toEqual(bytesOf(`of ${name}`));
  });

  it('takes 5 MB, and any text as a name of somebody', async () => {
    const bytes = new Uint8Array(randomBytes(5_000_000));
    const contributors = [
      { id: '7', name: 'Zoë \u2028 王 🏛️ "quoted" \\ \n \u0000 line' },
      { id: '8', name: `'); DROP TABLE snapshots; --` },
    ];
    await store.write('record:a', { ...infoOf(1, ''), byteSize: bytes.length, contributors }, bytes);
    expect(Buffer.compare((await store.read('record:a', 1)) ?? Buffer.alloc(0), bytes)).toBe(0);
    expect(await store.list('record:a')).toMatchObject([{ byteSize: 5_000_000, contributors }]);
  });

  it('finishes on closing what was begun, and says afterwards that it is closed', async () => {
    const written = write(store, 'record:a', 1, 'last');
    await store.close();
    await written;
    const closed = 'the snapshot store is closed';
    await expect(store.list('record:a')).rejects.toThrow(closed);
    await expect(store.newest('record:a')).rejects.toThrow(closed);
    await expect(store.read('record:a', 1)).rejects.toThrow(closed);
    await expect(write(store, 'record:a', 2, 'late')).rejects.toThrow(closed);
    await expect(store.rename('record:a', 1, 'late')).rejects.toThrow(closed);
    await expect(store.remove('record:a', [1])).rejects.toThrow(closed);
    await expect(store.documents()).rejects.toThrow(closed);
    await store.close();
  });

  if (keepsVersions)
    describe('with versions', () => {
      it('[P3] keeps each, and lists the newest first', async () => {
        const revisions = Array.from({ length: 12 }, (_, index) => index + 1);
        for (const revision of revisions) await write(store, 'record:a', revision, `text ${revision}`);
        expect(await store.list('record:a')).toEqual(
          revisions.toReversed().map((revision) => infoOf(revision, `text ${revision}`)),
        );
        expect(await store.newest('record:a')).toEqual({ revision: 12, bytes: bytesOf('text 12') });
        for (const revision of revisions) {
          expect(await store.read('record:a', revision)).toEqual(bytesOf(`text ${revision}`));
        }
      });

      it('names one, names it anew, and takes the name away', async () => {
        await write(store, 'record:a', 1, 'one');
        await write(store, 'record:a', 2, 'two');
        for (const name of ['First reading', 'Lecture n° 1 "🏛️"\n', null, `'; --`]) {
          expect(await store.rename('record:a', 1, name)).toBe(true);
          expect(await store.list('record:a')).toEqual([infoOf(2, 'two'), { ...infoOf(1, 'one'), name }]);
        }
        expect(await store.read('record:a', 1)).toEqual(bytesOf('one'));
        expect(await store.rename('record:a', 3, 'none')).toBe(false);
        expect(await store.rename('record:b', 1, 'none')).toBe(false);
      });

      it('[P3] removes those that are named, of this document', async () => {
        for (const revision of [1, 2, 3]) await write(store, 'record:a', revision, 'a');
        await write(store, 'record:b', 1, 'b');
        await store.remove('record:a', [1, 3, 99]);
        await store.remove('record:a', []);
        expect(await store.list('record:a')).toEqual([infoOf(2, 'a')]);
        expect(await store.newest('record:a')).toEqual({ revision: 2, bytes: bytesOf('a') });
        expect(await store.read('record:a', 1)).toBeNull();
        expect(await store.list('record:b')).toEqual([infoOf(1, 'b')]);
      });

      it('names the documents that have a snapshot', async () => {
        await write(store, 'record:a', 1, 'a');
        await write(store, 'record:a', 2, 'a');
        await write(store, 'record:b-9_Z', 1, 'b');
        expect((await store.documents()).sort()).toEqual(['record:a', 'record:b-9_Z']);
        await store.remove('record:a', [1, 2]);
        expect(await store.documents()).toEqual(['record:b-9_Z']);
        await write(store, 'record:a', 1, 'anew');
        expect((await store.documents()).sort()).toEqual(['record:a', 'record:b-9_Z']);
      });
    });

  if (!keepsVersions)
    describe('with the newest only', () => {
      it('keeps the newest, and nothing older', async () => {
        await write(store, 'record:a', 1, 'one');
        await write(store, 'record:a', 2, 'two');
        expect(await store.list('record:a')).toEqual([infoOf(2, 'two')]);
        expect(await store.read('record:a', 1)).toBeNull();
        await expect(write(store, 'record:a', 1, 'late')).rejects.toThrow(RevisionTaken);
        expect(await store.read('record:a', 2)).toEqual(bytesOf('two'));
      });

      it('names none, removes none, and cannot say which documents it has', async () => {
        await write(store, 'record:a', 1, 'one');
        expect(await store.rename('record:a', 1, 'First reading')).toBe(false);
        await store.remove('record:a', [1]);
        expect(await store.list('record:a')).toEqual([infoOf(1, 'one')]);
        expect(await store.documents()).toEqual([]);
      });
    });

  if (isDurable)
    describe('beyond the process', () => {
      const outside = () => storage.outside as Outside;

      it('[P3] has everything when it is opened again', async () => {
        await write(store, 'record:a', 1, 'one');
        const isNamed = await store.rename('record:a', 1, 'kept');
        await write(store, 'record:b', 1, 'of b');
        await store.close();
        const again = await opened();
        expect(await again.list('record:a')).toEqual([
          { ...infoOf(1, 'one'), name: isNamed ? 'kept' : null },
        ]);
        expect(await again.read('record:a', 1)).toEqual(bytesOf('one'));
        expect(await again.read('record:b', 1)).toEqual(bytesOf('of b'));
      });

      it('[P3] has what was written even when nobody closed it', async () => {
        await write(store, 'record:a', 1, 'one');
        const again = await opened();
        expect(await again.read('record:a', 1)).toEqual(bytesOf('one'));
      });

      it('[P3] keeps the one before when a write fails, and takes the same revision later', async () => {
        await write(store, 'record:a', 1, 'one');
        const repair = await outside().breakWrites();
        await expect(write(store, 'record:a', 2, 'two')).rejects.not.toThrow(RevisionTaken);
        await repair();
        expect(await store.list('record:a')).toEqual([infoOf(1, 'one')]);
        expect(await store.read('record:a', 1)).toEqual(bytesOf('one'));
        await write(store, 'record:a', 2, 'two again');
        expect(await store.read('record:a', 2)).toEqual(bytesOf('two again'));
      });

      it('[P3] never gives a revision twice, whichever instance writes it', async () => {
        const other = await opened();
        await write(store, 'record:a', 1, 'one');
        await expect(write(other, 'record:a', 1, 'another')).rejects.toThrow(RevisionTaken);
        expect(await other.read('record:a', 1)).toEqual(bytesOf('one'));

        const both = [write(store, 'record:a', 2, 'mine'), write(other, 'record:a', 2, 'yours')];
        const outcomes = (await Promise.allSettled(both)).map(({ status }) => status);
        expect(outcomes.sort()).toEqual(['fulfilled', 'rejected']);
        expect(await other.read('record:a', 2)).toEqual(await store.read('record:a', 2));
      });

      it('[V1] gives damaged bytes as they are, for their reader to tell, and everything else besides', async () => {
        const whole = encodeSnapshot({
          state: bytesOf('state'),
          stateVector: bytesOf('vector'),
          base: { version: 2, markdown: 'base\n', dialect: 'tiptap', features: [], isOpaque: false },
          contributors: [],
          at: 1,
          covers: null,
        });
        await store.write('record:b', { ...infoOf(1, ''), byteSize: whole.length }, whole);
        for (const revision of [1, 2]) {
          await store.write('record:a', { ...infoOf(revision, ''), byteSize: whole.length }, whole);
        }
        await store.close();
        await outside().damage(2);
        const again = await opened();
        const damaged = await again.read('record:a', 2);
        expect(damaged).not.toBeNull();
        expect(() => decodeSnapshot(damaged as Uint8Array)).toThrow(SnapshotDamaged);
        expect(await again.read('record:b', 1)).toEqual(whole);
        if (keepsVersions) expect(await again.read('record:a', 1)).toEqual(whole);
        expect((await again.list('record:a')).map(({ revision }) => revision)).toEqual(
          keepsVersions ? [2, 1] : [2],
        );
        await write(again, 'record:a', 3, 'three');
        expect(await again.read('record:a', 3)).toEqual(bytesOf('three'));
      });
    });
});

const alice: Contributor = { id: '1', name: 'Alice' };

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

function infoOf(revision: number, text: string): SnapshotInfo {
  const at = 1_795_000_000_000 + revision;
  return { revision, at, byteSize: Buffer.byteLength(text), contributors: [alice], name: null };
}

function write(store: SnapshotStore, documentName: string, revision: number, text: string): Promise<void> {
  return store.write(documentName, infoOf(revision, text), bytesOf(text));
}

async function startSqlite(folder: string): Promise<Storage> {
  const file = join(folder, 'snapshots.sqlite');
  const inDatabase = async (sql: string) => {
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
  };
  return {
    open: () => openSqliteSnapshots(file),
    outside: {
      async breakWrites() {
        const raise = "BEGIN SELECT RAISE(ABORT, 'disk full'); END";
        await inDatabase(`CREATE TRIGGER full BEFORE INSERT ON snapshots ${raise}`);
        return () => inDatabase('DROP TRIGGER full');
      },
      async damage(revision) {
        const row = `document_name = 'record:a' AND revision = ${revision}`;
        const database = new DatabaseSync(file);
        const bytes = database.prepare(`SELECT bytes FROM snapshots WHERE ${row}`).get()?.bytes as Uint8Array;
        database.prepare(`UPDATE snapshots SET bytes = ? WHERE ${row}`).run(flipped(bytes));
        database.close();
      },
    },
  };
}

async function startFilesystem(folder: string): Promise<Storage> {
  const root = join(folder, 'snapshots');
  return {
    open: () => openFilesystemSnapshots(root),
    outside: {
      async breakWrites() {
        const inTheWay = join(root, '.unfinished');
        await rm(inTheWay, { recursive: true });
        await writeFile(inTheWay, '');
        return async () => {
          await rm(inTheWay);
          await mkdir(inTheWay);
        };
      },
      async damage(revision) {
        const file = join(root, 'record.a', `${revision}.snapshot`);
        await writeFile(file, flipped(await readFile(file)));
      },
    },
  };
}

async function startInPostgres(): Promise<Storage> {
  const place = await postgres.emptyPlace();
  onTestFinished(() => place.drop());
  return {
    open: () => openPostgresSnapshots({ url: place.url, timeoutMs: 10_000 }),
    outside: {
      async breakWrites() {
        await place.run(`
          CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$;
          CREATE TRIGGER fail BEFORE INSERT ON realtime_snapshots FOR EACH ROW EXECUTE FUNCTION fail();
        `);
        return async () => void (await place.run('DROP TRIGGER fail ON realtime_snapshots'));
      },
      async damage(revision) {
        await place.run(
          `UPDATE realtime_snapshots SET bytes = set_bit(bytes, 300, 1 - get_bit(bytes, 300))
            WHERE document_name = 'record:a' AND revision = $1`,
          [revision],
        );
      },
    },
  };
}

async function startInCivicPress(folder: string): Promise<Storage> {
  const service = { username: 'realtime', password: 'of the tests' };
  const start = () =>
    startEmbeddedCivicPress({
      recordsDir: join(folder, 'records'),
      dataDir: folder,
      users: [{ ...service, role: 'clerk' }],
    });
  let civicpress = await start();
  let wire = await startFlakyProxy(civicpress.url);
  const stop = async () => {
    await wire.close();
    await civicpress.close();
  };
  onTestFinished(() => stop());
  return {
    async open() {
      const options = { service, timeoutMs: 5_000, cacheMs: 60_000, forwardAddress: false };
      return openCivicPressSnapshots(connectCivicPress({ url: wire.url, ...options }).service);
    },
    outside: {
      async breakWrites() {
        wire.mode = 'error500';
        wire.only = (method) => method === 'POST';
        return async () => {
          wire.mode = 'pass';
        };
      },
      async damage() {
        await stop();
        const file = join(folder, 'collab-snapshots', 'a.json');
        const stored = JSON.parse(await readFile(file, 'utf8')) as { snapshot: string };
        const snapshot = Buffer.from(flipped(Buffer.from(stored.snapshot, 'base64'))).toString('base64');
        await writeFile(file, JSON.stringify({ ...stored, snapshot }));
        civicpress = await start();
        wire = await startFlakyProxy(civicpress.url);
      },
    },
  };
}

/** Nothing to share: what it keeps is gone with it. */
async function startMemory(): Promise<Storage> {
  return { open: async () => openMemorySnapshots() };
}

/** With one bit turned over, near the end. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  (copy[copy.length - 5] as number) ^= 4;
  return copy;
}
