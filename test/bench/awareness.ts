/**
 * S6: one room, 200 cursors that each move 10 times a second, and somebody who types: what do they cost, and how late do
 * the edits arrive?
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { type Comparison, compared } from './comparison.ts';
import type { LightClient } from './light-client.ts';
import type { Scale } from './rows.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';
import { percentile } from './statistics.ts';

const room = 'record:room';
const cursors = 200;
const movesPerSecond = 10;
const editsPerSecond = 10;

/** Moving before the measurement begins, so that code which runs now and then has run. */
const warmUpSeconds = 3;

/** Who read what was typed; the others only receive. */
const readers = 5;

/** Not y-websocket, nor a relay: each move is 200 sends there, four times what one core can do, and they fall behind. */
const kinds = ['bare', 'ours'] as const;

export async function awareness({ rounds, seconds }: Scale): Promise<Comparison[]> {
  const sites = await Sites.prepare([{ name: room, markdown: '# Small\n\nA paragraph.\n' }]);
  const found = await sideBySide(sites, rounds, (site) => measure(site, seconds), { kinds }).finally(() =>
    sites.remove(),
  );
  return [
    compared(`${cursors} cursors: CPU per 1,000 moves, ms`, found, 'cpu', { beside: 'bare', times: 0.3 }),
    compared('an edit meanwhile arrives, p99, ms', found, 'p99', { beside: 'bare', times: 0.5 }),
    compared('a cursor’s newest place is seen, p99, ms', found, 'seen'),
  ];
}

async function measure(site: Site, seconds: number): Promise<Figures> {
  const { server } = site;
  const clients = await Promise.all(Array.from({ length: cursors }, () => site.join(room)));
  const states = clients.map((_, index) => new Cursor(index));
  const move = (duration: number) =>
    Promise.all(clients.map((client, index) => moveFor(client, states[index] as Cursor, duration)));
  await move(warmUpSeconds);

  const sentAt: number[] = [];
  const latenciesMs: number[] = [];
  const seenAfterMs: number[] = [];
  for (const client of clients.slice(0, readers)) {
    client.onFrame = (frame) => {
      const now = performance.now();
      if (!client.isEdit(frame)) {
        const at = watchedIn(frame);
        if (at !== null) seenAfterMs.push(now - at);
        return;
      }
      for (const [, id] of frame.toString('latin1').matchAll(/@(\d+)@/g)) {
        latenciesMs.push(now - (sentAt[Number(id)] as number));
      }
    };
  }
  const before = await server.stats();
  await Promise.all([move(seconds), type(clients.at(-1) as LightClient, sentAt, seconds)]);
  const after = await server.stats();
  await delay(500);
  for (const client of clients) client.leave();
  return {
    cpu: (after.cpuMs - before.cpuMs) / ((cursors * movesPerSecond * seconds) / 1_000),
    p99: percentile(latenciesMs, 0.99),
    seen: percentile(seenAfterMs, 0.99),
  };
}

/** Says in its state when it moved there, in ms since this process began. */
class Cursor {
  readonly #clientId: number;
  #clock = 0;

  constructor(index: number) {
    this.#clientId = 1_000_000 + index;
  }

  move(client: LightClient): void {
    this.#clock += 1;
    const item = { client: this.#clientId, clock: this.#clock };
    const place = { type: { client: 4_294_967_300, clock: 2 }, tname: null, item, assoc: 0 };
    const isWatched = this.#clientId === 1_000_000 + cursors - 1;
    client.sendState(this.#clientId, this.#clock, {
      user: { id: 'u', name: 'Somebody With a Name', color: '#2d6cd4' },
      cursor: { anchor: place, head: place },
      ...(isWatched && { movedAt: performance.now().toFixed(1) }),
    });
  }
}

function watchedIn(frame: Buffer): number | null {
  const start = frame.indexOf('"movedAt":"');
  return start < 0 ? null : Number.parseFloat(frame.toString('latin1', start + 11, start + 30));
}

async function moveFor(client: LightClient, cursor: Cursor, seconds: number): Promise<void> {
  const pauseMs = 1_000 / movesPerSecond;
  const beginsAt = performance.now() + Math.random() * pauseMs;
  for (let move = 0; move < movesPerSecond * seconds; move += 1) {
    // By the clock: a pause that was too long makes the next one shorter.
    await delay(Math.max(0, beginsAt + move * pauseMs - performance.now()));
    cursor.move(client);
  }
}

/** Each edit bears a number by which its arrival is known. */
async function type(client: LightClient, sentAt: number[], seconds: number): Promise<void> {
  const document = new Y.Doc();
  document.on('update', (update: Uint8Array) => client.sendUpdate(update));
  const paragraph = new Y.XmlElement('paragraph');
  const text = new Y.XmlText();
  paragraph.insert(0, [text]);
  document.getXmlFragment('default').insert(0, [paragraph]);
  for (let edit = 0; edit < editsPerSecond * seconds; edit += 1) {
    const id = sentAt.length;
    sentAt.push(performance.now());
    text.insert(0, `@${id}@`);
    await delay(1_000 / editsPerSecond);
  }
}
