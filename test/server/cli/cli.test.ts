/**
 * The commands from outside, as an operator types them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { openSqliteSnapshots } from '../../../extensions/snapshot-stores/sqlite.ts';
import { jsonOf, open, seedUpdate } from '../../../markdown/index.ts';
import { encodeSnapshot } from '../../../server/snapshot-format.ts';
import { Program } from '../../helpers/program.ts';

const root = join(import.meta.dirname, '../../..');
const adminToken = 'an-admin-token-of-the-tests';

let folder: string;
const programs: Program[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
});
afterEach(async () => {
  for (const program of programs.splice(0)) await program.end();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly status: number | null;
  readonly output: string;
  readonly bytes: Buffer;
  readonly complaint: string;
}

function run(args: readonly string[], environment: Record<string, string> = {}, input = ''): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'server/main.ts'), ...args], {
    cwd: root,
    input,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, REALTIME_DATA_DIR: folder, ...environment },
  });
  return { status, output: stdout.toString(), bytes: stdout, complaint: stderr.toString() };
}

/** Versions of `record:plan` as a stopped server leaves them. */
async function storeVersions(...texts: string[]): Promise<void> {
  const store = await openSqliteSnapshots(join(folder, 'demo/snapshots.sqlite'));
  for (const [index, text] of texts.entries()) {
    const { json, base } = open(text);
    const state = seedUpdate(json, 'plan');
    const stateVector = Y.encodeStateVectorFromUpdate(state);
    const contributors = [{ id: '1', name: 'Alice' }];
    const about = { base, contributors, at: index, covers: null };
    const bytes = encodeSnapshot({ state, stateVector, ...about });
    const info = { revision: index + 1, at: index, byteSize: bytes.length, contributors, name: null };
    await store.write('record:plan', info, bytes);
  }
  await store.close();
}

describe('the program', () => {
  it('[B1] names its commands, and what is wrong with one that it does not have', () => {
    const help = run(['--help']).output;
    for (const name of ['start', 'check-config', 'convert', 'snapshots', 'doctor'])
      expect(help).toContain(name);
    const { status, complaint } = run(['strat']);
    expect(status).toBe(2);
    expect(complaint).toContain('There is no command "strat". There are start, check-config');
  });

  it('[B1] says how a command is used that was called wrongly', () => {
    const { status, complaint } = run(['convert', '--too', 'json']);
    expect(status).toBe(2);
    expect(complaint).toContain('Usage: convert [--to markdown|json|yjs]');
    expect(complaint).not.toContain('    at ');
  });
});

describe('check-config', () => {
  it('[B2] says what differs from the defaults, and no secret', () => {
    const { status, output } = run(['check-config'], {
      REALTIME_ADMIN_TOKEN: adminToken,
      REALTIME_PORT: '3999',
    });
    expect(status).toBe(0);
    expect(output).toContain('port: 3999');
    expect(output).toContain('admin.token: (set)');
    expect(output).not.toContain(adminToken);
  });

  it('[B2] names everything that is wrong', async () => {
    const file = join(folder, 'realtime.yml');
    await writeFile(file, 'port: many\nroooms: 3\n');
    const { status, complaint } = run(['check-config', '--config', file]);
    expect(status).toBe(1);
    expect(complaint).toContain('port');
    expect(complaint).toContain('roooms is not a setting');
  });
});

describe('convert', () => {
  const markdown = '# Noise\r\n\r\n* No *noise* after ten.\r\n';

  it('[B3] gives back what it was given, byte for byte', () => {
    expect(run(['convert'], {}, markdown)).toMatchObject({ status: 0, output: markdown });
    expect(run(['convert', '--dialect', 'civicpress', '--features', ''], {}, markdown).output).toBe(markdown);
  });

  it('[B3] writes the document as JSON, or as a Yjs update', () => {
    const json = JSON.parse(run(['convert', '--to', 'json', '--dialect', 'civicpress'], {}, markdown).output);
    expect(json.content[0]).toMatchObject({ type: 'heading', attrs: { level: 1 } });
    expect(json.content[1].type).toBe('bullet_list');
    const document = new Y.Doc();
    Y.applyUpdate(document, run(['convert', '--to', 'yjs'], {}, markdown).bytes);
    expect(jsonOf(document).content?.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['heading', 'bulletList']),
    );
  });

  it('[B3] says what it does not know', () => {
    const { status, complaint } = run(['convert', '--dialect', 'word'], {}, markdown);
    expect(status).toBe(2);
    expect(complaint).toContain('--dialect knows tiptap, civicpress, not "word".');
  });
});

