/**
 * The package as somebody installs it: packed, in an empty folder, without what only its development needs, under each
 * Node that it says it runs on.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './helpers/until.ts';

const root = join(import.meta.dirname, '..');
const minutes = 60_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-'));
  npm(root, 'run', '--silent', 'build');
  npm(root, 'pack', '--silent', '--pack-destination', folder);
  const [packed] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  await writeFile(join(folder, 'package.json'), '{"name":"consumer","private":true,"type":"module"}');
  // The older Node comes as a package too, as the newer one does to whoever works on this.
  npm(folder, 'install', '--omit=dev', '--no-audit', '--no-fund', `./${packed}`, 'node-22@npm:node@22');
}, 10 * minutes);
afterAll(() => rm(folder, { recursive: true, force: true }));

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const nodes: Readonly<Record<string, () => string>> = {
  'Node 24': () => process.execPath,
  'Node 22': () => join(folder, 'node_modules/node-22/bin/node'),
};

describe.each(Object.keys(nodes))('under %s', (name) => {
  const node = () => (nodes[name] as () => string)();

  it('[B6] starts, serves its pages, and stops', async () => {
    const program = join(folder, 'node_modules/civicpress-realtime/dist/server/main.js');
    const data = join(folder, `data of ${name}`);
    const server = spawn(node(), [program, 'start', '--port', '0', '--data-dir', data], { cwd: folder });
    let output = '';
    server.stdout.on('data', (text) => {
      output += text;
    });
    const ended = once(server, 'exit');
    try {
      const url = await until('it listens', () => /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0], minutes);
      expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', version: '0.1.0' });
      expect((await fetch(`${url}/ready`)).status).toBe(200);
      expect(await (await fetch(`${url}/demo`)).text()).toContain('Edit a civic record together');
      expect(await (await fetch(`${url}/admin`)).text()).toContain('Administration');
      expect((await fetch(`${url}/admin/page.js`)).status).toBe(200);
    } finally {
      server.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  });

  it('[B6] gives what it exports', () => {
    const script = `
      import { compose, loadConfig } from 'civicpress-realtime';
      import { registerRealtimeServices } from 'civicpress-realtime/civicpress';
      import { announceFeatures, watchSpecs } from 'civicpress-realtime/client';
      import { open, save } from 'civicpress-realtime/markdown';
      const markdown = '# Noise\\r\\n';
      const given = [compose, loadConfig, registerRealtimeServices, announceFeatures, watchSpecs].map((one) => typeof one);
      console.log(JSON.stringify({ given, isSame: save(open(markdown)) === markdown }));
    `;
    const said = execFileSync(node(), ['--input-type=module', '--eval', script], {
      cwd: folder,
      encoding: 'utf8',
    });
    const { given, isSame } = JSON.parse(said) as { given: string[]; isSame: boolean };
    expect(new Set(given)).toEqual(new Set(['function']));
    expect(isSame).toBe(true);
  });
});

it('[B6] runs by its name', () => {
  expect(npm(folder, 'exec', '--', 'civicpress-realtime', '--help')).toContain('Usage: civicpress-realtime');
});

it(
  '[B6] has types for all that it exports',
  async () => {
    const consumer = `
    import { compose, type Config, type Ports, type RealtimeServer } from 'civicpress-realtime';
    import { registerRealtimeServices } from 'civicpress-realtime/civicpress';
    import { watchSpecs } from 'civicpress-realtime/client';
    import { open, save } from 'civicpress-realtime/markdown';
    export const serve = (config: Config, ports: Ports): RealtimeServer => compose(config, ports);
    export const text: string = save(open('# Noise'));
    // @ts-expect-error a number is no Markdown
    open(7);
    export { registerRealtimeServices, watchSpecs };
  `;
    const options = {
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'dom'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
    };
    await writeFile(join(folder, 'consumer.ts'), consumer);
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }),
    );
    execFileSync('tsc', ['-p', folder], { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  },
  minutes,
);

it('[B6] holds what it runs on, and nothing of its tests', async () => {
  const inside = await readdir(join(folder, 'node_modules/civicpress-realtime'));
  expect(inside.sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json'].filter((name) => inside.includes(name)),
  );
  expect(inside).toContain('dist');
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  expect(engines.node).toBe('>=22.18');
});
