/**
 * docs/benchmarks.md: a section for each row of speed, replaced when the row is measured anew. So each says by itself
 * when, on what and how it was measured.
 */
import { readFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Comparison, comparisonTable } from './comparison.ts';

export interface Measured {
  readonly title: string;
  readonly scale: { readonly rounds: number; readonly seconds: number };
  readonly comparisons: readonly Comparison[];
  /** Load average of the machine, before and after. */
  readonly loads: readonly [before: string, after: string];
  readonly at: Date;
}

export function sectionOf({ title, scale, comparisons, loads, at }: Measured): string {
  const { rounds, seconds } = scale;
  const lasting = seconds > 0 ? ` of ${seconds} s` : '';
  return [
    `## ${title}\n`,
    comparisonTable(comparisons),
    `${at.toISOString().slice(0, 10)}, ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}${lasting}; ` +
      `load average ${loads[0]} before, ${loads[1]} after; ${machine()}; ${versions()}.\n`,
  ].join('\n');
}

/** The page with this section in its place. */
export function withSection(page: string, name: string, section: string): string {
  const [start, end] = markersOf(name);
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no place for ${name}`);
  return `${page.slice(0, from + start.length)}\n${section}${page.slice(to)}`;
}

export function emptyPage(names: readonly string[]): string {
  return [introduction, ...names.map((name) => `${markersOf(name).join('\n')}\n`)].join('\n');
}

function markersOf(name: string): [start: string, end: string] {
  return [`<!-- ${name} -->`, `<!-- /${name} -->`];
}

const introduction = `# Benchmarks

Written by \`npm run bench -- --only speed\`. Each server runs in a process of its own, beside clients on the same
machine, over loopback; they are measured in turn within one run. **Ratios are what to trust:** times are this machine's,
and what else it does. CPU is that of all threads of the server's process.

- **ours**: this server with its defaults: rights from CivicPress, each edit checked, on stable storage before it is
  acknowledged, drafts and snapshots written.
- **Hocuspocus**: as its manual sets it up, with its database extension on SQLite and its pauses of 2 to 10 s; no rights,
  no checks, and an edit is acknowledged when it is in memory.
- **y-websocket**: a server built after \`@y/websocket-server\`, on the same Yjs as the others; in memory only.
- **relay**: \`ws\` alone. What somebody sends goes to everybody else as it came: what the sockets cost, without a server.

A figure of ours is the less the better; so are the ratios. "–" is where a server does not do such a thing at all.
`;

function machine(): string {
  const [major] = process.versions.node.split('.');
  return `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, ${platform()} ${arch()}, Node ${major}`;
}

function versions(): string {
  const modules = join(import.meta.dirname, '../../node_modules');
  const versionOf = (name: string) =>
    (JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as { version: string }).version;
  return ['@hocuspocus/server', 'yjs', 'ws', 'y-protocols']
    .map((name) => `${name} ${versionOf(name)}`)
    .join(', ');
}
