/**
 * The program with each place where snapshots may be: a text that was left there is there again.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedCivicPress } from '../server/demo/civicpress/index.ts';
import { decodeSnapshot } from '../server/snapshot-format.ts';
import { Clerk } from './helpers/clerk.ts';
import { type Place, type Postgres, startPostgres } from './helpers/postgres.ts';
import { Program } from './helpers/program.ts';
import { until } from './helpers/until.ts';

let postgres: Postgres;
let place: Place;
let folder: string;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'storage-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  place = await postgres.emptyPlace();
  onTestFinished(() => place.drop());
});

/** Where each keeps the newest snapshot of the noise bylaw. */
const storages: [storage: string, newest: () => Promise<Uint8Array>][] = [
  [
    'database',
    async () => {
      const database = new DatabaseSync(join(folder, 'demo/snapshots.sqlite'), { readOnly: true });
      const row = database.prepare('SELECT bytes FROM snapshots ORDER BY revision DESC LIMIT 1').get();
      database.close();
      return row?.bytes as Uint8Array;
    },
  ],
  [
    'filesystem',
    async () => {
      const versions = join(folder, 'demo/snapshots/record.noise-bylaw');
      const revisions = (await readdir(versions)).map((name) => Number.parseInt(name, 10));
      const file = await readFile(join(versions, `${Math.max(...revisions)}.snapshot`));
      return file.subarray(file.indexOf('\n') + 1);
    },
  ],
  [
    'postgres',
    async () => {
      const [row] = await place.run('SELECT bytes FROM realtime_snapshots ORDER BY revision DESC LIMIT 1');
      return row?.bytes as Uint8Array;
    },
  ],
  [
    'civicpress',
    async () => {
      const file = join(folder, 'demo/civicpress/collab-snapshots/noise-bylaw.json');
      const { snapshot } = JSON.parse(await readFile(file, 'utf8')) as { snapshot: string };
      return Buffer.from(snapshot, 'base64');
    },
  ],
];

it.each(storages)('[V4] keeps what was typed in "%s"', async (storage, newest) => {
  const program = await startProgram(storage);
  const alice = await joinNoiseBylaw(program);
  alice.type('Noise', ' KEPT');
  await alice.saved();
  expect(await program.end('SIGTERM')).toBe(0);
  const { state, contributors } = decodeSnapshot(await newest());
  expect(Buffer.from(state).includes(' KEPT')).toBe(true);
  expect(contributors).toEqual([{ id: expect.any(String), name: expect.stringMatching(/alice/i) }]);

  // Without the journal, so that nothing else can bring it back.
  for (const end of ['', '-wal', '-shm'])
    await rm(join(folder, `demo/journal.sqlite${end}`), { force: true });
  const again = await joinNoiseBylaw(await startProgram(storage));
  expect(again.text).toContain('Noise KEPT');
});

it('[V4] refuses to start with a CivicPress that has no place for snapshots, and says why', async () => {
  const service = { username: 'realtime', password: 'of the tests' };
  const civicpress = await startEmbeddedCivicPress({
    recordsDir: join(folder, 'records'),
    dataDir: join(folder, 'civicpress'),
    users: [{ ...service, role: 'clerk' }],
    collabSnapshots: false,
  });
  onTestFinished(() => civicpress.close());
  const program = new Program(['--port', '0', '--data-dir', folder], {
    REALTIME_CIVICPRESS_URL: civicpress.url,
    REALTIME_CIVICPRESS_USERNAME: service.username,
    REALTIME_CIVICPRESS_PASSWORD: service.password,
    REALTIME_SNAPSHOTS_STORAGE: 'civicpress',
  });
  onTestFinished(async () => void (await program.end('SIGKILL')));
  expect(await program.ended()).toBe(1);
  expect(program.output).toMatch(/snapshots\.storage: this CivicPress has no route .*collab-snapshot/);
  expect(program.output).not.toContain('    at ');
});

async function startProgram(storage: string): Promise<Program> {
  const config = join(folder, 'realtime.yml');
  await writeFile(config, JSON.stringify({ snapshots: { storage, postgres_url: place.url } }));
  const program = await Program.start(folder, ['--config', config]);
  onTestFinished(async () => void (await program.end('SIGKILL')));
  return program;
}

async function joinNoiseBylaw(program: Program): Promise<Clerk> {
  const token = await program.signIn('alice');
  const clerk = new Clerk({ serverUrl: program.url, documentName: 'record:noise-bylaw', token });
  onTestFinished(() => clerk.leave());
  await until('alice is in', () => clerk.synced());
  return clerk;
}
