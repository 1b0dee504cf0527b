/**
 * Work that is owed to a document until it is done.
 *
 * A layer (snapshot, writeback) says what it owes; this class does it, one run at a time for each document,
 * and after a failure does it again with a growing, jittered pause, until it succeeds. Whatever is owed here
 * keeps its document in memory: that is the caller's part.
 */
import type { Allowance } from './allowance.ts';
import { asRealtimeError, type RealtimeError } from './errors.ts';

export interface OwedWorkOptions {
  /** Does the work once; everything that it throws counts as "not done". */
  readonly perform: (documentName: string) => Promise<void>;
  /** How long to wait for more before the work is done, in ms; each thing that is owed begins the pause anew. */
  readonly pauseMs?: number;
  /** Longest time, in ms, that such pauses put the work off. */
  readonly atLatestMs?: number;
  /** What all documents share: after its pause, and to be tried again, the work of each waits for a turn. */
  readonly allowance?: Allowance;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly onFailed: (documentName: string, failure: Failure) => void;
  /** `failure` is the last one, when there was one since the work was owed. */
  readonly onDone: (documentName: string, failure: Failure | undefined) => void;
}

export interface Failure {
  /** When the work was first owed, in ms since the epoch. */
  readonly since: number;
  readonly tries: number;
  readonly retryInMs: number;
  readonly error: RealtimeError;
}

/** How many times longer the longest pause is after a failure that no waiting mends. */
const seldom = 30;

/** To be waited for where nothing begins at once; one for all. */
const nothing = Promise.resolve();

interface Debt {
  since: number;
  /** The same in monotonic ms: a clock that is set puts nothing off. */
  startedAt: number;
  /** Counts what was owed, so that what came during a run is not taken for done. */
  owed: number;
  /** Whether what came during a run is not to wait for the next pause. */
  isUrgent: boolean;
  run: Promise<void> | undefined;
  /** Of the next run: after a pause, or after a failure. */
  timer: NodeJS.Timeout | undefined;
  /** When that is, in monotonic ms: what is owed meanwhile puts it off, and the timer finds that when it goes off. */
  dueAt: number;
  failure: Failure | undefined;
}

export class OwedWork {
  readonly #options: OwedWorkOptions;
  readonly #debts = new Map<string, Debt>();
  #isHurried = false;
  #isStopped = false;

  constructor(options: OwedWorkOptions) {
    this.#options = options;
  }

