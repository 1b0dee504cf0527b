/** Whatever two sequences are: the hunks lead from the one to the other. */

import { expect, it } from 'vitest';
import { difference } from '../../markdown/difference.ts';

const lead = (before: readonly string[], after: readonly string[]) => {
  const tokens = [...before];
  for (const { at, length, tokens: inserted } of difference(before, after).toReversed())
    tokens.splice(at, length, ...inserted);
  expect(tokens).toEqual(after);
};

it.each([
  ['', ''],
  ['abc', ''],
  ['', 'abc'],
  ['abcd', 'bcxde'],
  ['aaab', 'aba'],
])('leads from %j to %j', (before, after) => lead([...before], [...after]));

it('is the shortest there is', () =>
  expect(difference([...'abcabba'], [...'cbabac'])).toEqual([
    { at: 0, length: 2, tokens: [] },
    { at: 3, length: 0, tokens: ['b'] },
    { at: 5, length: 1, tokens: [] },
    { at: 7, length: 0, tokens: ['c'] },
  ]));

it('leads through texts that have nothing in common, in little time', () => {
  const many = (word: string) => Array.from({ length: 5_000 }, (_, index) => `${word}${index}`);
  lead([...many('a'), 'x', ...many('b')], [...many('c'), 'x', ...many('d')]);
});

it('is empty between equals', () => expect(difference(['a', 'b'], ['a', 'b'])).toEqual([]));
