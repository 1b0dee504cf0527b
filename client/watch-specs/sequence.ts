/**
 * Where we stand in the feed: what is new to us, and where to go on after a break.
 *
 * While the transport changes, two links may bring the same events; and what went ahead of its turn comes again when
 * the connection breaks before its turn. Each change is let through once.
 */
import type { SpecEvent } from '../../extensions/spec-updates/events.ts';

export type SpecChangeEvent = Exclude<SpecEvent, { event: 'specs.reset' }>;

export class Sequence {
  #epoch = '';
  #number = -1;

  /** Up to which number these specs were told of, ahead of others. */
  readonly #ahead = new Map<string, number>();

  /** `null` before the first event. */
  get lastEventId(): string | null {
    return this.#epoch === '' ? null : `${this.#epoch}:${this.#number}`;
  }

  /** Everything up to this one is known, whatever was heard before. */
  begin(eventId: string): void {
    const { epoch, number } = partsOf(eventId);
    this.#epoch = epoch;
    this.#number = number;
    this.#ahead.clear();
  }

  /** What of this event was not heard before; `null` when that is nothing. From now on it is known. */
  newIn(event: SpecChangeEvent): SpecChangeEvent | null {
    const { eventId, aheadTo } = event.data;
    const position = eventId ?? aheadTo;
    if (position === undefined) return event;
    const { epoch, number } = partsOf(position);
    if (epoch === this.#epoch && number <= this.#number) return null;
    if (epoch !== this.#epoch && eventId !== null) this.begin(eventId);

    const unknown = without(event, (id) => (this.#ahead.get(id) ?? -1) >= number);
    if (eventId === null) for (const id of idsIn(event)) this.#ahead.set(id, number);
    else this.#reach(number);
    return unknown;
  }

  #reach(number: number): void {
    this.#number = number;
    for (const [id, upTo] of this.#ahead) if (upTo <= number) this.#ahead.delete(id);
  }
}

function idsIn({ event, data }: SpecChangeEvent): string[] {
  return event === 'specs.batch' ? data.changes.map(({ id }) => id) : [data.id];
}

function without(event: SpecChangeEvent, isKnown: (id: string) => boolean): SpecChangeEvent | null {
  if (event.event !== 'specs.batch') return isKnown(event.data.id) ? null : event;
  const changes = event.data.changes.filter(({ id }) => !isKnown(id));
  if (changes.length === event.data.changes.length) return event;
  return changes.length === 0 ? null : { event: 'specs.batch', data: { ...event.data, changes } };
}

function partsOf(eventId: string): { epoch: string; number: number } {
  const at = eventId.lastIndexOf(':');
  return { epoch: eventId.slice(0, at), number: Number(eventId.slice(at + 1)) };
}
