/** What only the store in PostgreSQL has to keep to; the rest is in `test/contract/snapshot-store.test.ts`. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openPostgresSnapshots } from '../../../extensions/snapshot-stores/postgres.ts';
import type { SnapshotInfo } from '../../../server/ports.ts';
import { type Place, type Postgres, startPostgres } from '../../helpers/postgres.ts';

const info: SnapshotInfo = { revision: 1, at: 1, byteSize: 3, contributors: [], name: null };
const bytes = Uint8Array.of(1, 2, 3);
let postgres: Postgres;
let place: Place;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  place = await postgres.emptyPlace();
  onTestFinished(() => place.drop());
});

async function opened(url = place.url) {
  const store = await openPostgresSnapshots({ url, timeoutMs: 10_000 });
  onTestFinished(() => store.close());
  return store;
}

it('makes its table once, when several nodes start at the same time', async () => {
  const stores = await Promise.all(Array.from({ length: 8 }, () => opened()));
  await stores[0]?.write('record:a', info, bytes);
  for (const store of stores) expect(await store.read('record:a', 1)).toEqual(bytes);
});

it.each([
  ["'format 99'", 'the table realtime_snapshots has format 99; this version reads format 1'],
  ['NULL', 'the table realtime_snapshots has no format; this version reads format 1'],
])('refuses a table that says %s, and leaves it as it is', async (format, reason) => {
  await place.run(
    `CREATE TABLE realtime_snapshots (x int); COMMENT ON TABLE realtime_snapshots IS ${format}`,
  );
  await expect(opened()).rejects.toThrow(reason);
  await place.run('INSERT INTO realtime_snapshots (x) VALUES (1)');
});

it('has what was written on the disk of the server, even where the database promises less', async () => {
  const store = await opened(`${place.url}%20-csynchronous_commit%3Doff`);
  await place.run(`
    CREATE TABLE seen (setting text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
    CREATE TRIGGER note BEFORE INSERT ON realtime_snapshots FOR EACH ROW EXECUTE FUNCTION note();
  `);
  await store.write('record:a', info, bytes);
  expect(await place.run('SELECT * FROM seen')).toEqual([{ setting: 'on' }]);
});

describe('a connection that breaks', () => {
  const breakAll = () =>
    place.run('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      'the-store',
    ]);

  it('while nobody uses it is replaced by another', async () => {
    const store = await opened(`${place.url}&application_name=the-store`);
    await store.write('record:a', info, bytes);
    expect((await breakAll()).length).toBeGreaterThan(0);
    await new Promise((resolve) => setImmediate(resolve));
    // One question may still meet the broken connection.
    await store.list('record:a').catch(() => undefined);
    expect(await store.read('record:a', 1)).toEqual(bytes);
  });

  it('in the middle of a write is an error, and nothing is written', async () => {
    const store = await opened(`${place.url}&application_name=the-store`);
    await place.run(`
      CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$;
      CREATE TRIGGER wait BEFORE INSERT ON realtime_snapshots FOR EACH ROW EXECUTE FUNCTION wait();
    `);
    const written = store.write('record:a', info, bytes).catch((error: unknown) => error);
    await expect.poll(async () => (await place.run(sleeping)).length, { timeout: 20_000 }).toBe(1);
    await breakAll();
    expect(await written).toBeInstanceOf(Error);
    await place.run('DROP TRIGGER wait ON realtime_snapshots');
    expect(await store.list('record:a')).toEqual([]);
    await store.write('record:a', info, bytes);
  });
});

it('says that nobody answers, and nothing of the password', async () => {
  const url = 'postgres://realtime:very-secret@127.0.0.1:1/records';
  const error = await openPostgresSnapshots({ url, timeoutMs: 2_000 }).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^the snapshots in PostgreSQL cannot be opened: .*ECONNREFUSED/),
    cause: expect.objectContaining({ code: 'ECONNREFUSED' }),
  });
  expect(String((error as Error).stack)).not.toContain('very-secret');
});

const sleeping =
  "SELECT 1 FROM pg_stat_activity WHERE application_name = 'the-store' AND wait_event = 'PgSleep'";
