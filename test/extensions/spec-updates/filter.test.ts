import { describe, expect, it } from 'vitest';
import { SpecFeed } from '../../../extensions/spec-updates/feed.ts';
import { Filter, type SpecFilter, specFilter } from '../../../extensions/spec-updates/filter.ts';
import { gone, spec, state, subscriber } from './states.ts';

const family = [
  spec('E13', { status: 'Active', priority: 'High' }),
  spec('E13-F01', { parent: 'E13', status: 'Draft' }),
  spec('E13-F01-T02', { parent: 'E13-F01', status: 'active', priority: 'Critical' }),
  spec('E14', { parent: 'E14' }),
];

function told(filter: SpecFilter): string[] {
  const feed = new SpecFeed();
  feed.fill(family);
  const [reset] = subscriber(feed, { filter, from: null }).heard;
  return reset?.replace('reset ', '').split(',').filter(Boolean) ?? [];
}

describe('a filter', () => {
  it.each<[SpecFilter, string[]]>([
    [{}, ['E13', 'E13-F01', 'E13-F01-T02', 'E14']],
    [{ specIds: ['E13'] }, ['E13']],
    [{ specIds: ['E13-*'] }, ['E13-F01', 'E13-F01-T02']],
    [{ specIds: ['*4', 'E13-F01'] }, ['E13-F01', 'E14']],
    [{ specIds: ['E*F*T*'] }, ['E13-F01-T02']],
    [{ specIds: ['E13*3'] }, []],
    [{ specIds: ['*'] }, ['E13', 'E13-F01', 'E13-F01-T02', 'E14']],
    [{ specIds: ['E13'], includeChildren: true }, ['E13', 'E13-F01', 'E13-F01-T02']],
    [{ specIds: ['*-F01'], includeChildren: true }, ['E13-F01', 'E13-F01-T02']],
    [{ status: ['active'] }, ['E13', 'E13-F01-T02']],
    [{ status: ['Active'], priority: ['critical'] }, ['E13-F01-T02']],
  ])('[U3] %j holds %j', (filter, ids) => {
    expect(told(filter)).toEqual(ids);
  });

  it('[U3] takes the kinds of changes that were asked for, out of batches too', () => {
    const feed = new SpecFeed();
    feed.fill(family);
    const listener = subscriber(feed, { filter: { events: ['spec.deleted'] } });
    feed.publish([gone('E14'), state('E13', { title: 'New' }), state('E15')]);
    expect(listener.events).toMatchObject([{ event: 'spec.deleted', data: { id: 'E14' } }]);
  });

  it('[U3] tells what leaves it, and what a parent and its child that come together are', () => {
    const feed = new SpecFeed();
    feed.fill(family);
    const active = subscriber(feed, { filter: { status: ['active'] } });
    feed.publish([state('E13', { status: 'Done' })]);
    feed.publish([state('E13', { status: 'Filed' })]);
    expect(active.heard).toEqual(['spec.updated E13']);

    const children = subscriber(feed, { filter: { specIds: ['E20'], includeChildren: true } });
    feed.publish([state('E20-F01-T01', { parent: 'E20-F01' }), state('E20-F01', { parent: 'E20' })]);
    feed.publish([gone('E20-F01')]);
    feed.publish([gone('E20-F01-T01')]);
    expect(children.heard).toEqual([
      'spec.created E20-F01-T01',
      'spec.created E20-F01',
      'spec.deleted E20-F01',
      'spec.deleted E20-F01-T01',
    ]);
  });

  it('[U3] is not held up by a circle of parents, or a hostile pattern', () => {
    const feed = new SpecFeed();
    feed.fill([spec('A', { parent: 'B' }), spec('B', { parent: 'A' })]);
    const listener = subscriber(feed, { filter: { specIds: ['B'], includeChildren: true }, from: null });
    expect(listener.heard).toEqual(['reset A,B']);

    const hostile = new Filter({ specIds: Array.from({ length: 100 }, () => `${'a*'.repeat(63)}b`) });
    const began = performance.now();
    for (let count = 0; count < 100; count += 1) {
      expect(hostile.holds(spec('a'.repeat(128)), new Set())).toBe(false);
    }
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it.each([
    { specIds: [] },
    { specIds: ['a b'] },
    { specIds: Array.from({ length: 101 }, () => 'a') },
    { events: ['specs.reset'] },
    { status: [''] },
    { unknown: true },
  ])('[U3] is refused when it is wrong: %j', (filter) => {
    expect(specFilter.safeParse(filter).success).toBe(false);
  });

  it('has one key for what lets the same through', () => {
    const key = (filter: SpecFilter) => new Filter(filter).key;
    expect(key({ specIds: ['a', 'b'], status: ['Open'] })).toBe(
      key({ status: ['open'], specIds: ['b', 'a', 'a'] }),
    );
    const keys = [
      {},
      { specIds: ['a'] },
      { status: ['a'] },
      { priority: ['a'] },
      { includeChildren: true },
    ].map(key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
