/**
 * Tells events to other programs over HTTP, also when they, or this server, were away for a while.
 *
 * An event goes into the outbox first, and out of it when the receiver has answered with 2xx. So each arrives at least
 * once; what is of one room arrives in order. A room whose event is refused waits by itself, with growing pauses; when
 * nobody answers at all, everything for that address waits. After a day an event becomes a dead letter, and the next
 * one has its turn.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventData, EventName } from '../events.ts';
import type { Events, Logger } from '../ports.ts';
import type { DeadLetter, Delivery, NewDelivery, Outbox } from './outbox.ts';
import { type Outcome, type PostOptions, post } from './post.ts';

export interface WebhooksOptions extends PostOptions {
  readonly outbox: Outbox;
  readonly urls: readonly string[];
  /** Which events are told. */
  readonly events: readonly EventName[];
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** How long an event is tried. */
  readonly giveUpMs: number;
  /** How long a dead letter is kept. */
  readonly keepDeadMs: number;
  readonly log: Logger;
}

/** What is of one room, on its way to one address. */
interface Lane {
  readonly room: string;
  /** Refusals in a row of the event at its head. */
  tries: number;
  /** Whether something came while it was looked at. */
  hasMore: boolean;
}

/** One address. */
interface Target {
  readonly url: string;
  /** Every room that has something to tell. */
  readonly lanes: Map<string, Lane>;
  /** Those of them whose turn it is, in order. */
  readonly ready: Lane[];
  underWay: number;
  /** Times in a row that nobody answered. */
  tries: number;
  /** While nobody answers: until the next try. */
  pause: NodeJS.Timeout | undefined;
}

/** Events of so many rooms are on their way to one address at once. */
const maxAtOnce = 8;

/** So many events may wait for the disk; those that come then are lost, and the log says so. */
const maxWaiting = 10_000;

/** Pause after the outbox could not be used. */
const outboxRetryMs = 1_000;

/** So long a stop waits for what can be told at once. */
const farewellMs = 1_000;

const hourMs = 3_600_000;

export class Webhooks implements Events {
  readonly #options: WebhooksOptions;
  readonly #names: ReadonlySet<EventName>;
  readonly #targets: readonly Target[];
  readonly #stopping = new AbortController();

