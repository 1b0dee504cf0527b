/**
 * The page of benchmarks: each row in its place, with what was to be reached and whether it was.
 */
import { expect, it } from 'vitest';
import { emptyPage, sectionOf, withSection } from './bench/benchmarks-page.ts';
import { comparisonTable } from './bench/comparison.ts';

const found = { what: 'CPU, ms', figures: { ours: 9, bare: 10, relay: 5 } };

it('a comparison has a column for each server, and says which targets hold', () => {
  const targets = [{ beside: 'bare', times: 0.9 }, { beside: 'relay', times: 1.1 }, { most: 8 }] as const;
  expect(comparisonTable([{ ...found, targets }]).split('\n')).toEqual([
    '|  | ours | Hocuspocus | relay | ratios and targets |',
    '| --- | ---: | ---: | ---: | --- |',
    '| CPU, ms | 9.00 | 10.0 | 5.00 | 0.90 × Hocuspocus (≤ 0.9 ×: holds); 1.80 × relay (≤ 1.1 ×: MISSED); (≤ 8: MISSED) |',
    '',
  ]);
});

it('a row that is measured anew replaces its own section and no other', () => {
  const section = (title: string) =>
    sectionOf({
      title,
      scale: { rounds: 1, seconds: 3 },
      comparisons: [{ ...found, targets: [] }],
      loads: ['0.1', '1.2'],
      at: new Date('2026-02-03T04:05:06Z'),
    });
  let page = withSection(emptyPage(['one', 'two']), 'one', section('First'));
  page = withSection(page, 'two', section('Second'));
  page = withSection(page, 'one', section('Anew'));
  expect(page.match(/^## .*/gm)).toEqual(['## Anew', '## Second']);
  expect(page).toContain('2026-02-03, one round of 3 s; load average 0.1 before, 1.2 after; ');
});
