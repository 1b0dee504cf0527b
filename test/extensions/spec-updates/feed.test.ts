import { describe, expect, it, vi } from 'vitest';
import { dataTextOf, type SpecEvent } from '../../../extensions/spec-updates/events.ts';
import { SpecFeed } from '../../../extensions/spec-updates/feed.ts';
import { until } from '../../helpers/until.ts';
import { gone, spec, state, subscriber } from './states.ts';

describe('what is told', () => {
  it('[U1] is each change once, with the fields that differ, a number and a time', () => {
    const feed = new SpecFeed();
    const { events } = subscriber(feed);
    feed.publish([state('E13', { status: 'draft' })]);
    feed.publish([state('E13', { status: 'done', dependencies: ['E12'] }, true)]);
    feed.publish([state('E13', { status: 'done', dependencies: ['E12'] })]);
    feed.publish([gone('E13')]);
    feed.publish([gone('E13')]);
    expect(events.map(({ event }) => event)).toEqual(['spec.created', 'spec.updated', 'spec.deleted']);
    expect(events[1]?.data).toMatchObject({ id: 'E13', changes: ['status', 'dependencies', 'content'] });
    expect(events.map(({ data }) => Number(data.eventId?.split(':')[1]))).toEqual([1, 2, 3]);
    expect(Date.parse(events[0]?.data.timestamp ?? '')).toBeGreaterThan(Date.now() - 60_000);
  });

  it('[U1] is one batch when several change at once, and several when it is too many', () => {
    const feed = new SpecFeed({ batchSize: 3 });
    const listener = subscriber(feed);
    feed.publish(['A', 'B', 'C', 'D'].map((id) => state(id)));
    expect(listener.events.map(({ event }) => event)).toEqual(['specs.batch', 'spec.created']);
    expect(listener.heard).toEqual(['A', 'B', 'C', 'D'].map((id) => `spec.created ${id}`));
  });

  it('[U1] is printed once for all who are told the same', () => {
    const feed = new SpecFeed();
    const [one, other] = [subscriber(feed), subscriber(feed)];
    const told: SpecEvent[] = [];
    for (let count = 0; count < 2; count += 1) feed.subscribe({ onEvent: (event) => void told.push(event) });
    feed.publish([state('E13')]);
    expect(one.events).toEqual(other.events);
    expect(told[0]).toBe(told[1]);
    expect(JSON.parse(dataTextOf(told[0] as SpecEvent))).toEqual(told[0]?.data);
  });

  it('ends with the subscription', () => {
    const feed = new SpecFeed();
    const listener = subscriber(feed);
    feed.publish([state('A')]);
    listener.unsubscribe();
    listener.unsubscribe();
    feed.publish([state('B')]);
    expect(listener.heard).toEqual(['spec.created A']);
    expect(feed.statistics.toJSON()).toMatchObject({ subscriptions: 0, events: 2, delivered: 1, specs: 2 });
  });
});

describe('who comes back', () => {
  it('[U2] is told what it missed, however often it leaves', () => {
    const feed = new SpecFeed();
    const all = subscriber(feed, { maxPerSecond: 1_000 });
    let known: string | null = feed.current().eventId;
    const heard: string[] = [];
    for (let round = 0; round < 50; round += 1) {
      feed.publish([state(`missed-${round}`)]);
      const visit = subscriber(feed, { from: known });
      feed.publish([state(`live-${round}`), state(`too-${round}`)]);
      visit.unsubscribe();
      heard.push(...visit.heard);
      known = visit.lastEventId;
    }
    expect(heard).toEqual(all.heard);
    expect(heard).toHaveLength(150);
  });

  it.each([
    ['knows nothing', () => null],
    ['was away for too long', (feed: SpecFeed) => `${feed.current().eventId.split(':')[0]}:1`],
    ['comes from another life of the server', () => new SpecFeed().current().eventId],
    ['names what is still to come', (feed: SpecFeed) => `${feed.current().eventId.split(':')[0]}:99999`],
    ['names nonsense', () => '../../etc'],
  ])('[U2] gets everything as it is now when it %s', (_who, from) => {
    const feed = new SpecFeed({ historySize: 5 });
    feed.fill([spec('E12'), spec('E13')]);
    for (let round = 0; round < 20; round += 1) feed.publish([state('E13', { status: String(round) })]);
    feed.publish([gone('E12')]);
    const { events } = subscriber(feed, { from: from(feed) });
    expect(events).toHaveLength(1);
    const now = { specs: [spec('E13', { status: '19' })], eventId: feed.current().eventId };
    expect(events[0]).toMatchObject({ event: 'specs.reset', data: now });
  });

  it('[U2] resumes from the oldest that is kept, and no further back', () => {
    const feed = new SpecFeed({ historySize: 5 });
    for (let round = 0; round < 20; round += 1) feed.publish([state(`S${round}`)]);
    const { oldest, newest, eventId } = feed.current();
    expect(newest - oldest).toBe(5);
    const at = (number: number) => subscriber(feed, { from: eventId.replace(/\d+$/, String(number)) }).heard;
    expect(at(oldest)).toHaveLength(5);
    expect(at(oldest - 1)[0]).toMatch(/^reset/);
    expect(at(newest)).toEqual([]);
  });

  it('[U2] is told all at once when the folder was read while it listened', () => {
    const feed = new SpecFeed();
    const listener = subscriber(feed, { filter: { specIds: ['E13*'] } });
    feed.fill([spec('E12'), spec('E13')]);
    expect(listener.heard).toEqual(['reset E13']);
    expect(subscriber(feed, { from: listener.lastEventId }).heard).toEqual([]);
  });
});

