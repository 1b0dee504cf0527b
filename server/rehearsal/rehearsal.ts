/**
 * Lets an update that may make very much work be applied elsewhere first: in a thread of its own, to a copy of its
 * document, and with a deadline. What takes longer is refused, before anybody waits for it.
 *
 * What people type is told from its shape (update-cost.ts) and never comes here; a large paste does, and takes a moment.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Doc } from 'yjs';
import { withinComputingTime } from '../computing-time.ts';
import { FollowedDocuments } from '../conversion/followed-documents.ts';
import { readUpdate } from '../update-facts.ts';
import { WorkerCalls, workerBeside } from '../worker-calls.ts';
import type { RehearsalMethods } from './rehearsal-worker.ts';
import { DocumentSizes, isHarmless, sizeOf } from './update-cost.ts';

/**
 * How long an update may take in the thread, in ms: more for one that says much. What people make takes 0.0015 ms for each
 * piece; a busy machine takes longer for it, and then it is not held against its author.
 */
const leastMs = 100;
const perPieceMs = 0.005;
const mostMs = 600;
const usualPerPieceMs = 0.002;

/** Behind one that takes so long the next one waits: others have most of the time. */
const longMs = 15;
const restPerMs = 3;

const memoryMb = 512;

/** Without work for so long the thread ends, and gives its memory back. */
const idleMs = 5_000;

export class Rehearsal {
  readonly #sizes = new DocumentSizes();
  readonly #calls: WorkerCalls<RehearsalMethods>;
  readonly #followed: FollowedDocuments;
  /** One at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;
  /** How long the last one took, in ms. */
  #tookMs = 0;

  constructor() {
    const url = workerBeside(import.meta.url, 'rehearsal-worker');
    const limits = { maxOldGenerationSizeMb: memoryMb };
    this.#calls = new WorkerCalls(url, undefined, 'nothing is rehearsed any more', limits);
    this.#followed = new FollowedDocuments({
      follow: (copy, updates) => this.#calls.call('follow', copy, updates),
      // It has few copies, and none for long.
      forget: () => undefined,
    });
  }

  /** Whether so many elements and texts, or more, are in it. */
  hasMoreTypes(document: Doc, count: number): boolean {
    return this.#sizes.hasMoreTypes(document, count);
  }

  /** Whether it can be applied as it is: at once, for what people type. */
  isHarmless(document: Doc, update: ReturnType<typeof readUpdate>): boolean {
    const pieces = this.#sizes.piecesIn(document);
    this.#sizes.grows(document, update);
    return isHarmless(document, pieces, update);
  }

  /** Tries what is not harmless, and says how much longer it takes than its size explains, in ms. */
  rehearse(document: Doc, update: Uint8Array): Promise<number | 'too long'> {
    clearTimeout(this.#idle);
    const turn = this.#last.then(() => this.#try(document, update));
    const last = turn.then(() => this.#rest()).catch(() => undefined);
    this.#last = last;
    void last.then(() => {
      if (this.#last === last) this.#idle = setTimeout(() => this.#calls.rest(), idleMs).unref();
    });
    return turn;
  }

  close(): Promise<void> {
    return this.#calls.close();
  }

  async #try(document: Doc, update: Uint8Array): Promise<number | 'too long'> {
    const copy = await this.#followed.copyOf(document);
    const size = sizeOf(document, readUpdate(update));
    const deadlineMs = Math.min(leastMs + size * perPieceMs, mostMs);
    const before = await this.#calls.workedMs();
    const outcome = await withinComputingTime(this.#calls, deadlineMs, () =>
      this.#calls.call('apply', copy, update),
    );
    this.#tookMs = 0;
    if (outcome === 'too late') return 'too long';
    this.#tookMs = (await this.#calls.workedMs()) - before;
    return Math.max(0, this.#tookMs - size * usualPerPieceMs);
  }

  /** Everybody waits for it once more, when it is applied. */
  async #rest(): Promise<void> {
    if (this.#tookMs > longMs) await delay(this.#tookMs * restPerMs, undefined, { ref: false });
  }
}
