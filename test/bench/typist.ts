/**
 * Somebody who types into a paragraph of their own, a character at a time, and knows when each edit was acknowledged.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { LightClient } from './light-client.ts';

/** An acknowledgement that takes longer than this is not late but missing. */
const longestMs = 30_000;

export interface Pace {
  readonly editsPerSecond: number;
  readonly seconds: number;
  /** Before the first edit, so that not everybody types at the same moment. */
  readonly afterMs?: number;
}

export class Typist {
  readonly #client: LightClient;
  readonly #text = new Y.XmlText();
  /** When each edit that is not acknowledged yet was sent; oldest first. */
  readonly #sentAt: number[] = [];
  #latenciesMs: number[] = [];
  #allAcknowledged: () => void = () => undefined;

  private constructor(client: LightClient) {
    this.#client = client;
    client.onAcknowledged = () => this.#acknowledged();
    const document = new Y.Doc();
    document.on('update', (update: Uint8Array) => {
      this.#sentAt.push(performance.now());
      client.sendUpdate(update);
    });
    const paragraph = new Y.XmlElement('paragraph');
    paragraph.insert(0, [this.#text]);
    document.getXmlFragment('default').insert(0, [paragraph]);
  }

  static async join(port: number, documentName: string, token: string): Promise<Typist> {
    const client = await LightClient.join(port, documentName, token);
    await client.exchanged;
    return new Typist(client);
  }

  /** Resolves, once everything is acknowledged, with how long that took for each edit. */
  async type({ editsPerSecond, seconds, afterMs = 0 }: Pace): Promise<number[]> {
    this.#latenciesMs = [];
    const beginsAt = performance.now() + afterMs;
    for (let edit = 0; edit < editsPerSecond * seconds; edit += 1) {
      // By the clock: a pause that was too long makes the next one shorter.
      await delay(Math.max(0, beginsAt + (edit / editsPerSecond) * 1_000 - performance.now()));
      this.#text.insert(this.#text.length, edit % 6 === 5 ? ' ' : 'o');
    }
    await this.#acknowledgedAll();
    return this.#latenciesMs;
  }

  leave(): void {
    this.#client.leave();
  }

  async #acknowledgedAll(): Promise<void> {
    if (this.#sentAt.length === 0) return;
    const all = new Promise<void>((resolve) => {
      this.#allAcknowledged = resolve;
    });
    const tooLate = new AbortController();
    const isLate = await Promise.race([
      all.then(() => false),
      delay(longestMs, true, { signal: tooLate.signal }).catch(() => false),
    ]);
    tooLate.abort();
    if (isLate) throw new Error(`${this.#sentAt.length} edits were not acknowledged within ${longestMs} ms`);
  }

  #acknowledged(): void {
    const sentAt = this.#sentAt.shift();
    if (sentAt === undefined) throw new Error('more edits were acknowledged than were sent');
    this.#latenciesMs.push(performance.now() - sentAt);
    if (this.#sentAt.length === 0) this.#allAcknowledged();
  }
}
