/**
 * Three real Tiptap editors at one document: what was played once by `npm run test:fuzz`, again.
 *
 * seeds.json holds some of the first seeds, and those that failed once and were mended. A seed means the same only as
 * long as the commands do, so what it taught stands in reconcile.test.ts too, where it can be read.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allBases } from './bases.ts';
import { play, type Scenario } from './session.ts';

const seeds = JSON.parse(readFileSync(join(import.meta.dirname, 'seeds.json'), 'utf8')) as Scenario[];

/** Into so many files they are dealt out: each file is a process of its own. */
const parts = 3;

/** @param part counts from 0 */
export function playAgain(part: number): void {
  const own = seeds.filter(({ base }, index) => index % parts === part && allBases.has(base));
  describe('three editors', () => {
    it.each(own)('[M7] seed $seed in $editor, from $base', (scenario) => {
      const { faults, trace } = play(scenario);
      expect(faults, trace.join('\n')).toEqual([]);
    });
  });
}
