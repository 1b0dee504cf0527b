/**
 * People who come to a record, type something and leave, at times that a seed decides.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Clerk } from '../helpers/clerk.ts';
import type { Program } from '../helpers/program.ts';
import type { Visit } from './judge.ts';

export class Visitors {
  readonly records = ['noise-bylaw', 'zoning-bylaw', 'privacy-policy'];
  #state: number;
  /** Those who are in when the server is killed. */
  readonly #staying: Clerk[] = [];

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** One after the other, until the time is over; each visit is noted. */
  async comeAndGo(program: Program, visits: Visit[], forMs: number): Promise<void> {
    const end = performance.now() + forMs;
    while (performance.now() < end) {
      const { clerk, visit } = await this.#enter(program, visits);
      clerk.leave();
      visit.leftAt = Date.now();
      // Sometimes longer than a room stays without anybody.
      await delay(Math.min(100 + this.#random() * 16_000, Math.max(0, end - performance.now())));
    }
  }

  async stayIn(program: Program, visits: Visit[]): Promise<void> {
    const { clerk } = await this.#enter(program, visits);
    this.#staying.push(clerk);
  }

  leave(): void {
    for (const clerk of this.#staying.splice(0)) clerk.leave();
  }

  async #enter(program: Program, visits: Visit[]): Promise<{ clerk: Clerk; visit: Visit }> {
    const record = this.records[Math.floor(this.#random() * this.records.length)] as string;
    const token = await program.signIn(this.#random() < 0.5 ? 'alice' : 'bob');
    const clerk = new Clerk({ serverUrl: program.url, documentName: `record:${record}`, token });
    await clerk.synced();
    const visit: Visit = { record, cameAt: Date.now(), leftAt: null };
    visits.push(visit);
    const [word] = /\p{L}{3,}/u.exec(clerk.text) ?? [];
    for (let keys = Math.floor(this.#random() * 40); keys > 0; keys -= 1) clerk.type(word as string, 'x');
    await clerk.saved();
    return { clerk, visit };
  }

  /** A linear congruential generator: the same seed, the same visits. */
  #random(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }
}
