/**
 * The documents say what the code does: rules, settings, errors.
 */
import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import {
  ServerSentEvents,
  type ServerSentEventsOptions,
} from '../extensions/spec-updates/server-sent-events.ts';
import { settings, settingsTable } from '../server/config.ts';
import { errors } from '../server/errors.ts';
import { commonFieldsTable, eventsTable } from '../server/events.ts';
import { attacks } from './attacks/attacks.ts';
import { openApi, routesTable } from './helpers/open-api.ts';

const root = join(import.meta.dirname, '..');
const read = (name: string) => readFile(join(root, name), 'utf8');

/** The table of this name in a page of this name. */
async function tableIn(name: string): Promise<string | undefined> {
  const page = await read(`docs/${name}.md`);
  return new RegExp(`<!-- ${name}: .*? -->\\n([\\s\\S]*?)<!-- /${name} -->`).exec(page)?.[1]?.trim();
}

it('every rule of SPEC.md has a test, and every rule that a test names is there', async () => {
  const spec = new Set((await read('SPEC.md')).match(/(?<=^- \*\*)[A-Z]\d+(?=\*\*)/gm));
  const tested = new Set<string>();
  for await (const file of glob('test/**/*.test.ts', { cwd: root })) {
    for (const [rule] of (await read(file)).matchAll(/(?<=\[)[A-Z]\d+(?=\])/g)) tested.add(rule);
  }
  expect([...tested].sort()).toEqual([...spec].sort());
});

it('[C2] the table of docs/settings.md is that of the schema', async () => {
  expect(await tableIn('settings')).toBe(settingsTable());
});

it('the table of docs/errors.md is that of the code', async () => {
  const rows = Object.entries(errors).map(
    ([code, { reason, closeCode, retry }]) =>
      `| \`${code}\` | ${closeCode} | ${retry ? 'yes' : 'no'} | ${reason} |`,
  );
  const table = [
    '| code | closes with | trying again helps | reason |',
    '| --- | --- | --- | --- |',
    ...rows,
  ];
  expect(await tableIn('errors')).toBe(table.join('\n'));
});

it("[H1] docs/events.md has the code's tables of events", async () => {
  const page = await read('docs/events.md');
  expect(page).toContain(`\n\n${commonFieldsTable()}\n\n`);
  expect(page).toContain(`\n\n${eventsTable()}\n\n`);
});

it('[T1] docs/api.md has the routes of the OpenAPI document, as that describes them', async () => {
  const page = await read('docs/api.md');
  const table = /<!-- routes: .*? -->\n([\s\S]*?)<!-- \/routes -->/.exec(page)?.[1]?.trim();
  expect(table).toBe(routesTable(await openApi()));
});

it('docs/watching-specs.md names every route by which specs are watched', async () => {
  const http = fastify({ exposeHeadRoutes: false });
  const routes: string[] = [];
  http.addHook('onRoute', ({ method, url }) => void routes.push(`${method} ${url}`));
  const streams = new ServerSentEvents({ keepAliveMs: 60_000 } as ServerSentEventsOptions);
  await http.register(streams.routes);
  streams.close();
  const page = await read('docs/watching-specs.md');
  const named = routes.filter((route) => !route.startsWith('OPTIONS'));
  expect(named).toHaveLength(2);
  for (const route of named) expect(page).toContain(`\`${route}\``);
});

it('docs/security.md has every attack, and only rules and attacks that there are', async () => {
  const security = await read('docs/security.md');
  const table = /<!-- threats: .*? -->\n([\s\S]*?)<!-- \/threats -->/.exec(security)?.[1] ?? '';
  const named = [...table.matchAll(/\| `([a-z-]+)` \|$/gm)].map(([, name]) => name);
  expect(named).toEqual(attacks.map(({ name }) => name));
  const rows = table.split('\n').filter((line) => /^\| (?!---|threat )/.test(line));
  for (const row of rows)
    expect(row, 'an attack or a rule shows it').toMatch(/\| (`[a-z-]+`|\[[A-Z]\d+\]) \|$/);
  expect(rows.length).toBeGreaterThan(attacks.length);
  const rules = new Set((await read('SPEC.md')).match(/(?<=^- \*\*)[A-Z]\d+(?=\*\*)/gm));
  for (const [rule] of security.matchAll(/(?<=\[)[A-Z]\d+(?=\])/g)) expect(rules).toContain(rule);
  for (const [name] of security.matchAll(/(?<=`)[a-z]+\.[a-z_]+(?=`)/g)) {
    expect(settings.map(({ path }) => path)).toContain(name);
  }
});

it('every file and every heading that a page links to is there', async () => {
  const pages = ['README.md', 'SPEC.md', ...(await Array.fromAsync(glob('docs/**/*.md', { cwd: root })))];
  let count = 0;
  for (const page of pages) {
    for (const [, path = '', anchor] of (await read(page)).matchAll(
      /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g,
    )) {
      count += 1;
      const target = path === '' ? page : join(dirname(page), path);
      expect(existsSync(join(root, target)), `${page} links to ${target}`).toBe(true);
      if (anchor) expect(anchorsOf(await read(target)), `${page} links to #${anchor}`).toContain(anchor);
    }
  }
  expect(count).toBeGreaterThan(50);
});

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

it('every page of docs/ stands in the index', async () => {
  const index = await read('docs/README.md');
  for await (const page of glob('docs/*.md', { cwd: root })) {
    const name = page.slice('docs/'.length);
    if (name !== 'README.md') expect(index).toContain(`](${name})`);
  }
});

it('docs/troubleshooting.md quotes what the server says', async () => {
  const sources = await Promise.all(
    (await Array.fromAsync(glob('{server,extensions}/**/*.ts', { cwd: root }))).map(read),
  );
  const said = sources.join('\n');
  const page = (await read('docs/troubleshooting.md')).replace(/^```[\s\S]*?^```$/gm, '');
  const sentences = (page.match(/(?<=`)[^`]+(?=`)/g) ?? []).filter(
    (text, index) => index % 2 === 0 && text.split(' ').length > 2,
  );
  expect(sentences.length).toBeGreaterThan(6);
  expect(sentences.filter((sentence) => !said.includes(sentence))).toEqual([]);
});

it('the commands of the README are those of package.json', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
  const named = (await read('README.md')).matchAll(
    /npm (?:run )?((?:start|test|bench|build|check|demo)[\w:]*)/g,
  );
  for (const [, name] of named) expect(scripts).toHaveProperty(name as string);
});

it('CI runs the test command of the README, and nothing else', async () => {
  const commands = (await read('.ci/run'))
    .split('\n')
    .filter((line) => /^\w/.test(line) && !line.startsWith('set '));
  expect(commands.join(' && ')).toBe('npm ci && npm test');
  expect(await read('README.md')).toContain('npm ci && npm test');
});
