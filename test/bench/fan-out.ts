/**
 * One room, 100 viewers, 5 writers of 10 characters a second: how late do edits arrive, and what do they cost?
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { LightClient, median, percentile, type ServerProcess } from './measure.ts';

const viewers = 100;
const writers = 5;
const editsPerSecond = 10;
const seconds = 6;

/** Typing before the measurement begins, so that code which runs now and then has run. */
const warmUpSeconds = 4;

/** Viewers whose frames are read; the others only receive. */
const readers = 10;

export async function fanOut(server: ServerProcess, documentName: string, token: string) {
  const clients = await Promise.all(
    Array.from({ length: viewers + writers }, () => LightClient.join(server.port, documentName, token)),
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
    'latency p50, ms': median(latenciesMs),
    'latency p99, ms': percentile(latenciesMs, 0.99),
    'CPU, ms per 1,000 frames delivered': (after.cpuMs - before.cpuMs) / (delivered / 1_000),
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