  /**
   * Owes the work from now on. Without a pause, or with `now`, it begins at once, unless it failed and waits to be
   * tried again; resolves after the run that covers it, done or not.
   */
  owe(documentName: string, { now = false } = {}): Promise<void> {
    const debt = this.#debts.get(documentName) ?? {
      since: Date.now(),
      startedAt: performance.now(),
      owed: 0,
      isUrgent: false,
      run: undefined,
      timer: undefined,
      dueAt: 0,
      failure: undefined,
    };
    this.#debts.set(documentName, debt);
    debt.owed += 1;
    debt.isUrgent ||= now;
    if (debt.run) return debt.run;
    if (debt.failure || (!now && this.#options.allowance?.isWaiting(documentName))) return nothing;
    return now ? this.#run(documentName, debt) : this.#afterPause(documentName, debt);
  }

  /** Begins what waits for its pause to be over, or has it be among the next. What failed keeps its own pace. */
  hurry(documentName: string): void {
    const debt = this.#debts.get(documentName);
    if (!debt || debt.failure) return;
    debt.isUrgent = true;
    void this.#inTurn(documentName, debt);
    this.#options.allowance?.hurry(documentName);
  }

  /** Tries what failed again now: what it failed for may be over. */
  retry(): void {
    for (const [documentName, debt] of this.#debts) if (debt.failure) void this.#inTurn(documentName, debt);
  }

  /** Owes this document nothing any more. */
  forget(documentName: string): void {
    const debt = this.#debts.get(documentName);
    if (debt) this.#cancel(documentName, debt);
    this.#debts.delete(documentName);
  }

  owes(documentName: string): boolean {
    return this.#debts.has(documentName);
  }

  /** When the oldest undone work for this document was owed, in ms since the epoch. */
  owedSince(documentName: string): number | null {
    return this.#debts.get(documentName)?.since ?? null;
  }

  /** Tries everything that is owed once more, now, and from now on waits for nothing but retries. */
  async drain(): Promise<void> {
    this.#isHurried = true;
    await Promise.all([...this.#debts].map(([documentName, debt]) => this.#run(documentName, debt)));
  }

  /** Ends the retrying; what is owed stays owed. */
  stop(): void {
    this.#isStopped = true;
    for (const [documentName, debt] of this.#debts) this.#cancel(documentName, debt);
  }

  #afterPause(documentName: string, debt: Debt): Promise<void> {
    const { pauseMs = 0, atLatestMs = 0 } = this.#options;
    const now = performance.now();
    const dueAt = Math.min(now + pauseMs, debt.startedAt + atLatestMs);
    if (dueAt <= now || this.#isHurried) return this.#inTurn(documentName, debt);
    // A pause that has begun is made longer, and not begun anew: a timer for each edit would be work for each edit.
    if (debt.timer && dueAt >= debt.dueAt) debt.dueAt = dueAt;
    else this.#runAt(dueAt, documentName, debt);
    return nothing;
  }

  /** @param dueAt in monotonic ms */
  #runAt(dueAt: number, documentName: string, debt: Debt): void {
    clearTimeout(debt.timer);
    debt.dueAt = dueAt;
    this.#wait(dueAt - performance.now(), documentName, debt);
  }

  #wait(waitMs: number, documentName: string, debt: Debt): void {
    if (this.#isStopped) return;
    debt.timer = setTimeout(() => {
      debt.timer = undefined;
      const leftMs = debt.dueAt - performance.now();
      // A timer may go off a fraction of a millisecond early.
      if (leftMs >= 1) this.#wait(leftMs, documentName, debt);
      else void this.#inTurn(documentName, debt);
    }, waitMs);
    debt.timer.unref();
  }

  #cancel(documentName: string, debt: Debt): void {
    clearTimeout(debt.timer);
    debt.timer = undefined;
    this.#options.allowance?.withdraw(documentName);
  }

  /** Resolves after the run when it begins at once. */
  #inTurn(documentName: string, debt: Debt): Promise<void> {
    const { allowance } = this.#options;
    if (debt.run || !allowance || this.#isHurried) return this.#run(documentName, debt);
    allowance.ask(documentName, () => void this.#run(documentName, debt));
    return debt.run ?? nothing;
  }

  #run(documentName: string, debt: Debt): Promise<void> {
    // A run that has just ended is here for another moment, with the next one planned already: that one stays.
    if (debt.run) return debt.run;
    this.#cancel(documentName, debt);
    debt.run = this.#perform(documentName, debt).finally(() => {
      debt.run = undefined;
    });
    return debt.run;
  }

  async #perform(documentName: string, debt: Debt): Promise<void> {
    const { pauseMs = 0 } = this.#options;
    let covered: number;
    do {
      covered = debt.owed;
      debt.isUrgent = false;
      const startedAt = performance.now();
      this.#options.allowance?.use();
      try {
        await this.#options.perform(documentName);
      } catch (thrown) {
        this.#failed(documentName, debt, asRealtimeError(thrown, 'not-saved'), performance.now() - startedAt);
        return;
      }
    } while (debt.owed > covered && (pauseMs === 0 || this.#isHurried || debt.isUrgent));
    const { failure } = debt;
    if (debt.owed > covered) {
      debt.since = Date.now();
      debt.startedAt = performance.now();
      debt.failure = undefined;
      this.#runAt(performance.now() + pauseMs, documentName, debt);
    } else {
      this.#debts.delete(documentName);
    }
    this.#options.onDone(documentName, failure);
  }

  /** @param tookMs how long the try took: what somebody waited for an answer counts as part of the pause */
  #failed(documentName: string, debt: Debt, error: RealtimeError, tookMs: number): void {
    if (this.#debts.get(documentName) !== debt) return;
    const tries = (debt.failure?.tries ?? 0) + 1;
    const { retryMinMs, retryMaxMs } = this.#options;
    // What trying again hardly helps is tried again, but seldom.
    const longestMs = error.isRetryable ? retryMaxMs : retryMaxMs * seldom;
    const backoffMs = Math.min(longestMs, retryMinMs * 2 ** (tries - 1)) * (0.5 + Math.random() / 2);
    const retryInMs = Math.max(error.retryAfterMs ?? 0, retryMinMs / 2, backoffMs - tookMs);
    debt.failure = { since: debt.since, tries, retryInMs, error };
    this.#runAt(performance.now() + retryInMs, documentName, debt);
    this.#options.onFailed(documentName, debt.failure);
  }
}
