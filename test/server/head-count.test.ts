import { expect, it } from 'vitest';
import { HeadCount } from '../../server/head-count.ts';

it('counts in all and by key, and nobody twice', () => {
  const count = new HeadCount();
  const leave = count.enter('a');
  count.enter('a');
  count.enter('b');
  expect([count.total, count.of('a'), count.of('b'), count.of('c')]).toEqual([3, 2, 1, 0]);

  leave();
  leave();
  expect([count.total, count.of('a')]).toEqual([2, 1]);
});
