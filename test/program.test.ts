/**
 * The program from outside: what it prints, what it refuses, what it leaves behind.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { installSampleRecords, startEmbeddedCivicPress } from '../server/demo/civicpress/index.ts';
import { Clerk } from './helpers/clerk.ts';
import { startFlakyProxy } from './helpers/flaky-proxy.ts';
import { Program } from './helpers/program.ts';
import { until } from './helpers/until.ts';

let folder: string;
let programs: Program[];
let clerks: Clerk[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'program-'));
  programs = [];
  clerks = [];
});

afterEach(async () => {
  for (const clerk of clerks) clerk.leave();
  for (const program of programs) await program.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<Program> {
  const program = await Program.start(folder);
  programs.push(program);
  return program;
}

async function joinNoiseBylaw(program: Program): Promise<Clerk> {
  const token = await program.signIn('alice');
  const clerk = new Clerk({ serverUrl: program.url, documentName: 'record:noise-bylaw', token });
  clerks.push(clerk);
  return clerk.synced();
}

it('prints what to open and where data is kept, and every link works', async () => {
  const program = await start();
  const links = program.output.match(/http:\S+/g) ?? [];
  expect(links.some((link) => link.endsWith('user=alice'))).toBe(true);
  expect(links.some((link) => link.endsWith('user=bob'))).toBe(true);
  expect(program.output).toContain(folder);
  for (const link of links) expect((await fetch(link)).status).toBe(200);
});

it.each(['SIGINT', 'SIGTERM'] as const)(
  '[S3] is stopped by %s cleanly, and the text is there again',
  async (signal) => {
    const program = await start();
    const alice = await joinNoiseBylaw(program);
    alice.type('Noise', ' KEPT');
    await alice.saved();
    alice.leave();
    expect(await program.end(signal)).toBe(0);

    const again = await joinNoiseBylaw(await start());
    expect(again.text).toContain('Noise KEPT');
  },
);

it('[S3] is killed after a save, and the text is there again, once', async () => {
  const program = await start();
  const alice = await joinNoiseBylaw(program);
  alice.type('Noise', ' KEPT');
  await alice.noticed('saved');
  alice.leave();
  expect(await program.end('SIGKILL')).toBe('SIGKILL');

  const again = await joinNoiseBylaw(await start());
  expect(again.text.split('Noise KEPT')).toHaveLength(2);
});

it('[P4] waits for CivicPress when it is stopped, and a second signal ends it at once', async () => {
  const civicpress = await startEmbeddedCivicPress({
    recordsDir: join(folder, 'records'),
    dataDir: join(folder, 'civicpress'),
    users: [{ username: 'realtime', password: 'secret', role: 'clerk' }],
  });
  await installSampleRecords(join(folder, 'records'));
  const wire = await startFlakyProxy(civicpress.url);
  const program = new Program(['--port', '0', '--host', '127.0.0.1', '--data-dir', folder], {
    NODE_ENV: 'production',
    REALTIME_CIVICPRESS_URL: wire.url,
    REALTIME_CIVICPRESS_USERNAME: 'realtime',
    REALTIME_CIVICPRESS_PASSWORD: 'secret',
  });
  programs.push(program);
  await until('the program listens', () => program.output.includes('listens on'));
  const response = await fetch(`${civicpress.url}/api/v1/auth/simulated`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'alice', role: 'clerk' }),
  });
  const { data } = (await response.json()) as { data: { session: { token: string } } };
  const { token } = data.session;
  const alice = new Clerk({ serverUrl: program.url, documentName: 'record:noise-bylaw', token });
  clerks.push(alice);
  await alice.synced();
  wire.mode = 'error500';
  alice.type('Noise', ' OWED');
  await alice.noticed('could-not-save');

  const ended = program.end('SIGTERM');
  await until('it says that it stops', () => program.output.includes('"stopping"'));
  expect(await Promise.race([ended, program.end('SIGTERM')])).toBe(1);
  expect(program.output).not.toContain('"stopped"');
  expect(program.output).not.toContain('secret');
  await wire.close();
  await civicpress.close();
});

it('[C1] refuses to start with wrong settings and names each of them', async () => {
  await writeFile(join(folder, 'realtime.yml'), 'realtime:\n  prot: 3001\n  rooms: { max_rooms: none }\n');
  const program = new Program(['--config', join(folder, 'realtime.yml')], { REALTIME_PATH: 'no-slash' });
  expect(await program.ended()).toBe(1);
  for (const name of ['prot', 'rooms.max_rooms', 'path']) expect(program.output).toContain(name);
});

it('[C1] refuses to start when the named configuration file is missing', async () => {
  const program = new Program(['--config', join(folder, 'missing.yml')]);
  expect(await program.ended()).toBe(1);
  expect(program.output).toContain('missing.yml');
});

it('[C2] reads .system-data/realtime.yml of its folder', async () => {
  await mkdir(join(folder, '.system-data'));
  await writeFile(join(folder, '.system-data/realtime.yml'), 'realtime: { enabled: false }\n');
  const program = new Program([], {}, folder);
  expect(await program.ended()).toBe(0);
  expect(program.output).toContain('off');
});

it('[C3] has no demo in production, and says what to set', async () => {
  const program = new Program([], { NODE_ENV: 'production' }, folder);
  expect(await program.ended()).toBe(1);
  expect(program.output).toContain('REALTIME_CIVICPRESS_URL');

  const login = { REALTIME_CIVICPRESS_USERNAME: 'realtime', REALTIME_CIVICPRESS_PASSWORD: 'secret' };
  const environment = { NODE_ENV: 'production', REALTIME_CIVICPRESS_URL: 'http://127.0.0.1:9', ...login };
  const withPages = new Program(['--demo-pages'], environment, folder);
  expect(await withPages.ended()).toBe(1);
  expect(withPages.output).toContain('--demo-pages');
});

it('[C3] says which credentials are missing for a configured CivicPress', async () => {
  const program = new Program([], { REALTIME_CIVICPRESS_URL: 'http://127.0.0.1:9' }, folder);
  expect(await program.ended()).toBe(1);
  expect(program.output).toContain('civicpress.username');
  expect(program.output).toContain('civicpress.password');
});

it('lists its options with --help, and names one that it does not know', async () => {
  const help = new Program(['--help']);
  expect(await help.ended()).toBe(0);
  for (const option of ['--config', '--port', '--host', '--data-dir']) expect(help.output).toContain(option);
  const unknown = new Program(['--prot', '1']);
  expect(await unknown.ended()).toBe(1);
  expect(unknown.output).toContain('--prot');
});

it('says so when its port is taken', async () => {
  const program = await start();
  const second = new Program(['--port', new URL(program.url).port, '--data-dir', join(folder, 'second')]);
  expect(await second.ended()).toBe(1);
  expect(second.output).toContain('EADDRINUSE');
});

it('keeps the password of nobody in its data folder', async () => {
  const program = await start();
  await until('the accounts are written', () =>
    readFile(join(folder, 'demo/civicpress/accounts/1.json'), 'utf8').catch(() => null),
  );
  const account = await readFile(join(folder, 'demo/civicpress/accounts/1.json'), 'utf8');
  expect(account).not.toMatch(/"password":/);
  expect(program.output).not.toMatch(/password/i);
});
