import { expect, it } from 'vitest';
import type { SpecMetadata } from '../../extensions/spec-updates/events.ts';
import { moodOf, type SpecNode, treeOf, visibleIn } from '../../server/demo/pages/spec-tree.ts';
import { spec } from '../extensions/spec-updates/states.ts';

const specs = (...pairs: [string, string | null][]) =>
  new Map<string, SpecMetadata>(pairs.map(([id, parent]) => [id, spec(id, { parent })]));

/** `E1(E1-F1,E1-F2) E2` */
const drawn = (nodes: readonly SpecNode[]): string =>
  nodes
    .map(({ spec: { id }, children }) => (children.length > 0 ? `${id}(${drawn(children)})` : id))
    .join(' ');

it('[D5] stands below its parent, in the order of numbers', () => {
  const tree = treeOf(
    specs(['E10', null], ['E2', null], ['E2-F10', 'E2'], ['E2-F9', 'E2'], ['E2-F9-T1', 'E2-F9']),
  );
  expect(drawn(tree)).toBe('E2(E2-F9(E2-F9-T1) E2-F10) E10');
  expect(visibleIn(tree, new Set(['E2-F9'])).map(({ spec: { id } }) => id)).toEqual([
    'E2',
    'E2-F9',
    'E2-F10',
    'E10',
  ]);
});

it('[D5] stands at the top without a parent that is there, and once when parents go in a circle', () => {
  expect(drawn(treeOf(specs(['E2', 'E1'], ['E3', 'E3'], ['A', 'C'], ['B', 'A'], ['C', 'B'])))).toBe(
    'E2 A(B(C)) E3',
  );
});

it.each([
  ['Done', 'good'],
  ['in progress', 'busy'],
  ['Blocked', 'bad'],
  ['undone', 'quiet'],
  [null, 'quiet'],
])('[D5] colours a status by what it says: %s', (status, mood) => {
  expect(moodOf(status)).toBe(mood);
});
