/**
 * 1,000 viewers who do nothing in one room: how much memory does each of them hold?
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from './finding.ts';
import { LightClient } from './light-client.ts';
import type { Scale } from './run.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';

const room = 'record:room';
const connections = 1_000;
const atOnce = 50;

/** What a server brings into memory once, after its start, is no part of what a connection costs. */
const settleMs = 2_500;

export async function idleMemory({ rounds }: Scale): Promise<Finding[]> {
  const sites = await Sites.prepare([{ name: room, markdown: '# Small\n\nA paragraph.\n' }]);
  const { bare, ours } = await sideBySide(sites, rounds, measure).finally(() => sites.remove());
  const what = 'memory per idle connection, KB';
  return [{ what, beside: bare.kilobytes as number, ours: ours.kilobytes as number, bound: { times: 1.1 } }];
}

async function measure(site: Site): Promise<Figures> {
  const { server } = site;
  const clients = await join(site, atOnce);
  await delay(settleMs);
  const before = await server.rssBytes();
  while (clients.length < connections + atOnce) clients.push(...(await join(site, atOnce)));
  await delay(1_000);
  const after = await server.rssBytes();
  for (const client of clients) client.leave();
  return { kilobytes: (after - before) / 1_024 / connections };
}

function join({ server, token }: Site, count: number): Promise<LightClient[]> {
  return Promise.all(Array.from({ length: count }, () => LightClient.join(server.port, room, token)));
}
