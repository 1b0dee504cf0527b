/**
 * S2: 100 to 1,000 rooms of two who both type, 5 characters a second: what does an edit cost, and how late does it reach
 * the other one?
 *
 * More than a server can do is asked of some. What one then has not delivered when the time is up does not count, and
 * the row says which share of the edits came through.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { type Comparison, compared } from './comparison.ts';
import type { LightClient } from './light-client.ts';
import type { Scale } from './rows.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';
import { median, percentile } from './statistics.ts';

const roomCounts = [100, 500, 1_000];
const editsPerSecond = 5;

/** Typing before the measurement begins, so that code which runs now and then has run. */
const warmUpSeconds = 4;

const settings = { REALTIME_ROOMS_MAX_ROOMS: '2000' };
const kinds = ['bare', 'y-websocket', 'relay', 'ours'] as const;

export async function rooms({ rounds, seconds }: Scale): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const count of roomCounts) {
    const names = Array.from({ length: count }, (_, index) => `record:room-${index}`);
    const sites = await Sites.prepare(names.map((name) => ({ name, markdown: '# Small\n\nA paragraph.\n' })));
    const found = await sideBySide(sites, rounds, (site) => measure(site, names, seconds), {
      kinds,
      settings,
    }).finally(() => sites.remove());
    comparisons.push(
      compared(`${count.toLocaleString('en')} rooms: CPU per 1,000 edits, ms`, found, 'cpu'),
      compared(`${count.toLocaleString('en')} rooms: an edit arrives, p50, ms`, found, 'p50'),
      compared(`${count.toLocaleString('en')} rooms: an edit arrives, p99, ms`, found, 'p99'),
      compared(`${count.toLocaleString('en')} rooms: edits that arrived in time, %`, found, 'arrived'),
    );
  }
  return comparisons;
}

/** Of two who type to each other, one. */
class Writer {
  readonly #client: LightClient;
  /** Before the number of each of its edits: a server may send them back to it. */
  readonly #sign: string;
  readonly #text = new Y.XmlText();
  /** By the edits' numbers. */
  #sentAt: number[] = [];

  constructor(client: LightClient, sign: string) {
    this.#client = client;
    this.#sign = sign;
    const document = new Y.Doc();
    document.on('update', (update: Uint8Array) => client.sendUpdate(update));
    const paragraph = new Y.XmlElement('paragraph');
    paragraph.insert(0, [this.#text]);
    document.getXmlFragment('default').insert(0, [paragraph]);
  }

  get sent(): number {
    return this.#sentAt.length;
  }

  /** Tells how long each edit takes from now on until the other has it. */
  measure(other: Writer, latenciesMs: number[]): void {
    this.#sentAt = [];
    const edits = new RegExp(`${this.#sign}(\\d+);`, 'g');
    other.#client.onFrame = (frame) => {
      const now = performance.now();
      for (const [, id] of frame.toString('latin1').matchAll(edits)) {
        const sentAt = this.#sentAt[Number(id)];
        if (sentAt !== undefined) latenciesMs.push(now - sentAt);
      }
    };
  }

  async write(beginsAt: number, seconds: number): Promise<void> {
    const endsAt = beginsAt + seconds * 1_000;
    for (let edit = 0; edit < editsPerSecond * seconds; edit += 1) {
      await delay(Math.max(0, beginsAt + (edit * 1_000) / editsPerSecond - performance.now()));
      if (performance.now() > endsAt) return;
      this.#text.insert(0, `${this.#sign}${this.#sentAt.push(performance.now()) - 1};`);
    }
  }

  leave(): void {
    this.#client.leave();
  }
}

async function measure(site: Site, names: readonly string[], seconds: number): Promise<Figures> {
  const { server } = site;
  const pairs: [Writer, Writer][] = [];
  for (let at = 0; at < names.length; at += 25) {
    const some = names.slice(at, at + 25).map(async (name): Promise<[Writer, Writer]> => {
      const [one, other] = [await site.join(name), await site.join(name)];
      return [new Writer(one, 'a#'), new Writer(other, 'b#')];
    });
    pairs.push(...(await Promise.all(some)));
  }
  const writers = pairs.flat();
  const write = (duration: number) => {
    const now = performance.now();
    return Promise.all(
      writers.map((writer, index) =>
        writer.write(now + (index / writers.length) * (1_000 / editsPerSecond), duration),
      ),
    );
  };
  await write(warmUpSeconds);
  const latenciesMs: number[] = [];
  for (const [one, other] of pairs) {
    one.measure(other, latenciesMs);
    other.measure(one, latenciesMs);
  }
  const before = await server.stats();
  await write(seconds);
  const arrived = latenciesMs.length;
  const sent = writers.reduce((sum, writer) => sum + writer.sent, 0);
  const after = await server.stats();
  for (const writer of writers) writer.leave();
  return {
    cpu: (after.cpuMs - before.cpuMs) / (arrived / 1_000),
    p50: median(latenciesMs),
    p99: percentile(latenciesMs, 0.99),
    arrived: (arrived / sent) * 100,
  };
}
