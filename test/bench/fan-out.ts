/**
 * One room, 100 viewers, 5 writers of 10 characters a second: how late do edits arrive, and what do they cost?
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import type { Finding } from './finding.ts';
import { LightClient } from './light-client.ts';
import type { Scale } from './run.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';
import { median, percentile } from './statistics.ts';

const room = 'record:room';
const viewers = 100;
const writers = 5;
const editsPerSecond = 10;

/** Typing before the measurement begins, so that code which runs now and then has run. */
const warmUpSeconds = 4;

/** Viewers whose frames are read; the others only receive. */
const readers = 10;

const whats = {
  p50: 'an edit reaches 100 viewers, p50, ms',
  p99: 'an edit reaches 100 viewers, p99, ms',
  cpu: 'CPU, ms per 1,000 frames delivered',
};

export async function fanOut({ rounds, seconds }: Scale): Promise<Finding[]> {
  const sites = await Sites.prepare([{ name: room, markdown: '# Small\n\nA paragraph.\n' }]);
  const { bare, ours } = await sideBySide(sites, rounds, (site) => measure(site, seconds)).finally(() =>
    sites.remove(),
  );
  return (['p50', 'p99', 'cpu'] as const).map((key) => ({
    what: whats[key],
    beside: bare[key] as number,
    ours: ours[key] as number,
    bound: { times: 1.1 },
  }));
}

async function measure({ server, token }: Site, seconds: number): Promise<Figures> {
  const clients = await Promise.all(
    Array.from({ length: viewers + writers }, () => LightClient.join(server.port, room, token)),
  );
  const warmUp: number[] = [];
  await Promise.all(
    clients.slice(0, writers).map((client, index) => write(client, index, warmUp, warmUpSeconds)),
  );

  const sentAt: number[] = [];
  const latenciesMs: number[] = [];
  for (const client of clients.slice(writers, writers + readers)) {
    client.onFrame = (frame) => {
      const now = performance.now();
      for (const [, id] of frame.toString('latin1').matchAll(/@(\d+)@/g)) {
        latenciesMs.push(now - (sentAt[Number(id)] as number));
      }
    };
  }
  const before = await server.stats();
  await Promise.all(clients.slice(0, writers).map((client, index) => write(client, index, sentAt, seconds)));
  const after = await server.stats();
  for (const client of clients) client.leave();
  const delivered = sentAt.length * clients.length;
  return {
    p50: median(latenciesMs),
    p99: percentile(latenciesMs, 0.99),
    cpu: (after.cpuMs - before.cpuMs) / (delivered / 1_000),
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
  await delay((1_000 / editsPerSecond / writers) * index);
  for (let edit = 0; edit < editsPerSecond * seconds; edit += 1) {
    const id = sentAt.length;
    sentAt.push(performance.now());
    text.insert(0, `@${id}@`);
    await delay(1_000 / editsPerSecond);
  }
}
