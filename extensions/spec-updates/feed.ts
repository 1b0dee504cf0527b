/**
 * The one source of spec events: knows every spec as it is now, numbers what changes, and tells whoever subscribes.
 *
 * Nothing here reads or sends anything: the engine publishes states, transports subscribe. The last changes are kept,
 * so that whoever comes back hears what it missed; when that is too long ago it is told everything as it is now.
 */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { eventOf, type SpecChange } from './change.ts';
import type { SpecEvent, SpecMetadata } from './events.ts';
import { Filter, type SpecFilter } from './filter.ts';
import { parentInId } from './spec-id.ts';
import { SpecStatistics } from './statistics.ts';
import { type Listener, SpecStream } from './stream.ts';

export interface SpecFeedOptions {
  /** Changes that are kept for whoever comes back. */
  readonly historySize?: number;
  /** Most changes in one event. */
  readonly batchSize?: number;
}

/** What a spec is now, as the engine found it. */
export interface SpecState {
  readonly id: string;
  /** `null`: it is gone. */
  readonly metadata: SpecMetadata | null;
  /** Whether its text differs from what it was, whatever the metadata say. */
  readonly hasNewText: boolean;
  /** Of its text, for who was not there before and has to tell. */
  readonly textHash?: string;
}

export interface SubscribeOptions {
  /**
   * What the subscriber knows: the `eventId` of the last event that it saw, and it gets what came since, or
   * `specs.reset` when that is not known any more. `null`: nothing, so it gets `specs.reset`. Unset: it wants to hear
   * of what comes from now on.
   */
  readonly from?: string | null;
  readonly filter?: SpecFilter;
  /** Events a second that it can take for long; more changes are gathered into fewer events. */
  readonly maxPerSecond?: number;
  /** The server itself: its subscription is not counted. */
  readonly isOurs?: boolean;
  /** Must not throw. What was missed is handed over before `subscribe` returns. */
  readonly onEvent: (event: SpecEvent) => void;
}

export interface Subscription {
  unsubscribe(): void;
}

export interface SpecSnapshot {
  readonly specs: ReadonlyMap<string, SpecMetadata>;
  readonly epoch: string;
  /** Of the newest event: whoever knows these specs has seen everything up to it. */
  readonly eventId: string;
  /** Resuming is possible behind this number, and up to the newest. */
  readonly oldest: number;
  readonly newest: number;
}

/** Changes that were told together. */
export interface Publication {
  readonly number: number;
  readonly timestamp: string;
  readonly changes: readonly SpecChange[];
}

/** What another feed knows, for one that is to go on with its numbers. */
export interface KnownSpecs {
  readonly epoch: string;
  /** Number of the newest publication. */
  readonly newest: number;
  readonly specs: readonly SpecMetadata[];
  /** Newest last. */
  readonly history: readonly Publication[];
}

export const usualMaxPerSecond = 20;

/** A chain of parents that is longer is a circle, or nobody's. */
const maxDepth = 32;

export class SpecFeed {
  readonly statistics = new SpecStatistics();
  readonly #historySize: number;
  readonly #batchSize: number;

  /** Tells this life of the server from others, whose numbers mean something else. */
  #epoch = newEpoch();
  readonly #specs = new Map<string, SpecMetadata>();

  /** Newest last; as many changes in all as are kept. */
  readonly #history: Publication[] = [];
  #keptChanges = 0;
  #newest = 0;

  /** By filter and pace. */
  readonly #streams = new Map<string, SpecStream>();

  constructor({ historySize = 1_000, batchSize = 200 }: SpecFeedOptions = {}) {
    this.#historySize = historySize;
    this.#batchSize = batchSize;
  }

  current(): SpecSnapshot {
    const oldest = this.#history[0] ? this.#history[0].number - 1 : this.#newest;
    return {
      specs: this.#specs,
      epoch: this.#epoch,
      eventId: this.#eventIdOf(this.#newest),
      oldest,
      newest: this.#newest,
    };
  }

