/**
 * Says when whom is to be checked again: one after another, spread over the period, and no faster than allowed.
 *
 * Where that takes longer than the period everybody waits equally long, and the log says so, once. While there are no
 * answers it goes on trying, slowly, and gives up on whoever has gone without one for too long.
 */
import { asRealtimeError, type RealtimeError } from './errors.ts';
import type { Logger, Pace } from './ports.ts';

export interface RechecksOptions<Subject> {
  readonly periodMs: number;
  /** How long somebody may go without an answer. */
  readonly staleMs: number;
  readonly paceOf: (subject: Subject) => Pace;
  /** @throws RealtimeError a retryable one when there is no answer */
  readonly check: (subject: Subject) => Promise<void>;
  /** There was no answer for too long, and this is what the last try came to. */
  readonly giveUp: (subject: Subject, error: RealtimeError) => void;
  readonly log: Logger;
}

/** Times are in monotonic ms. */
interface Standing {
  /** When the last answer came. */
  answeredAt: number;
  /** When it was last tried: whose turn it is goes by this. */
  triedAt: number;
  /** Since when tries have failed. */
  failingSince: number | undefined;
}

/** Those whose questions are counted together. */
interface Lane<Subject> {
  readonly subjects: Map<Subject, Standing>;
  timer: NodeJS.Timeout | undefined;
  isChecking: boolean;
  lastAt: number;
  /** No try before this. */
  quietUntil: number;
  failingSince: number | undefined;
  lastError: RealtimeError | undefined;
}

/** Pause between two tries while there are no answers, unless the period is shorter. */
const retryMs = 5_000;

export class Rechecks<Subject> {
  readonly #options: RechecksOptions<Subject>;
  readonly #lanes = new Map<string, Lane<Subject>>();
  readonly #laneOf = new Map<Subject, string>();
  #hasWarned = false;

  constructor(options: RechecksOptions<Subject>) {
    this.#options = options;
  }

  /** @param answeredAt when the answer came by which they are in */
  add(subject: Subject, answeredAt: number): void {
    const { counter } = this.#options.paceOf(subject);
    const lane = this.#lanes.get(counter) ?? newLane<Subject>();
    this.#lanes.set(counter, lane);
    this.#laneOf.set(subject, counter);
    lane.subjects.set(subject, { answeredAt, triedAt: answeredAt, failingSince: undefined });
    this.#schedule(lane);
  }

  remove(subject: Subject): void {
    const counter = this.#laneOf.get(subject) ?? '';
    const lane = this.#lanes.get(counter);
    this.#laneOf.delete(subject);
    if (!lane?.subjects.delete(subject) || lane.subjects.size > 0) return;
    clearTimeout(lane.timer);
    this.#lanes.delete(counter);
  }

  /** Somebody was checked out of turn, with this outcome. */
  checked(subject: Subject, error?: RealtimeError): void {
    const lane = this.#lanes.get(this.#laneOf.get(subject) ?? '');
    const standing = lane?.subjects.get(subject);
    if (!lane || !standing) return;
    this.#note(lane, standing, error);
    // Who should have been checked now is the next one.
    if (error) standing.triedAt = Number.NEGATIVE_INFINITY;
    this.#schedule(lane);
  }

  stop(): void {
    for (const lane of this.#lanes.values()) {
      clearTimeout(lane.timer);
      lane.subjects.clear();
    }
    this.#lanes.clear();
    this.#laneOf.clear();
  }

