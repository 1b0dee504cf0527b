/**
 * The Dockerfile cannot be built here; what it relies on can be checked.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const dockerfile = (await readFile(join(root, 'Dockerfile'), 'utf8')).replace(/\\\n/g, ' ');
const [build = '', runtime = ''] = dockerfile.split(/^FROM /m).slice(1);
const { scripts, engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

it('copies only paths that exist', () => {
  const paths = [...build.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources]) =>
    (sources as string).split(' '),
  );
  expect(paths.length).toBeGreaterThan(5);
  for (const path of paths) expect(existsSync(join(root, path)), `${path} exists`).toBe(true);
});

it('takes into the image what the build leaves, and nothing else', () => {
  const copied = [...runtime.matchAll(/^COPY --from=build \/build\/(\S+)/gm)].map(([, path]) => path);
  expect(copied).toEqual(['package.json', 'node_modules', 'dist']);
});

it('runs the commands of package.json', () => {
  for (const [, name] of build.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty(name as string);
  const command = JSON.parse(/^CMD (.+)$/m.exec(runtime)?.[1] ?? 'null') as string[];
  expect(command.join(' ')).toBe(scripts['start:built']);
});

it('is one Node in both stages, no older than package.json asks for', () => {
  const [least] = /\d+/.exec(engines.node) ?? [];
  const majors = [build, runtime].map((stage) => Number(/^node:(\d+)-slim/.exec(stage)?.[1]));
  expect(majors[0]).toBe(majors[1]);
  expect(majors[0]).toBeGreaterThanOrEqual(Number(least));
});

it('runs unprivileged, with a health check, and node receives the signals', () => {
  expect(runtime).toMatch(/^USER node$/m);
  expect(runtime.indexOf('USER node')).toBeLessThan(runtime.indexOf('CMD ["node", "dist'));
  expect(runtime).toMatch(/^HEALTHCHECK .*\/health/m);
  expect(runtime).not.toMatch(/^(CMD|ENTRYPOINT) [^[]/m);
});

it('holds no secret', () => {
  expect(dockerfile).not.toMatch(/PASSWORD=|TOKEN=/);
});
