/**
 * S3: 1,000 connections on which nothing happens, in one room or in a room each: how much memory does each of them hold?
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Comparison, compared } from './comparison.ts';
import type { Scale } from './rows.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';

const connections = 1_000;

/** These come before: what a server brings into memory once is no part of what a connection costs. */
const first = 50;
const settleMs = 2_500;

const settings = { REALTIME_ROOMS_MAX_ROOMS: '2000' };
const kinds = ['bare', 'y-websocket', 'relay', 'ours'] as const;

export async function idleMemory({ rounds }: Scale): Promise<Comparison[]> {
  const names = Array.from({ length: first + connections }, (_, index) => `record:room-${index}`);
  const sites = await Sites.prepare(names.map((name) => ({ name, markdown: '# Small\n\nA paragraph.\n' })));
  const measured = (all: readonly string[]) =>
    sideBySide(sites, rounds, (site) => measure(site, all), { kinds, settings });
  try {
    const together = await measured(names.map(() => names[0] as string));
    const apart = await measured(names);
    const target = { beside: 'bare', times: 1 } as const;
    return [
      compared('in one room: memory of the process per idle connection, KB', together, 'process', target),
      compared('in one room: of that in the heap, KB', together, 'heap'),
      compared('in a room each: memory of the process per idle connection, KB', apart, 'process', target),
      compared('in a room each: of that in the heap, KB', apart, 'heap'),
    ];
  } finally {
    await sites.remove();
  }
}

async function measure(site: Site, names: readonly string[]): Promise<Figures> {
  const { server } = site;
  const clients = await site.watch(names.slice(0, first));
  await delay(settleMs);
  const before = await server.memory();
  clients.push(...(await site.watch(names.slice(first))));
  await delay(settleMs);
  const after = await server.memory();
  for (const client of clients) client.leave();
  const perConnection = (name: 'rss' | 'heapUsed') => (after[name] - before[name]) / 1_024 / connections;
  return { process: perConnection('rss'), heap: perConnection('heapUsed') };
}