  #schedule(lane: Lane<Subject>): void {
    clearTimeout(lane.timer);
    const next = nextIn(lane);
    if (!next || lane.isChecking) return;
    const waitMs = Math.min(this.#turnAt(lane, next), this.#firstStaleAt(lane)) - performance.now();
    // Looked at again after a period at the latest: by then more may be allowed.
    const timeoutMs = Math.max(0, Math.min(waitMs, this.#options.periodMs));
    lane.timer = setTimeout(() => void this.#tick(lane), timeoutMs);
    lane.timer.unref();
  }

  async #tick(lane: Lane<Subject>): Promise<void> {
    this.#giveUpStale(lane);
    const next = nextIn(lane);
    if (!next || lane.isChecking) return;
    if (this.#turnAt(lane, next) > performance.now()) return this.#schedule(lane);
    lane.isChecking = true;
    this.#warnOnce(lane, next);
    const error = await this.#options.check(next).then(
      () => undefined,
      (thrown: unknown) => asRealtimeError(thrown),
    );
    lane.isChecking = false;
    lane.lastAt = performance.now();
    const standing = lane.subjects.get(next);
    if (standing) this.#note(lane, standing, error);
    // CivicPress may answer for all but this one.
    if (standing && error && this.#staleAt(standing, standing.failingSince) <= lane.lastAt) {
      this.#giveUp(next, error);
    }
    this.#schedule(lane);
  }

  #note(lane: Lane<Subject>, standing: Standing, error: RealtimeError | undefined): void {
    const now = performance.now();
    standing.triedAt = now;
    if (error) {
      lane.failingSince ??= now;
      lane.lastError = error;
      const pauseMs = Math.min(retryMs, this.#options.periodMs);
      lane.quietUntil = now + Math.max(pauseMs, error.retryAfterMs ?? 0);
      standing.failingSince ??= now;
    } else {
      lane.failingSince = undefined;
      standing.failingSince = undefined;
      standing.answeredAt = now;
    }
  }

  /** When the next one may be checked; they are spread, what is overdue goes first, and what failed soon again. */
  #turnAt(lane: Lane<Subject>, next: Subject): number {
    const { periodMs, paceOf } = this.#options;
    const soonestAt = Math.max(lane.lastAt + paceOf(next).pauseMs, lane.quietUntil);
    if (lane.failingSince !== undefined) return soonestAt;
    const dueAt = (lane.subjects.get(next)?.triedAt ?? 0) + periodMs;
    return Math.max(soonestAt, Math.min(lane.lastAt + periodMs / lane.subjects.size, dueAt));
  }

  #warnOnce(lane: Lane<Subject>, next: Subject): void {
    const { periodMs, paceOf, log } = this.#options;
    const people = lane.subjects.size;
    const roundMs = paceOf(next).pauseMs * people;
    if (this.#hasWarned || roundMs <= periodMs) return;
    this.#hasWarned = true;
    log.warn(
      { people, everySeconds: Math.round(roundMs / 1_000), recheckSeconds: periodMs / 1_000 },
      'CivicPress allows too few requests to check rights as often as configured; everybody is checked less often',
    );
  }

  #giveUpStale(lane: Lane<Subject>): void {
    const now = performance.now();
    for (const [subject, standing] of [...lane.subjects]) {
      const isStale = this.#staleAt(standing, lane.failingSince) <= now;
      if (isStale && lane.lastError) this.#giveUp(subject, lane.lastError);
    }
  }

  #giveUp(subject: Subject, error: RealtimeError): void {
    this.remove(subject);
    this.#options.giveUp(subject, error);
  }

  #firstStaleAt(lane: Lane<Subject>): number {
    let firstMs = Number.POSITIVE_INFINITY;
    for (const standing of lane.subjects.values()) {
      firstMs = Math.min(firstMs, this.#staleAt(standing, lane.failingSince));
    }
    return firstMs;
  }

  /** Where turns come less often than configured, the wait for one's turn is not counted as a failure. */
  #staleAt({ answeredAt }: Standing, failingSince: number | undefined): number {
    if (failingSince === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(answeredAt, failingSince - this.#options.periodMs) + this.#options.staleMs;
  }
}

function newLane<Subject>(): Lane<Subject> {
  return {
    subjects: new Map(),
    timer: undefined,
    isChecking: false,
    lastAt: performance.now(),
    quietUntil: 0,
    failingSince: undefined,
    lastError: undefined,
  };
}

/** Who was tried longest ago. */
function nextIn<Subject>({ subjects }: Lane<Subject>): Subject | undefined {
  let next: [Subject, Standing] | undefined;
  for (const entry of subjects) if (!next || entry[1].triedAt < next[1].triedAt) next = entry;
  return next?.[0];
}