describe('snapshots', () => {
  it('[B4] are listed and shown from the store, while no server runs', async () => {
    await storeVersions('# One\n', '# Two\n');
    const listed = run(['snapshots', 'list', 'plan']).output.trim().split('\n');
    expect(listed.map((line) => line.split('\t')[0])).toEqual(['2', '1']);
    expect(listed[0]).toContain('Alice');
    expect(run(['snapshots', 'show', 'plan', '1']).output).toBe('# One\n');
    const document = new Y.Doc();
    Y.applyUpdate(document, run(['snapshots', 'export', 'plan', '2', '--to', 'yjs']).bytes);
    expect(document.getXmlFragment('default').toString()).toContain('Two');
  });

  it('[B4] that are not there are said not to be, and no database is made', async () => {
    expect(run(['snapshots', 'list', 'plan'])).toMatchObject({ status: 2 });
    expect(await readdir(folder)).toEqual([]);
    await storeVersions('# One\n');
    const { status, complaint } = run(['snapshots', 'show', 'plan', '7']);
    expect(status).toBe(1);
    expect(complaint).toContain('There is no such version');
    expect(run(['snapshots', 'show', '../plan', '1'])).toMatchObject({ status: 1 });
    expect(run(['snapshots', 'show', 'plan', 'one'])).toMatchObject({ status: 2 });
  });

  it('[B4] are restored by the running server', async () => {
    const environment = { REALTIME_ADMIN_TOKEN: adminToken };
    const program = await Program.start(folder, [], environment);
    programs.push(program);
    const made = await fetch(`${program.url}/api/v1/realtime/records/noise-bylaw/snapshot`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}` },
    });
    expect(await made.json()).toMatchObject({ version: 1 });
    const restore = ['snapshots', 'restore', 'noise-bylaw', '1', '--url', program.url];
    expect(run(restore).complaint).toContain('admin.token is not set');
    const { status, output } = run(restore, environment);
    expect(output).toContain('noise-bylaw is what it was in version 1');
    expect(status).toBe(0);
  });

  it('[B4] cannot be restored while no server answers', () => {
    const environment = { REALTIME_ADMIN_TOKEN: adminToken };
    const nowhere = ['snapshots', 'restore', 'plan', '1', '--url', 'http://127.0.0.1:9'];
    const { status, complaint } = run(nowhere, environment);
    expect(status).toBe(1);
    expect(complaint).toContain('No server answers at http://127.0.0.1:9');
  });
});

describe('doctor', () => {
  it('[B5] finds nothing wrong with a folder that was never used, and makes nothing in it', async () => {
    const { status, output } = run(['doctor'], { REALTIME_PORT: '0' });
    expect(output).toContain('Nothing is wrong.');
    expect(status).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });

  it('[B5] finds a server’s folder in order', async () => {
    await (await Program.start(folder)).end();
    await storeVersions('# One\n');
    const { status, output } = run(['doctor'], { REALTIME_PORT: '0' });
    expect(output).toContain('The journal is whole');
    expect(output).toContain('Documents with snapshots: 1. The newest of each is whole.');
    expect(status).toBe(0);
  });

  it('[B5] names a damaged snapshot and a damaged journal', async () => {
    await storeVersions('# One\n');
    const database = new DatabaseSync(join(folder, 'demo/snapshots.sqlite'));
    database.exec('UPDATE snapshots SET bytes = zeroblob(200)');
    database.close();
    await writeFile(
      join(folder, 'demo/journal.sqlite'),
      'this is no database, and never was one. '.repeat(50),
    );
    const { status, output } = run(['doctor'], { REALTIME_PORT: '0' });
    expect(status).toBe(1);
    expect(output).toContain('WRONG  Damaged: record:plan version 1.');
    expect(output).toContain('WRONG  The journal cannot be read');
  });

  it('[B5] names a CivicPress that does not answer, and what else it finds', async () => {
    const { status, output } = run(['doctor'], {
      REALTIME_PORT: '0',
      REALTIME_CIVICPRESS_URL: 'http://127.0.0.1:9',
      REALTIME_CIVICPRESS_USERNAME: 'realtime',
      REALTIME_CIVICPRESS_PASSWORD: 'a secret of the tests',
    });
    expect(status).toBe(1);
    expect(output).toContain('WRONG  CivicPress does not answer at http://127.0.0.1:9.');
    expect(output).toContain('note   No proxy is trusted.');
    expect(output).not.toContain('a secret of the tests');
  });

  it('[B5] says that the port is taken', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as { port: number };
    const { output } = run(['doctor'], { REALTIME_PORT: String(port) });
    server.close();
    expect(output).toContain(`Port ${port} is in use.`);
  });

  it('[B5] says what is wrong with the settings', () => {
    const { status, output } = run(['doctor'], { REALTIME_PORT: 'many' });
    expect(status).toBe(1);
    expect(output).toContain('port');
  });
});
