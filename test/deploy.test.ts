/**
 * What operators are given fits the server: settings and metrics that it has, an answer to each alert, and timeouts
 * longer than its own.
 *
 * Where nginx, Caddy or systemd is on the machine, it reads its file itself.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { loadConfig, settings } from '../server/config.ts';
import { Dependencies } from '../server/operations/dependencies.ts';
import { Metrics } from '../server/operations/metrics.ts';
import { Traffic } from '../server/operations/traffic.ts';
import { openApi } from './helpers/open-api.ts';
import { RecordedLog } from './helpers/recorded-log.ts';

const root = join(import.meta.dirname, '..');
const read = (name: string) => readFile(join(root, name), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
}

async function alerts(): Promise<Rule[]> {
  const { groups } = parse(await read('deploy/alerts.yml')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

async function expressions(): Promise<string[]> {
  const { panels } = JSON.parse(await read('deploy/grafana-dashboard.json')) as {
    panels: { targets: { expr: string }[] }[];
  };
  const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  return [...shown, ...(await alerts()).map(({ expr }) => expr)];
}

it('every metric of the dashboard and of the alerts is one that the server has', async () => {
  const dependencies = new Dependencies(new RecordedLog());
  const metrics = new Metrics({ sockets: () => 0, rooms: () => [], traffic: new Traffic(), dependencies });
  metrics.watchProcess();
  const known = new Set((await metrics.text()).match(/(?<=^# TYPE )\w+/gm));
  const used = (await expressions()).flatMap(
    (expr) => expr.match(/\b(?:realtime|nodejs|process)_\w+/g) ?? [],
  );
  expect(used.length).toBeGreaterThan(20);
  for (const name of used) expect(known).toContain(name.replace(/_bucket$/, ''));
});

it('docs/operations.md says what to do about every alert', async () => {
  const headings = (await read('docs/operations.md')).match(/(?<=^## )\w+$/gm);
  expect(headings).toEqual((await alerts()).map(({ alert }) => alert));
});

interface Service {
  readonly environment?: Record<string, string>;
  readonly command?: string;
  readonly volumes?: string[];
  readonly depends_on?: object;
  readonly stop_grace_period?: string;
}

/** As Compose sees it when all that has to be given is given. */
async function composeFile() {
  const text = await read('deploy/compose.yaml');
  const asked = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name as string));
  const given = text.replace(/\$\{(\w+):\?[^}]*\}/g, (_, name) =>
    name === 'REALTIME_CIVICPRESS_URL' ? 'https://civicpress.internal' : 'given',
  );
  const file = parse(given, { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, null>;
  };
  return { ...file, asked };
}

/** What a stop takes at most by default, and what is closed behind it. */
const longestStopSeconds = loadConfig('').shutdown.deadline_seconds + 8;
/** The server says something at least this often on each connection that stays open. */
const longestSilenceSeconds = 30;

