/**
 * Three real Tiptap editors at one document: what was played once by `npm run test:fuzz`, again.
 *
 * test/editors/seeds.json holds some of the first seeds, and those that failed once and were mended. A seed means
 * the same only as long as the commands do, so what it taught stands in reconcile.test.ts too, where it can be read.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allBases } from '../editors/bases.ts';
import { play, type Scenario } from '../editors/session.ts';

const file = join(import.meta.dirname, '../editors/seeds.json');
const seeds = (JSON.parse(readFileSync(file, 'utf8')) as Scenario[]).filter(({ base }) => allBases.has(base));

describe('three editors', () => {
  it.each(seeds)('[M7] seed $seed in $editor, from $base', (scenario) => {
    const { faults, trace } = play(scenario);
    expect(faults, trace.join('\n')).toEqual([]);
  });
});