describe('the pace', () => {
  it('[U4] gathers what is too much: each spec once as it is now, urgent things first, nothing lost', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    try {
      const feed = new SpecFeed({ batchSize: 10, historySize: 10_000 });
      feed.fill(Array.from({ length: 40 }, (_, index) => spec(`S${index}`)));
      const slow = subscriber(feed, { maxPerSecond: 2 });
      // What passes at once after a quiet time.
      for (let round = 0; round < 10; round += 1) feed.publish([state('S0', { status: `${round}` })]);
      expect(slow.events).toHaveLength(10);

      for (let round = 0; round < 3; round += 1) {
        for (let index = 0; index < 40; index += 1) feed.publish([state(`S${index}`, { title: `${round}` })]);
      }
      feed.publish([state('S30', { title: '3', priority: 'Critical' })]);
      feed.publish([gone('S39')]);
      expect(slow.events).toHaveLength(10);
      const before = slow.events.length;
      await vi.advanceTimersByTimeAsync(500);
      const first = slow.events[before];
      expect(slow.events).toHaveLength(before + 1);
      expect(first?.data).toMatchObject({ eventId: null, changes: { length: 10 } });
      expect(slow.heard.slice(10, 12)).toEqual(['spec.updated S30', 'spec.deleted S39']);

      await vi.advanceTimersByTimeAsync(10_000);
      const gathered = slow.events.slice(before);
      expect(gathered).toHaveLength(4);
      expect(slow.heard.slice(10).sort()).toEqual(
        Array.from(
          { length: 40 },
          (_, index) => `spec.${index === 39 ? 'deleted' : 'updated'} S${index}`,
        ).sort(),
      );
      expect(gathered.at(-1)?.data.eventId).toBe(feed.current().eventId);
      const titles = gathered.flatMap(({ data }) =>
        'changes' in data
          ? data.changes.map((change) =>
              typeof change === 'object' && 'metadata' in change ? change.metadata.title : null,
            )
          : [],
      );
      expect(new Set(titles)).toEqual(new Set(['2', '3', null]));
      expect(feed.statistics.coalesced).toBe(40 * 2 + 2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('[U4] tells who comes in between nothing twice, and who resumes in between nothing too little', async () => {
    const feed = new SpecFeed();
    const slow = subscriber(feed, { maxPerSecond: 1 });
    for (let round = 0; round < 5; round += 1) feed.publish([state('A', { status: `${round}` })]);
    feed.publish([state('B')]);
    const resumed = subscriber(feed, { maxPerSecond: 1, from: slow.lastEventId });
    expect(resumed.heard).toEqual(['spec.created B']);
    feed.publish([state('C')]);
    await until('the rest comes', () => slow.heard.includes('spec.created C'));
    expect(slow.heard.slice(5)).toEqual(['spec.created B', 'spec.created C']);
    expect(resumed.heard).toEqual(['spec.created B', 'spec.created C']);
  });

  it('[U4] says what became of a spec that changed several times', async () => {
    const feed = new SpecFeed();
    feed.fill([spec('old'), spec('back')]);
    const slow = subscriber(feed, { maxPerSecond: 1 });
    for (let round = 0; round < 5; round += 1) feed.publish([state('other', { status: `${round}` })]);
    feed.publish([state('new')]);
    feed.publish([state('new', { status: 'open' })]);
    feed.publish([state('old', { status: 'open' })]);
    feed.publish([state('old', { status: 'open', type: 'law' })]);
    feed.publish([gone('back')]);
    feed.publish([state('back', { title: 'Back' })]);
    await until('the rest comes', () => slow.events.length === 6);
    const { data } = slow.events[5] as SpecEvent & { event: 'specs.batch' };
    expect(data.changes).toMatchObject([
      { event: 'spec.created', id: 'new', metadata: { status: 'open' } },
      { event: 'spec.updated', id: 'old', changes: ['status', 'type'] },
      { event: 'spec.created', id: 'back', metadata: { title: 'Back' } },
    ]);
  });
});