it('the settings of compose.yaml are a configuration that works over nodes', async () => {
  const { services, volumes, asked } = await composeFile();
  const nodes = Object.entries(services).filter(([name]) => name.startsWith('node-'));
  expect(nodes).toHaveLength(2);
  for (const [, { environment = {}, stop_grace_period }] of nodes) {
    const config = loadConfig('', environment);
    expect(config.redis.enabled).toBe(true);
    expect(new URL(config.redis.url ?? '').hostname).toBe('redis');
    expect(new URL(config.snapshots.postgres_url ?? '').hostname).toBe('postgres');
    expect(Number.parseInt(stop_grace_period ?? '', 10)).toBeGreaterThan(longestStopSeconds);
  }
  for (const { volumes: mounts = [], depends_on = {} } of Object.values(services)) {
    for (const mount of mounts) {
      const [from = ''] = mount.split(':');
      if (from.startsWith('./')) expect(await read(join('deploy', from))).not.toBe('');
      else expect(volumes).toHaveProperty(from);
    }
    const needed = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
    for (const name of needed) expect(services).toHaveProperty(name);
  }
  const example = /^(#.*\n)+/.exec(await read('deploy/compose.yaml'))?.[0] ?? '';
  for (const name of asked) expect(example).toContain(`${name}=`);
});

it('the Redis of compose.yaml forgets nothing', async () => {
  const { services } = await composeFile();
  for (const option of ['--appendonly yes', '--appendfsync everysec', '--maxmemory-policy noeviction']) {
    expect(services.redis?.command).toContain(option);
  }
});

it('the unit of systemd waits for a stop, keeps the data, and names settings that there are', async () => {
  const unit = await read('deploy/civicpress-realtime.service');
  const unitsOwn = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
  expect(Number(unitsOwn('TimeoutStopSec'))).toBeGreaterThan(longestStopSeconds);
  expect(unitsOwn('KillSignal')).toBe('SIGTERM');
  const environment = Object.fromEntries(
    [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(loadConfig('', environment).data_dir).toBe(`/var/lib/${unitsOwn('StateDirectory')}`);
  expect(environment.NODE_COMPILE_CACHE).toBe(`/var/cache/${unitsOwn('CacheDirectory')}`);
  const known = settings.map(({ environmentName }) => environmentName);
  for (const [name] of unit.matchAll(/REALTIME_\w+/g)) expect(known).toContain(name);
  if (!isThere('systemd-analyze')) return;
  const folder = await temporary();
  const file = join(folder, 'civicpress-realtime.service');
  await writeFile(file, unit.replace('/usr/bin/node', process.execPath));
  expect(spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });
});

it('nginx and Caddy send to the server what is its own, and nothing that is for operators', async () => {
  const nginx = await read('deploy/nginx.conf');
  const caddy = await read('deploy/Caddyfile');
  const [, location = ''] = /location ~ (\S+) \{/.exec(nginx) ?? [];
  const matched = [...caddy.matchAll(/@\w+ path (.+)/g)].map(([, paths]) => paths).join(' ');
  const isNginxs = (path: string) => new RegExp(location).test(path);
  const isCaddys = (path: string) =>
    matched.split(' ').some((one) => (one.endsWith('*') ? path.startsWith(one.slice(0, -1)) : path === one));
  const own = [
    '/realtime',
    '/realtime/records/noise-bylaw',
    '/socket.io/',
    '/api/events/specs',
    ...(await routes()),
  ];
  for (const path of own) expect([path, isNginxs(path), isCaddys(path)]).toEqual([path, true, true]);
  for (const path of ['/', '/metrics', '/ready', '/health', '/api/v1/records', '/realtimes']) {
    expect([path, isNginxs(path), isCaddys(path)]).toEqual([path, false, false]);
  }
});

it('nginx passes on WebSockets, addresses and streams, and is more patient than the server is silent', async () => {
  const [, ours = ''] = /location ~ [^{]*\{([\s\S]*?)\n {4}\}/.exec(await read('deploy/nginx.conf')) ?? [];
  for (const line of [
    'proxy_http_version 1.1;',
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Host $http_host;',
    'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    'proxy_buffering off;',
  ]) {
    expect(ours).toContain(line);
  }
  for (const name of ['proxy_read_timeout', 'proxy_send_timeout']) {
    const [, seconds] = new RegExp(`${name} (\\d+)s;`).exec(ours) ?? [];
    expect(Number(seconds)).toBeGreaterThan(longestSilenceSeconds);
  }
});

it.runIf(isThere('caddy'))('Caddy reads its file', () => {
  const file = join(root, 'deploy/Caddyfile');
  execFileSync('caddy', ['validate', '--adapter', 'caddyfile', '--config', file], { stdio: 'pipe' });
});

it.runIf(isThere('nginx'))('nginx reads its file', async () => {
  const folder = await temporary();
  const file = join(folder, 'nginx.conf');
  // Without the certificates, which are elsewhere.
  const site = (await read('deploy/nginx.conf')).replace(/^ *ssl_.*$/gm, '').replace('443 ssl', '443');
  const temporaryPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const http = `access_log off; ${temporaryPaths.join(' ')}\n${site}`;
  await writeFile(file, `pid ${folder}/pid; error_log stderr; events {}\nhttp { ${http} }`);
  execFileSync('nginx', ['-t', '-p', folder, '-c', file], { stdio: 'pipe' });
});

/** Paths of the API. */
async function routes(): Promise<string[]> {
  return Object.keys((await openApi()).paths);
}

function isThere(program: string): boolean {
  return spawnSync('which', [program]).status === 0;
}

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'deploy-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