  /** Takes what is there at the beginning; whoever listens already is told all of it at once. */
  fill(specs: readonly SpecMetadata[]): void {
    this.#begin({ epoch: this.#epoch, newest: this.#newest + 1, specs, history: [] });
  }

  /** Goes on from what another feed knows; whoever listens is told what is new, or all of it where that is not known. */
  follow(known: KnownSpecs): void {
    const { epoch, newest, history } = known;
    const oldest = history[0]?.number ?? newest + 1;
    if (epoch !== this.#epoch || this.#newest < oldest - 1) return this.#begin(known);
    for (const publication of history) if (publication.number > this.#newest) this.take(publication);
  }

  #begin({ epoch, newest, specs, history }: KnownSpecs): void {
    this.#specs.clear();
    for (const metadata of specs) this.#specs.set(metadata.id, metadata);
    this.statistics.specs = this.#specs.size;
    this.#epoch = epoch;
    this.#newest = newest;
    this.#history.length = 0;
    this.#keptChanges = 0;
    for (const publication of history) this.#keep(publication);
    for (const stream of this.#streams.values()) {
      stream.stop();
      const event = this.#resetOf(stream.filter);
      for (const listener of [...stream.listeners]) this.#tell(listener.onEvent, event);
    }
  }

  /** What differs from what is known becomes an event, or several when it is much; what does not, none. */
  publish(states: readonly SpecState[]): void {
    for (const publication of this.differences(states)) this.take(publication);
  }

  /** What `publish` would tell, with the numbers that come next. */
  differences(states: readonly SpecState[]): Publication[] {
    const differing = [...new Map(states.map((state) => [state.id, state])).values()].flatMap(
      (state) => this.#differenceTo(state) ?? [],
    );
    // A child may come with its parent: whose part it is shows when all of them are there.
    const changed = new Map(differing.map(({ id, metadata }) => [id, metadata]));
    const specOf = (id: string) => (changed.has(id) ? changed.get(id) : this.#specs.get(id));
    const timestamp = new Date().toISOString();
    const publications: Publication[] = [];
    for (let start = 0; start < differing.length; start += this.#batchSize) {
      const number = this.#newest + 1 + publications.length;
      const changes = differing.slice(start, start + this.#batchSize).map((change): SpecChange => {
        const now = change.metadata ? this.#ancestorsOf(change.metadata, specOf) : [];
        return { ...change, ancestors: new Set([...change.ancestors, ...now]), number };
      });
      publications.push({ number, timestamp, changes });
    }
    return publications;
  }

  /** Tells what comes next. */
  take(publication: Publication): void {
    const { number, timestamp, changes } = publication;
    for (const { id, metadata } of changes) {
      if (metadata) this.#specs.set(id, metadata);
      else this.#specs.delete(id);
    }
    this.#newest = number;
    this.#keep(publication);
    this.statistics.events += 1;
    this.statistics.changes += changes.length;
    this.statistics.specs = this.#specs.size;
    for (const stream of [...this.#streams.values()]) stream.take(changes, number, timestamp);
  }

  subscribe(options: SubscribeOptions): Subscription {
    const { from, filter, maxPerSecond = usualMaxPerSecond, isOurs = false, onEvent } = options;
    const compiled = new Filter(filter);
    const key = `${isOurs} ${maxPerSecond} ${compiled.key}`;
    const stream = this.#streams.get(key) ?? this.#newStream(compiled, maxPerSecond, isOurs);
    this.#streams.set(key, stream);
    const listener: Listener = { onEvent, since: this.#newest };
    stream.listeners.add(listener);
    const counts = isOurs ? 0 : 1;
    this.statistics.subscriptions += counts;
    if (from !== undefined) this.#catchUp(compiled, from, onEvent);
    return {
      unsubscribe: () => {
        if (!stream.listeners.delete(listener)) return;
        this.statistics.subscriptions -= counts;
        if (stream.listeners.size > 0) return;
        stream.stop();
        if (this.#streams.get(key) === stream) this.#streams.delete(key);
      },
    };
  }

  #newStream(filter: Filter, maxPerSecond: number, isOurs: boolean): SpecStream {
    return new SpecStream({
      filter,
      maxPerSecond,
      batchSize: this.#batchSize,
      eventIdOf: (number) => this.#eventIdOf(number),
      onDelivered: () => {
        if (!isOurs) this.statistics.delivered += 1;
      },
      onCoalesced: () => {
        this.statistics.coalesced += 1;
      },
    });
  }

  #keep(publication: Publication): void {
    this.#history.push(publication);
    this.#keptChanges += publication.changes.length;
    while (this.#keptChanges > this.#historySize && this.#history.length > 1) {
      this.#keptChanges -= this.#history.shift()?.changes.length ?? 0;
    }
  }

  /** `null` when nothing differs. Its ancestors are those of before. */
  #differenceTo({ id, metadata, hasNewText }: SpecState): Omit<SpecChange, 'number'> | null {
    const before = this.#specs.get(id) ?? null;
    if (!metadata && !before) return null;
    const changes = metadata && before ? differingFields(before, metadata, hasNewText) : [];
    if (metadata && before && changes.length === 0) return null;
    const event = !metadata ? 'spec.deleted' : before ? 'spec.updated' : 'spec.created';
    const ancestors = before ? this.#ancestorsOf(before) : new Set<string>();
    return { event, id, metadata, before, changes, ancestors };
  }

  #ancestorsOf(
    { id, parent }: SpecMetadata,
    specOf: (id: string) => SpecMetadata | null | undefined = (id) => this.#specs.get(id),
  ): Set<string> {
    const ancestors = new Set<string>();
    let above = parent;
    while (above !== null && above !== id && !ancestors.has(above) && ancestors.size < maxDepth) {
      ancestors.add(above);
      const known = specOf(above);
      // What is gone already, when a whole folder goes bit by bit, says by its id where it belonged.
      above = known ? known.parent : parentInId(above);
    }
    return ancestors;
  }

  #catchUp(filter: Filter, from: string | null, onEvent: SubscribeOptions['onEvent']): void {
    const known = this.#numberIn(from);
    const { oldest, newest } = this.current();
    if (known === null || known < oldest || known > newest) return this.#tell(onEvent, this.#resetOf(filter));
    for (const { number, timestamp, changes } of this.#history) {
      const wanted = number > known ? changes.filter((change) => filter.takes(change)) : [];
      const stamp = { timestamp, eventId: this.#eventIdOf(number) };
      if (wanted.length > 0) this.#tell(onEvent, eventOf(wanted, stamp));
    }
  }

  #resetOf(filter: Filter): SpecEvent {
    const specs = [...this.#specs.values()].filter((metadata) =>
      filter.holds(metadata, this.#ancestorsOf(metadata)),
    );
    const stamp = { timestamp: new Date().toISOString(), eventId: this.#eventIdOf(this.#newest) };
    return { event: 'specs.reset', data: { specs, ...stamp } };
  }

  #tell(onEvent: SubscribeOptions['onEvent'], event: SpecEvent): void {
    this.statistics.delivered += 1;
    onEvent(event);
  }

  #eventIdOf(number: number): string {
    return `${this.#epoch}:${number}`;
  }

  /** `null` for what is none of ours. */
  #numberIn(eventId: string | null): number | null {
    const [, epoch, number] = /^([\w-]{1,32}):(\d{1,15})$/.exec(eventId ?? '') ?? [];
    return epoch === this.#epoch ? Number(number) : null;
  }
}

/** Of numbers that mean something else than those of before. */
export function newEpoch(): string {
  return randomBytes(6).toString('base64url');
}

function differingFields(before: SpecMetadata, after: SpecMetadata, hasNewText: boolean): string[] {
  const fields = (Object.keys(after) as (keyof SpecMetadata)[]).filter(
    (field) => !isDeepStrictEqual(before[field], after[field]),
  );
  return hasNewText ? [...fields, 'content'] : fields;
}
