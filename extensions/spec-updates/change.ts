/**
 * One change of one spec, as the feed keeps it, and how several become one event.
 */
import type { BatchedChange, SpecChangeName, SpecEvent, SpecMetadata } from './events.ts';

export interface SpecChange {
  readonly event: SpecChangeName;
  readonly id: string;
  /** `null` when it is deleted. */
  readonly metadata: SpecMetadata | null;
  /** What it was before; `null` when it is new. */
  readonly before: SpecMetadata | null;
  /** Names of the fields that differ, and `content`; none but for updates. */
  readonly changes: readonly string[];
  /** The ids of all specs that it is, or was, a part of. */
  readonly ancestors: ReadonlySet<string>;
  /** Of the publication that it came with. */
  readonly number: number;
}

/** @param changes at least one, and each spec once */
export function eventOf(
  changes: readonly SpecChange[],
  stamp: { timestamp: string; eventId: string | null },
): SpecEvent {
  if (changes.length > 1) {
    return { event: 'specs.batch', data: { changes: changes.map(toldOf), ...stamp } };
  }
  const { event, ...data } = toldOf(changes[0] as SpecChange);
  return { event, data: { ...data, ...stamp } } as SpecEvent;
}

function toldOf({ event, id, metadata, changes }: SpecChange): BatchedChange {
  if (!metadata) return { event: 'spec.deleted', id };
  if (event === 'spec.created') return { event, id, metadata };
  return { event: 'spec.updated', id, metadata, changes: [...changes] };
}

/** Two changes of one spec as one: for whoever hears of neither in between. */
export function coalesced(earlier: SpecChange, later: SpecChange): SpecChange {
  const { before } = earlier;
  const ancestors = earlier.ancestors.union(later.ancestors);
  const changes = [...new Set([...earlier.changes, ...later.changes])];
  if (later.event !== 'spec.updated' || earlier.event === 'spec.updated')
    return { ...later, before, ancestors, changes };
  // It was new, and still is to whoever has not heard of it.
  return {
    ...later,
    event: earlier.event === 'spec.deleted' ? 'spec.updated' : 'spec.created',
    before,
    ancestors,
  };
}

/** Goes ahead of others, where not everything can be told at once. */
export function isUrgent({ metadata }: SpecChange): boolean {
  return metadata === null || metadata.priority?.toLowerCase() === 'critical';
}
