/**
 * How soon do dashboards hear of a changed spec file when a third of them is on each transport, what does each cost, and
 * what do streams cost that are refused?
 */
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../helpers/until.ts';
import type { Finding } from './finding.ts';
import { type Site, Sites } from './site.ts';
import { type BenchTransport, type SpecSubscriber, subscribe, transports } from './spec-subscribers.ts';
import { type Save, withSpecs } from './specs.ts';
import { median, percentile } from './statistics.ts';

const atOnce = 50;
const renames = 20;
const refusedStreams = 5_000;

export async function specTransports(): Promise<Finding[]> {
  const sites = await Sites.prepare([]);
  try {
    const findings = [];
    for (const subscribers of [100, 1_000, 5_000]) findings.push(...(await mixed(sites, subscribers)));
    return [...findings, await refused(sites)];
  } finally {
    await sites.remove();
  }
}

function mixed(sites: Sites, count: number): Promise<Finding[]> {
  return withSpecs(sites, 100, async (site, save) => {
    const subscribers: [BenchTransport, SpecSubscriber][] = [];
    const add = async (many: number) => {
      const kinds = Array.from({ length: many }, (_, index) => transports[index % 3] as BenchTransport);
      const added = kinds.map(
        async (kind): Promise<(typeof subscribers)[number]> => [kind, await subscribe[kind](site)],
      );
      subscribers.push(...(await Promise.all(added)));
    };
    // What the server brings into memory once is no part of what a subscriber costs.
    await add(3 * 10);
    await delay(1_000);
    const before = await site.server.rssBytes();
    while (subscribers.length < count)
      await add(Math.min(atOnce * 3, Math.ceil((count - subscribers.length) / 3) * 3));
    await delay(1_000);
    const perHundredMb =
      ((await site.server.rssBytes()) - before) / 1_048_576 / ((subscribers.length - 30) / 100);

    const latenciesMs = await changes(subscribers, save);
    for (const [, subscriber] of subscribers) subscriber.leave();
    const all = transports.flatMap((kind) => latenciesMs[kind]);
    const of = `rename() → ${subscribers.length} subscribers on three transports`;
    return [
      { what: `${of}, p50, ms`, beside: null, ours: median(all), bound: null },
      { what: `${of}, p99, ms`, beside: null, ours: percentile(all, 0.99), bound: null },
      ...transports.map((kind) => ({
        what: `  of those by ${kind}, p99, ms`,
        beside: null,
        ours: percentile(latenciesMs[kind], 0.99),
        bound: null,
      })),
      {
        what: `${of}, longest, ms`,
        beside: null,
        ours: Math.max(...all),
        bound: count === 1_000 ? { most: 1_000 } : null,
      },
      { what: `memory per 100 of ${count}, MB`, beside: null, ours: perHundredMb, bound: { most: 10 } },
    ];
  });
}

async function changes(subscribers: readonly [BenchTransport, SpecSubscriber][], save: Save) {
  const sentAt: number[] = [];
  const latenciesMs: Record<BenchTransport, number[]> = {
    WebSocket: [],
    'server-sent events': [],
    'Socket.IO': [],
  };
  for (const [kind, subscriber] of subscribers) {
    subscriber.onText = (text) => {
      for (const [, id] of text.matchAll(/mark (\d+) end/g)) {
        latenciesMs[kind].push(performance.now() - (sentAt[Number(id)] as number));
      }
    };
  }
  for (let id = 0; id < renames; id += 1) {
    const put = await save(`E${id}`, `mark ${id} end`);
    sentAt.push(performance.now());
    await put();
    await until(
      'everybody has heard it',
      () =>
        transports.reduce((heard, kind) => heard + latenciesMs[kind].length, 0) >=
        (id + 1) * subscribers.length,
      30_000,
    );
  }
  return latenciesMs;
}

/** 5,000 streams more than an address may have: what is left of them? */
function refused(sites: Sites): Promise<Finding> {
  const settings = { REALTIME_RATE_LIMITING_CONNECTIONS_PER_IP: '100' };
  const measure = async (site: Site): Promise<Finding> => {
    const within = await Promise.all(Array.from({ length: 90 }, () => subscribe['server-sent events'](site)));
    // The first thousands bring the process to the size that requests need, whatever they ask for.
    for (let sent = 0; sent < refusedStreams; sent += atOnce) await knock(site, atOnce);
    const before = await site.server.rssBytes();
    for (let sent = 0; sent < refusedStreams; sent += atOnce) await knock(site, atOnce);
    const ours = ((await site.server.rssBytes()) - before) / 1_048_576;
    for (const subscriber of within) subscriber.leave();
    return {
      what: `memory after ${refusedStreams} refused streams, and as many before, MB more`,
      beside: null,
      ours,
      bound: { most: 50 },
    };
  };
  return withSpecs(sites, 100, measure, settings);
}

/** Streams at once, of which ten at most find a place; all are gone when it resolves. */
async function knock({ server, token }: Site, count: number): Promise<void> {
  const answers = Array.from({ length: count }, async () => {
    const asked = request(`http://127.0.0.1:${server.port}/api/events/specs`, {
      agent: false,
      headers: { authorization: `Bearer ${token}` },
    });
    const status = await new Promise<number>((resolve, reject) => {
      asked.on('error', reject);
      asked.on('response', ({ statusCode = 0 }) => resolve(statusCode));
      asked.end();
    });
    asked.destroy();
    return status;
  });
  const statuses = await Promise.all(answers);
  if (!statuses.every((status) => status === 429 || status === 200)) {
    throw new Error(`streams were answered with ${[...new Set(statuses)].join()}`);
  }
}
