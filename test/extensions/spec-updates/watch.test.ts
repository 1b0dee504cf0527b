import { expect, it } from 'vitest';
import { type SpecEvent, specEvent } from '../../../extensions/spec-updates/events.ts';
import { SpecFeed } from '../../../extensions/spec-updates/feed.ts';
import { listeningTo, Watch } from '../../../extensions/spec-updates/watch.ts';
import { RealtimeError } from '../../../server/errors.ts';
import { heardIn, state } from './states.ts';

function openWatch() {
  const feed = new SpecFeed();
  const events: SpecEvent[] = [];
  const open = () =>
    new Watch(
      listeningTo(feed, (event) => void events.push(specEvent.parse(event))),
      feed.current().eventId,
    );
  const change = (...ids: string[]) =>
    feed.publish(ids.map((id) => state(id, { title: `${id} ${Math.random()}` })));
  return {
    feed,
    open,
    watch: open(),
    change,
    events,
    get heard() {
      return events.flatMap(heardIn);
    },
  };
}

it('[U19] is told nothing before it subscribes, and what it subscribed to from then on', () => {
  const room = openWatch();
  room.change('E13', 'E14');
  room.watch.subscribe({ specIds: ['E13'] });
  room.change('E13', 'E14');
  expect(room.heard).toEqual(['spec.updated E13']);
});

it('[U19] is one subscription in however many steps, and each change is told once', () => {
  const room = openWatch();
  room.watch.subscribe({ specIds: ['E13'], maxPerSecond: 5 });
  room.watch.subscribe({ specIds: ['E13', 'E1*'], includeChildren: true });
  room.change('E13', 'E14', 'F1');
  expect(room.heard).toEqual(['spec.created E13', 'spec.created E14']);
  expect(room.watch.subscriptions()).toEqual({
    subscriptions: [{ specIds: ['E13', 'E1*'], includeChildren: true, maxPerSecond: 5 }],
    eventId: room.feed.current().eventId,
  });
  expect(room.feed.statistics.subscriptions).toBe(1);

  room.watch.unsubscribe({ specIds: ['E1*'] });
  room.change('E13', 'E14');
  expect(room.heard.slice(2)).toEqual(['spec.updated E13']);

  room.watch.unsubscribe({ specIds: ['E13'] });
  room.change('E13');
  expect(room.heard).toHaveLength(3);
  expect(room.watch.subscriptions().subscriptions).toEqual([]);
  expect(room.feed.statistics.subscriptions).toBe(0);
});

it('[U19] is about all specs without ids, and stays so', () => {
  const room = openWatch();
  room.watch.subscribe({});
  room.watch.subscribe({ specIds: ['E13'], events: ['spec.created'] });
  room.change('E13', 'E14');
  room.change('E13', 'E14');
  expect(room.heard).toEqual(['spec.created E13', 'spec.created E14']);
  expect(() => room.watch.unsubscribe({ specIds: ['E13'] })).toThrow(RealtimeError);
  room.watch.unsubscribe(undefined);
  room.change('E15');
  expect(room.heard).toHaveLength(2);
});

it('[U19] loses nothing that waits for its turn when the subscription changes', () => {
  const room = openWatch();
  room.watch.subscribe({ specIds: ['E13'], maxPerSecond: 0.1 });
  room.change('E13');
  room.change('E13');
  expect(room.heard).toHaveLength(0);
  room.watch.subscribe({ specIds: ['E14'], maxPerSecond: 100 });
  expect(room.heard).toEqual(['spec.created E13', 'spec.updated E13']);
});

it('[U2] [U19] goes on where a connection was before', () => {
  const room = openWatch();
  const { eventId } = room.watch.subscribe({});
  room.watch.close();
  room.change('E13');
  const later = room.open();
  later.subscribe({ from: eventId });
  expect(room.heard).toEqual(['spec.created E13']);
  room.open().subscribe({ from: null });
  expect(room.heard.at(-1)).toBe('reset E13');
});

it.each([
  ['no object', 'E13'],
  ['no list', { specIds: 'E13' }],
  ['an unknown field', { colour: 'red' }],
  ['a path', { specIds: ['../E13'] }],
  ['too many ids', { specIds: Array.from({ length: 101 }, (_, index) => `E${index}`) }],
  ['too slow a pace', { maxPerSecond: 0 }],
])('[U19] refuses what is no subscription, and keeps the one that is there: %s', (_what, message) => {
  const room = openWatch();
  room.watch.subscribe({ specIds: ['E13'] });
  expect(() => room.watch.subscribe(message)).toThrow(
    expect.objectContaining({ code: 'invalid-subscription' }),
  );
  room.change('E13');
  expect(room.heard).toEqual(['spec.created E13']);
});

it('[U19] has so many ids and no more, in however many steps', () => {
  const { watch } = openWatch();
  const ids = (from: number) => Array.from({ length: 60 }, (_, index) => `E${from + index}`);
  watch.subscribe({ specIds: ids(0) });
  expect(() => watch.subscribe({ specIds: ids(60) })).toThrow(RealtimeError);
  expect(watch.subscriptions().subscriptions[0]?.specIds).toHaveLength(60);
});
