/**
 * What one connection watches, as its messages `subscribe`, `unsubscribe` and `subscriptions` make it.
 *
 * It is one filter, whatever was subscribed in how many steps: so each change is told once, and the `eventId` of the
 * last event says where to go on, for all of it.
 */
import { z } from 'zod';
import { RealtimeError } from '../../server/errors.ts';
import type { SpecEvent } from './events.ts';
import type { SpecFeed, SubscribeOptions } from './feed.ts';
import { specFilter } from './filter.ts';

/** Events a second. */
export const pace = z.number().min(0.1).max(1_000);

/** What is left out stays as it is; `specIds` are added to those that are watched. */
const subscribeMessage = specFilter.extend({
  maxPerSecond: pace.optional(),
  /** The last `eventId` that is known; `null` for everything as it is now; left out: from now on. */
  from: z.string().max(64).nullable().optional(),
});

/** Without `specIds` everything ends. */
const unsubscribeMessage = specFilter.pick({ specIds: true });

export type WatchedSpecs = Omit<z.infer<typeof subscribeMessage>, 'from'>;

/** The answer to each of the messages. */
export interface Subscriptions {
  /** One, or none. Without `specIds` it is about all specs. */
  readonly subscriptions: readonly WatchedSpecs[];
  /** Where to go on from, for whoever is cut off before the next event. */
  readonly eventId: string;
}

/** A subscription that is served. */
export interface Listening {
  /** Everything up to this event was told, or was before the subscription. */
  readonly eventId: string;
  stop(): void;
}

/** @param from as in `SubscribeOptions` */
export type Listen = (watched: WatchedSpecs, from: string | null | undefined) => Listening;

export class Watch {
  readonly #listen: Listen;
  #watched: WatchedSpecs | null = null;
  #listening: Listening | null = null;

  /** Where the last subscription ended, or this watch began. */
  #eventId: string;

  /** @param eventId the newest one */
  constructor(listen: Listen, eventId: string) {
    this.#listen = listen;
    this.#eventId = eventId;
  }

  /** @throws RealtimeError `invalid-subscription` */
  subscribe(message: unknown): Subscriptions {
    const { from, ...wanted } = parsed(subscribeMessage, message);
    const { specIds } = this.#watched ?? {};
    // Who watches all goes on watching all.
    const isAll = wanted.specIds === undefined || (this.#watched !== null && specIds === undefined);
    const both = new Set([...(specIds ?? []), ...(wanted.specIds ?? [])]);
    const { specIds: _ids, ...fields } = { ...this.#watched, ...wanted };
    this.#watch(parsed(subscribeMessage, isAll ? fields : { ...fields, specIds: [...both] }), from);
    return this.subscriptions();
  }

  /** @throws RealtimeError `invalid-subscription` */
  unsubscribe(message: unknown): Subscriptions {
    const { specIds } = parsed(unsubscribeMessage, message ?? {});
    if (!this.#watched) return this.subscriptions();
    const left = specIds ? this.#watched.specIds?.filter((id) => !specIds.includes(id)) : [];
    // Of all specs single ones cannot be left out.
    if (!left) throw new RealtimeError('invalid-subscription');
    if (left.length > 0) this.#watch({ ...this.#watched, specIds: left }, undefined);
    else this.close();
    return this.subscriptions();
  }

  subscriptions(): Subscriptions {
    const eventId = this.#listening?.eventId ?? this.#eventId;
    return { subscriptions: this.#watched ? [this.#watched] : [], eventId };
  }

  /** Ends everything. */
  close(): void {
    this.#eventId = this.#listening?.eventId ?? this.#eventId;
    this.#listening?.stop();
    this.#listening = null;
    this.#watched = null;
  }

  #watch(watched: WatchedSpecs, from: string | null | undefined): void {
    const before = this.#listening;
    // What waited for its turn until now must not fall through.
    this.#listening = this.#listen(watched, from === undefined ? before?.eventId : from);
    this.#watched = watched;
    before?.stop();
  }
}

/** Serves a subscription by one of its own at the feed. */
export function listeningTo(feed: SpecFeed, onEvent: (event: SpecEvent) => void): Listen {
  return (watched, from) => {
    let { eventId } = feed.current();
    const { unsubscribe } = feed.subscribe({
      ...subscriptionOf(watched),
      ...(from !== undefined && { from }),
      onEvent: (event) => {
        eventId = event.data.eventId ?? eventId;
        onEvent(event);
      },
    });
    return {
      get eventId() {
        return eventId;
      },
      stop: unsubscribe,
    };
  };
}

export function subscriptionOf({
  maxPerSecond,
  ...filter
}: WatchedSpecs): Pick<SubscribeOptions, 'filter' | 'maxPerSecond'> {
  return { filter, ...(maxPerSecond !== undefined && { maxPerSecond }) };
}

function parsed<Type extends z.ZodType>(type: Type, message: unknown): z.infer<Type> {
  const result = type.safeParse(message);
  if (result.success) return result.data;
  throw new RealtimeError('invalid-subscription');
}
