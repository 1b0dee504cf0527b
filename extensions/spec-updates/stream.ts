/**
 * The events of one filter at one pace, for everybody who wants the same.
 *
 * Each event is put together and printed once, however many listen. When more happens than the pace allows, changes
 * wait and become one: the newest state of each spec counts, deletions and what is critical go ahead, nothing is lost.
 */
import { coalesced, eventOf, isUrgent, type SpecChange } from './change.ts';
import type { SpecEvent } from './events.ts';
import type { Filter } from './filter.ts';

export interface Listener {
  readonly onEvent: (event: SpecEvent) => void;
  /** It knows every publication up to this one. */
  readonly since: number;
}

export interface StreamOptions {
  readonly filter: Filter;
  /** Events that a listener gets in a second, for long. */
  readonly maxPerSecond: number;
  /** Most changes in one event. */
  readonly batchSize: number;
  readonly eventIdOf: (number: number) => string;
  readonly onDelivered: () => void;
  readonly onCoalesced: () => void;
}

/** So many seconds' worth pass unhindered after a quiet time. */
const burstSeconds = 5;

export class SpecStream {
  readonly listeners = new Set<Listener>();
  readonly filter: Filter;
  readonly #options: StreamOptions;

  /** What waits, by id; the newest state of each. */
  readonly #urgent = new Map<string, SpecChange>();
  readonly #waiting = new Map<string, SpecChange>();
  /** The newest publication that was looked at. */
  #newest = 0;
  #allowance: { events: number; at: number };
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.filter = options.filter;
    this.#allowance = { events: options.maxPerSecond * burstSeconds, at: performance.now() };
  }

  /** @param changes of one publication, each spec once */
  take(changes: readonly SpecChange[], number: number, timestamp: string): void {
    this.#newest = number;
    const wanted = changes.filter((change) => this.filter.takes(change));
    if (wanted.length === 0) return;
    if (this.#timer === undefined && this.#takeOne()) return this.#deliver(wanted, timestamp);
    for (const change of wanted) this.#keep(change);
    this.#timer ??= this.#soon();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#urgent.clear();
    this.#waiting.clear();
  }

  #keep(change: SpecChange): void {
    const earlier = this.#urgent.get(change.id) ?? this.#waiting.get(change.id);
    if (earlier) this.#options.onCoalesced();
    const now = earlier ? coalesced(earlier, change) : change;
    this.#urgent.delete(change.id);
    this.#waiting.delete(change.id);
    (isUrgent(now) ? this.#urgent : this.#waiting).set(change.id, now);
  }

  #flush(): void {
    this.#timer = undefined;
    if (!this.#takeOne()) {
      this.#timer = this.#soon();
      return;
    }
    const batch: SpecChange[] = [];
    for (const waiting of [this.#urgent, this.#waiting]) {
      for (const [id, change] of waiting) {
        if (batch.length === this.#options.batchSize) break;
        batch.push(change);
        waiting.delete(id);
      }
    }
    this.#deliver(batch, new Date().toISOString());
    if (this.#urgent.size + this.#waiting.size > 0) this.#timer = this.#soon();
  }

  #deliver(changes: readonly SpecChange[], timestamp: string): void {
    const isAll = this.#urgent.size + this.#waiting.size === 0;
    const newest = this.#options.eventIdOf(this.#newest);
    // What waited of a spec has become one change, so of those in here nothing is left behind.
    const stamp = isAll ? { timestamp, eventId: newest } : { timestamp, eventId: null, aheadTo: newest };
    const oldest = changes.reduce(
      (number, change) => Math.min(number, change.number),
      Number.POSITIVE_INFINITY,
    );
    const event = eventOf(changes, stamp);
    for (const listener of [...this.listeners]) {
      if (listener.since < oldest) {
        this.#options.onDelivered();
        listener.onEvent(event);
        continue;
      }
      // It came while these waited, and was told of some of them when it came.
      const unknown = changes.filter(({ number }) => number > listener.since);
      if (unknown.length === 0) continue;
      this.#options.onDelivered();
      listener.onEvent(eventOf(unknown, stamp));
    }
  }

  /** A token bucket: whether one more may go now. */
  #takeOne(): boolean {
    const { maxPerSecond } = this.#options;
    const now = performance.now();
    const { events, at } = this.#allowance;
    const refilled = Math.min(maxPerSecond * burstSeconds, events + ((now - at) / 1_000) * maxPerSecond);
    this.#allowance = { events: refilled >= 1 ? refilled - 1 : refilled, at: now };
    return refilled >= 1;
  }

  #soon(): NodeJS.Timeout {
    const waitMs = ((1 - this.#allowance.events) / this.#options.maxPerSecond) * 1_000;
    const timer = setTimeout(() => this.#flush(), Math.max(1, Math.ceil(waitMs)));
    timer.unref();
    return timer;
  }
}
