/**
 * A real PostgreSQL for tests: the one that `PGHOST` names, else one that is started for them on a free port of the
 * loopback interface, from the machine's own programs, and stopped afterwards.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chown, glob, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from './free-port.ts';

export interface Postgres {
  /** A place without tables, for one test: what is in it is gone after `drop()`. */
  emptyPlace(): Promise<Place>;
  stop(): Promise<void>;
}

export interface Place {
  /** The connection string that leads there. */
  readonly url: string;
  run(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

/** How long a server may take until it answers. */
const startMs = 30_000;

export async function startPostgres(): Promise<Postgres> {
  const {
    PGHOST,
    PGPORT = '5432',
    PGUSER = 'postgres',
    PGPASSWORD = '',
    PGDATABASE = 'postgres',
  } = process.env;
  if (!PGHOST) return startOwn();
  const url = new URL(`postgres:///${PGDATABASE}`);
  const login = { host: PGHOST, port: PGPORT, user: PGUSER, password: PGPASSWORD };
  for (const [name, value] of Object.entries(login)) url.searchParams.set(name, value);
  return { emptyPlace: () => emptyPlaceAt(url.href), stop: async () => undefined };
}

async function startOwn(): Promise<Postgres> {
  const programs = await newestPrograms();
  const folder = await mkdtemp(join(tmpdir(), 'postgres-'));
  // The server refuses to run as root.
  const owner = process.getuid?.() === 0 ? systemUser() : null;
  if (owner) await chown(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const port = await freePort();
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  await untilReady(server);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return {
    emptyPlace: () => emptyPlaceAt(url),
    async stop() {
      server.kill('SIGINT');
      if (server.exitCode === null) await once(server, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

async function emptyPlaceAt(serverUrl: string): Promise<Place> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(serverUrl);
  url.searchParams.set('options', `-csearch_path=${schema}`);
  const run: Place['run'] = async (sql, values) => {
    const client = new Client({ connectionString: url.href });
    await client.connect();
    try {
      return (await client.query(sql, values)).rows;
    } finally {
      await client.end();
    }
  };
  await run(`CREATE SCHEMA ${schema}`);
  return {
    url: url.href,
    run,
    async drop() {
      await run(`DROP SCHEMA ${schema} CASCADE`);
    },
  };
}

/** Debian's folder of the newest version; elsewhere they are expected on the path. */
async function newestPrograms(): Promise<string> {
  const versions = await Array.fromAsync(glob('/usr/lib/postgresql/*/bin'));
  const newest = versions.sort((one, other) => one.localeCompare(other, 'en', { numeric: true })).at(-1);
  return newest ?? execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
}

/** The one that Debian's package makes for this, or the one that is everywhere. */
function systemUser(): { uid: number; gid: number } {
  const idOf = (option: '-u' | '-g', user: string) =>
    Number(execFileSync('id', [option, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: idOf('-u', 'postgres'), gid: idOf('-g', 'postgres') };
  } catch {
    return { uid: idOf('-u', 'nobody'), gid: idOf('-g', 'nobody') };
  }
}

async function untilReady(server: ChildProcess): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const fail = () => {
      server.kill('SIGKILL');
      reject(new Error(`PostgreSQL did not start: ${said}`));
    };
    const timer = setTimeout(fail, startMs);
    server.once('exit', fail);
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (!said.includes('ready to accept connections')) return;
      clearTimeout(timer);
      server.off('exit', fail);
      resolve();
    });
  });
}
