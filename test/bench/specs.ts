/**
 * How soon do dashboards hear that a spec file changed, what does each of them cost, and what does a flood of changes do?
 *
 * From `rename()` of the file, in this process, to the event in a client here; the server is a process of its own.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../helpers/until.ts';
import type { Finding } from './finding.ts';
import { LightClient } from './light-client.ts';
import { type Site, Sites } from './site.ts';
import { median, percentile } from './statistics.ts';

const room = 'spec-updates';
const atOnce = 50;
const renames = 40;
const manyFiles = 10_000;

export async function specs(): Promise<Finding[]> {
  const sites = await Sites.prepare([]);
  try {
    const findings = [];
    for (const subscribers of [100, 1_000]) findings.push(...(await latency(sites, subscribers)));
    return [...findings, ...(await floods(sites))];
  } finally {
    await sites.remove();
  }
}

async function latency(sites: Sites, subscribers: number): Promise<Finding[]> {
  return withSpecs(sites, 100, async (site, save) => {
    const clients = await join50(site, atOnce);
    await delay(1_000);
    const before = await site.server.rssBytes();
    while (clients.length < subscribers + atOnce) clients.push(...(await join50(site, atOnce)));
    await delay(1_000);
    const perHundredMb = ((await site.server.rssBytes()) - before) / 1_048_576 / (subscribers / 100);

    const sentAt: number[] = [];
    const latenciesMs: number[] = [];
    for (const client of clients) {
      client.sendStateless('{"event":"subscribe"}');
      client.onFrame = (frame) => {
        if (!client.isStateless(frame)) return;
        const now = performance.now();
        for (const [, id] of frame.toString('latin1').matchAll(/@(\d+)@/g)) {
          latenciesMs.push(now - (sentAt[Number(id)] as number));
        }
      };
    }
    await delay(1_000);
    for (let id = 0; id < renames; id += 1) {
      const put = await save(`E${id}`, `@${id}@`);
      sentAt.push(performance.now());
      await put();
      await delay(250);
    }
    await until('everybody has heard all', () => latenciesMs.length === renames * clients.length);
    for (const client of clients) client.leave();
    const of = `rename() → ${subscribers} subscribers`;
    return [
      { what: `${of}, p50, ms`, beside: null, ours: median(latenciesMs), bound: null },
      { what: `${of}, p99, ms`, beside: null, ours: percentile(latenciesMs, 0.99), bound: null },
      { what: `${of}, longest, ms`, beside: null, ours: Math.max(...latenciesMs), bound: { most: 1_000 } },
      { what: `memory per 100 of ${subscribers}, MB`, beside: null, ours: perHundredMb, bound: { most: 10 } },
    ];
  });
}

/** All of a folder changes at once: in the quiet, and when something else has the event loop nine tenths of the time. */
async function floods(sites: Sites): Promise<Finding[]> {
  return withSpecs(sites, manyFiles, async (site, save) => {
    const client = await LightClient.join(site.server.port, room, site.token);
    const change = (word: string) => flood(client, save, word);
    client.sendStateless('{"event":"subscribe"}');
    site.server.watchStalls();
    await site.server.stats();
    const quietMs = await change('quiet');
    const { stallMs } = await site.server.stats();
    site.server.keepBusy();
    const busyMs = await change('busy');
    client.leave();
    const of = `${manyFiles} files changed at once`;
    return [
      { what: `${of}: all told after, ms`, beside: null, ours: quietMs, bound: { most: 10_000 } },
      { what: '  the longest that the event loop stood still, ms', beside: null, ours: stallMs, bound: null },
      {
        what: `${of}, event loop busy: all told after, ms`,
        beside: null,
        ours: busyMs,
        bound: { most: 10_000 },
      },
    ];
  });
}

/** How long until the client has heard of every file, in ms. */
async function flood(client: LightClient, save: Save, word: string): Promise<number> {
  const seen = new Set<string>();
  client.onFrame = (frame) => {
    if (!client.isStateless(frame)) return;
    for (const [, id] of frame.toString('latin1').matchAll(new RegExp(`"title":"${word} (E\\d+)"`, 'g'))) {
      seen.add(id as string);
    }
  };
  const ids = Array.from({ length: manyFiles }, (_, index) => `E${index}`);
  const puts: (() => Promise<void>)[] = [];
  await inParallel(ids, async (id) => void puts.push(await save(id, `${word} ${id}`)));
  await inParallel(puts, (put) => put());
  const began = performance.now();
  await until('every change is told', () => seen.size === manyFiles, 60_000);
  return performance.now() - began;
}

/** Writes a file beside the folder; what it returns puts it into its place. */
export type Save = (id: string, title: string) => Promise<() => Promise<void>>;

export async function withSpecs<Result>(
  sites: Sites,
  count: number,
  work: (site: Site, save: Save) => Promise<Result>,
  more: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const parent = await mkdtemp(join(tmpdir(), 'bench-specs-'));
  const folder = join(parent, 'specs');
  for (let index = 0; index < 100; index += 1) await mkdir(join(folder, String(index)), { recursive: true });
  const save: Save = async (id, title) => {
    const written = join(parent, `${id}.md`);
    await writeFile(written, `---\nid: ${id}\ntitle: "${title}"\nstatus: Draft\n---\n\nText.\n`);
    return () => rename(written, join(folder, String(Number(id.slice(1)) % 100), `${id}.md`));
  };
  const ids = Array.from({ length: count }, (_, index) => `E${index}`);
  await inParallel(ids, async (id) => (await save(id, 'as it was'))());
  const settings = {
    REALTIME_SPECS_FOLDER: folder,
    REALTIME_RATE_LIMITING_CONNECTIONS_PER_DOCUMENT: '10000',
    REALTIME_RATE_LIMITING_CONNECTIONS: '10000',
    ...more,
  };
  const site = await sites.open('ours', settings);
  try {
    const health = `http://127.0.0.1:${site.server.port}/health`;
    const known = async () =>
      ((await (await fetch(health)).json()) as { specs: { specs: number } }).specs.specs;
    await until('the folder has been read', async () => (await known()) === count, 60_000);
    return await work(site, save);
  } finally {
    await site.close();
    await rm(parent, { recursive: true, force: true });
  }
}

function join50({ server, token }: Site, count: number): Promise<LightClient[]> {
  return Promise.all(Array.from({ length: count }, () => LightClient.join(server.port, room, token)));
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  const workers = Array.from({ length: 16 }, async () => {
    for (const item of left) await work(item);
  });
  await Promise.all(workers);
}
