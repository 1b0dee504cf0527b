/**
 * S1: one room, 100 to 1,000 viewers, 5 writers of 10 characters a second: how late do edits arrive, and what do they
 * cost?
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { type Comparison, compared } from './comparison.ts';
import type { LightClient } from './light-client.ts';
import type { Onlooker } from './onlooker.ts';
import type { Scale } from './rows.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';
import { median, percentile } from './statistics.ts';

const room = 'record:room';
const viewers = [100, 500, 1_000];
const writers = 5;
const editsPerSecond = 10;

/** Typing before the measurement begins, so that code which runs now and then has run: the first draft comes last. */
const warmUpSeconds = 11;

/** Viewers whose frames are read; the others only receive. */
const readers = 5;

const kinds = ['bare', 'y-websocket', 'relay', 'ours'] as const;

export async function fanOut({ rounds, seconds }: Scale): Promise<Comparison[]> {
  const sites = await Sites.prepare([{ name: room, markdown: '# Small\n\nA paragraph.\n' }]);
  const found = await sideBySide(sites, rounds, (site) => measure(site, seconds), { kinds }).finally(() =>
    sites.remove(),
  );
  return viewers.flatMap((count) => {
    const people = `${count.toLocaleString('en')} viewers`;
    return [
      compared(
        `${people}: CPU per 1,000 updates delivered, ms`,
        found,
        `cpu ${count}`,
        { beside: 'bare', times: 0.8 },
        { beside: 'relay', times: 1.1 },
      ),
      compared(`${people}: an edit arrives, p50, ms`, found, `p50 ${count}`, { most: 50 }),
      compared(`${people}: an edit arrives, p99, ms`, found, `p99 ${count}`),
    ];
  });
}

/** One room that grows, so that what runs now and then has run for all of its sizes. */
async function measure(site: Site, seconds: number): Promise<Figures> {
  const clients: LightClient[] = [];
  for (let index = 0; index < writers + readers; index += 1) clients.push(await site.join(room));
  const typing = clients.slice(0, writers);
  await Promise.all(typing.map((client, index) => write(client, index, [], warmUpSeconds)));

  const onlookers: Onlooker[] = [];
  const figures: Record<string, number> = {};
  /** By the edits' numbers, which go on: what comes late is not taken for something else. */
  const sentAt: number[] = [];
  for (const count of viewers) {
    const missing = count - readers - onlookers.length;
    onlookers.push(...(await site.watch(Array.from({ length: missing }, () => room))));
    const { cpu, p50, p99 } = await measureOne(site, clients, sentAt, { count, seconds });
    Object.assign(figures, { [`cpu ${count}`]: cpu, [`p50 ${count}`]: p50, [`p99 ${count}`]: p99 });
  }
  for (const client of [...clients, ...onlookers]) client.leave();
  return figures;
}

async function measureOne(
  { server }: Site,
  clients: readonly LightClient[],
  sentAt: number[],
  { count, seconds }: { count: number; seconds: number },
): Promise<Record<'cpu' | 'p50' | 'p99', number>> {
  const first = sentAt.length;
  const latenciesMs: number[] = [];
  for (const client of clients.slice(writers)) {
    client.onFrame = (frame) => {
      const now = performance.now();
      for (const [, id] of frame.toString('latin1').matchAll(/@(\d+)@/g)) {
        const at = Number(id) < first ? undefined : sentAt[Number(id)];
        if (at !== undefined) latenciesMs.push(now - at);
      }
    };
  }
  const before = await server.stats();
  await Promise.all(clients.slice(0, writers).map((client, index) => write(client, index, sentAt, seconds)));
  const after = await server.stats();
  // Whether or not the author is sent its own.
  const delivered = (sentAt.length - first) * count;
  return {
    cpu: (after.cpuMs - before.cpuMs) / (delivered / 1_000),
    p50: median(latenciesMs),
    p99: percentile(latenciesMs, 0.99),
  };
}

/** Types into a paragraph of its own, each edit with a number by which its arrival is known. */
async function write(client: LightClient, index: number, sentAt: number[], seconds: number): Promise<void> {
  const document = new Y.Doc();
  document.on('update', (update: Uint8Array) => client.sendUpdate(update));
  const paragraph = new Y.XmlElement('paragraph');
  const text = new Y.XmlText();
  paragraph.insert(0, [text]);
  document.getXmlFragment('default').insert(0, [paragraph]);
  const pauseMs = 1_000 / editsPerSecond;
  const beginsAt = performance.now() + (pauseMs / writers) * index;
  for (let edit = 0; edit < editsPerSecond * seconds; edit += 1) {
    // By the clock: a pause that was too long makes the next one shorter.
    await delay(Math.max(0, beginsAt + edit * pauseMs - performance.now()));
    const id = sentAt.length;
    sentAt.push(performance.now());
    text.insert(0, `@${id}@`);
  }
}
