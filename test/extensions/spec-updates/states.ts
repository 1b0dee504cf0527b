/**
 * Specs for tests, and somebody who notes what it is told about them.
 */
import { expect } from 'vitest';
import { type SpecEvent, type SpecMetadata, specEvent } from '../../../extensions/spec-updates/events.ts';
import type { SpecFeed, SpecState, SubscribeOptions } from '../../../extensions/spec-updates/feed.ts';

export function spec(id: string, fields: Partial<SpecMetadata> = {}): SpecMetadata {
  return {
    id,
    title: `The spec ${id}`,
    parent: null,
    type: null,
    status: null,
    priority: null,
    created: null,
    updated: null,
    dependencies: [],
    path: `${id}.md`,
    warnings: [],
    ...fields,
  };
}

export function state(id: string, fields: Partial<SpecMetadata> = {}, hasNewText = false): SpecState {
  return { id, metadata: spec(id, fields), hasNewText };
}

export function gone(id: string): SpecState {
  return { id, metadata: null, hasNewText: false };
}

/** Notes every event, and that its schema takes it. */
export function subscriber(feed: SpecFeed, options: Omit<SubscribeOptions, 'onEvent'> = {}) {
  const events: SpecEvent[] = [];
  const onEvent = (event: SpecEvent) => void events.push(specEvent.parse(event));
  const { unsubscribe } = feed.subscribe({ ...options, onEvent });
  return {
    events,
    unsubscribe,
    /** `spec.created E13`, batches taken apart. */
    get heard(): string[] {
      return events.flatMap(heardIn);
    },
    get lastEventId(): string | null {
      return events.findLast(({ data }) => data.eventId !== null)?.data.eventId ?? null;
    },
  };
}

export function heardIn(event: SpecEvent): string[] {
  if (event.event === 'specs.reset') return [`reset ${event.data.specs.map(({ id }) => id).join()}`];
  if (event.event === 'specs.batch')
    return event.data.changes.map((change) => `${change.event} ${change.id}`);
  expect(event.data.id).toBeTruthy();
  return [`${event.event} ${event.data.id}`];
}
