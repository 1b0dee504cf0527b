/**
 * S1: one room, 100 to 1,000 viewers, 5 writers of 10 characters a second: how late do edits arrive, and what do they
 * cost?
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { type Comparison, compared } from './comparison.ts';
import type { LightClient } from './light-client.ts';
import type { Scale } from './rows.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';
import { median, percentile } from './statistics.ts';

const room = 'record:room';
const viewers = [100, 500, 1_000];
const writers = 5;
const editsPerSecond = 10;

/** Typing before the measurement begins, so that code which runs now and then has run. */
const warmUpSeconds = 4;

/** Viewers whose frames are read; the others only receive. */
const readers = 5;

const kinds = ['bare', 'y-websocket', 'relay', 'ours'] as const;

export async function fanOut({ rounds, seconds }: Scale): Promise<Comparison[]> {
  const sites = await Sites.prepare([{ name: room, markdown: '# Small\n\nA paragraph.\n' }]);
  const comparisons: Comparison[] = [];
  try {
    for (const count of viewers) {
      const found = await sideBySide(sites, rounds, (site) => measure(site, count, seconds), { kinds });
      comparisons.push(
        compared(
          `${count.toLocaleString('en')} viewers: CPU per 1,000 updates delivered, ms`,
          found,
          'cpu',
          { beside: 'bare', times: 0.8 },
          { beside: 'relay', times: 1.1 },
        ),
        compared(`${count.toLocaleString('en')} viewers: an edit arrives, p50, ms`, found, 'p50', {
          most: 50,
        }),
        compared(`${count.toLocaleString('en')} viewers: an edit arrives, p99, ms`, found, 'p99'),
      );
    }
  } finally {
    await sites.remove();
  }
  return comparisons;
}

async function measure(site: Site, count: number, seconds: number): Promise<Figures> {
  const { server } = site;
  const clients: LightClient[] = [];
  for (let index = 0; index < writers + readers; index += 1) clients.push(await site.join(room));
  const onlookers = await site.watch(Array.from({ length: count - readers }, () => room));
  const typing = clients.slice(0, writers);
  await Promise.all(typing.map((client, index) => write(client, index, [], warmUpSeconds)));

  const sentAt: number[] = [];
  const latenciesMs: number[] = [];
  for (const client of clients.slice(writers)) {
    client.onFrame = (frame) => {
      const now = performance.now();
      for (const [, id] of frame.toString('latin1').matchAll(/@(\d+)@/g)) {
        latenciesMs.push(now - (sentAt[Number(id)] as number));
      }
    };
  }
  const before = await server.stats();
  await Promise.all(typing.map((client, index) => write(client, index, sentAt, seconds)));
  const after = await server.stats();
  for (const client of [...clients, ...onlookers]) client.leave();
  // Whether or not the author is sent its own.
  const delivered = sentAt.length * count;
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