  /** Events that are not in the outbox yet. */
  readonly #fresh: NewDelivery[] = [];
  #storing: Promise<void> | undefined;
  #sweeping: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.#names = new Set(options.events);
    this.#targets = options.urls.map((url) => ({
      url,
      lanes: new Map(),
      ready: [],
      underWay: 0,
      tries: 0,
      pause: undefined,
    }));
  }

  /** Goes on with what the outbox holds. */
  async start(): Promise<void> {
    const { outbox, urls, log } = this.#options;
    const others = await outbox.call('buryOthers', urls, Date.now());
    if (others > 0)
      log.warn({ events: others }, 'the outbox held events for addresses that are not configured');
    for (const { target, room } of await outbox.call('lanes')) this.#wake(target, room);
    this.#sweep();
    this.#sweeping = setInterval(() => this.#sweep(), hourMs);
    this.#sweeping.unref();
  }

  emit(name: EventName, data: EventData): void {
    if (!this.#names.has(name) || this.#targets.length === 0 || this.#isStopped) return;
    if (this.#fresh.length >= maxWaiting) {
      this.#options.log.error(
        { event: name, roomId: data.roomId },
        'an event was lost: the outbox takes none',
      );
      return;
    }
    const { timestamp, correlationId, roomId: room } = data;
    const id = randomUUID();
    const body = JSON.stringify({ id, event: name, timestamp, correlationId, data });
    this.#fresh.push({ eventId: id, event: name, room, body, createdAt: Date.now() });
    this.#storing ??= this.#store().finally(() => {
      this.#storing = undefined;
    });
  }

  async status(): Promise<{ pending: number; dead: number; failing: string[] }> {
    const failing = this.#targets.filter(({ tries }) => tries > 0).map(({ url }) => url);
    return { ...(await this.#options.outbox.call('counts')), failing };
  }

  /** Oldest first. */
  deadLetters(after: number, limit: number): Promise<DeadLetter[]> {
    return this.#options.outbox.call('dead', after, limit);
  }

  /** Has another day. `false` when there is no such dead letter, or its address is not configured any more. */
  async resend(id: number): Promise<boolean> {
    const lane = await this.#options.outbox.call('revive', id, Date.now(), this.#options.urls);
    if (lane) this.#wake(lane.target, lane.room);
    return lane !== null;
  }

  /** Resolves when every event that was told is in the outbox or delivered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#sweeping);
    await Promise.race([this.#settled(), delay(farewellMs, undefined, { ref: false })]);
    this.#stopping.abort();
    for (const { pause } of this.#targets) clearTimeout(pause);
    if (this.#fresh.length > 0)
      this.#options.log.error({ events: this.#fresh.length }, 'events could not be stored for webhooks');
    await this.#options.outbox.call('close').catch(() => undefined);
    await this.#options.outbox.close();
  }

  /** What can be told at once is told. */
  async #settled(): Promise<void> {
    await this.#storing;
    const isBusy = ({ underWay, ready, pause }: Target) => underWay > 0 || (ready.length > 0 && !pause);
    while (this.#targets.some(isBusy)) await delay(10);
  }

  /** Writes what has come, all together, again and again until there is nothing more. */
  async #store(): Promise<void> {
    // What happens in one go is written in one.
    await Promise.resolve();
    while (this.#fresh.length > 0 && !this.#stopping.signal.aborted) {
      const batch = [...this.#fresh];
      const { outbox, urls } = this.#options;
      try {
        await outbox.call('add', batch, urls);
      } catch (error) {
        this.#options.log.warn({ events: batch.length, cause: String(error) }, 'events wait for the outbox');
        await this.#pauseFor(outboxRetryMs);
        continue;
      }
      this.#fresh.splice(0, batch.length);
      for (const room of new Set(batch.map((delivery) => delivery.room))) {
        for (const url of urls) this.#wake(url, room);
      }
    }
  }

  #wake(url: string, room: string): void {
    const target = this.#targets.find((one) => one.url === url);
    if (!target) return;
    const known = target.lanes.get(room);
    if (known) {
      known.hasMore = true;
      return;
    }
    const lane = { room, tries: 0, hasMore: false };
    target.lanes.set(room, lane);
    this.#takeTurn(target, lane);
  }

  #takeTurn(target: Target, lane: Lane): void {
    target.ready.push(lane);
    this.#pump(target);
  }

  #pump(target: Target): void {
    // Whether somebody is there again is asked by one.
    const atOnce = target.tries > 0 ? 1 : maxAtOnce;
    while (target.underWay < atOnce && !target.pause && !this.#stopping.signal.aborted) {
      const lane = target.ready.shift();
      if (!lane) return;
      target.underWay += 1;
      void this.#deliverHead(target, lane).finally(() => {
        target.underWay -= 1;
        this.#pump(target);
      });
    }
  }

  async #deliverHead(target: Target, lane: Lane): Promise<void> {
    const { outbox, log } = this.#options;
    try {
      lane.hasMore = false;
      const head = await outbox.call('head', target.url, lane.room);
      if (head) await this.#deliver(target, lane, head);
      else if (lane.hasMore) target.ready.push(lane);
      else target.lanes.delete(lane.room);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      log.warn({ room: lane.room, cause: String(error) }, 'the outbox does not answer');
      this.#later(outboxRetryMs, () => this.#takeTurn(target, lane));
    }
  }

  async #deliver(target: Target, lane: Lane, head: Delivery): Promise<void> {
    const outcome = await post(target.url, head, this.#options, this.#stopping.signal);
    if (this.#stopping.signal.aborted && outcome.kind !== 'delivered') return;
    if (outcome.kind === 'unanswered') return this.#unanswered(target, lane, outcome.error);
    this.#answered(target);
    if (outcome.kind === 'delivered') {
      await this.#options.outbox.call('remove', head.id);
      lane.tries = 0;
      target.ready.push(lane);
    } else await this.#refused(target, lane, head, outcome);
  }

  #answered(target: Target): void {
    if (target.tries > 0)
      this.#options.log.info({ tries: target.tries, host: hostIn(target) }, 'a webhook answers again');
    target.tries = 0;
  }

  async #refused(
    target: Target,
    lane: Lane,
    { id, event, createdAt }: Delivery,
    { error, retryAfterMs }: Extract<Outcome, { kind: 'refused' }>,
  ): Promise<void> {
    const { outbox, giveUpMs, log } = this.#options;
    const fields = { host: hostIn(target), event, room: lane.room, error };
    if (Date.now() - createdAt >= giveUpMs) {
      await outbox.call('bury', id, Date.now(), error);
      log.error(fields, 'an event was given up; it is among the dead letters');
      lane.tries = 0;
      target.ready.push(lane);
      return;
    }
    lane.tries += 1;
    if (lane.tries === 1) log.warn(fields, 'a webhook refused an event; it is tried again');
    this.#later(Math.max(retryAfterMs, this.#backoff(lane.tries)), () => this.#takeTurn(target, lane));
  }

  /** Everything for this address waits, and what has waited for too long is given up. */
  async #unanswered(target: Target, lane: Lane, error: string): Promise<void> {
    const { outbox, giveUpMs, log } = this.#options;
    target.ready.unshift(lane);
    // Another room's event found out before.
    if (target.pause) return;
    target.tries += 1;
    if (target.tries === 1)
      log.warn({ host: hostIn(target), error }, 'a webhook does not answer; it is tried again');
    target.pause = this.#later(this.#backoff(target.tries), () => {
      target.pause = undefined;
      this.#pump(target);
    });
    const now = Date.now();
    const givenUp = await outbox.call('buryOld', target.url, now - giveUpMs, now, error).catch(() => 0);
    if (givenUp > 0)
      log.error(
        { host: hostIn(target), events: givenUp },
        'events were given up; they are among the dead letters',
      );
  }

  #backoff(tries: number): number {
    const { retryMinMs, retryMaxMs } = this.#options;
    return Math.min(retryMaxMs, retryMinMs * 2 ** (tries - 1)) * (0.5 + Math.random() / 2);
  }

  #later(ms: number, then: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      if (!this.#stopping.signal.aborted) then();
    }, ms);
    timer.unref();
    return timer;
  }

  #sweep(): void {
    const { outbox, keepDeadMs, log } = this.#options;
    outbox.call('forget', Date.now() - keepDeadMs).catch((error: unknown) => {
      log.warn({ cause: String(error) }, 'old dead letters could not be removed; the next sweep tries again');
    });
  }

  async #pauseFor(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
  }
}

/** For the log: path and query of a webhook's address may hold its secret. */
function hostIn({ url }: Target): string {
  return new URL(url).host;
}
