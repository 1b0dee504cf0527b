import { defineConfig } from 'vitest/config';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/**
 * The long ones first: one that began last would run on alone. By turns those that compute and those that wait, so that
 * no core is idle.
 */
const first = [
  'markdown/editing-1',
  'extensions/cluster.test',
  'markdown/editing-2',
  'extensions/rights.test',
  'markdown/editing-3',
  'crash/',
  'markdown/corpus',
  'attacks/',
  'markdown/words',
  'pages/editor-page',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = first.findIndex((name) => moduleId.includes(`/test/${name}`));
      return place < 0 ? first.length : place;
    };
    return (await super.sort(files)).sort((a, b) => placeOf(a) - placeOf(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than the two cores that there are at least: many tests wait for something most of the time.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    // Kills, failovers and attacks in real time, on a machine that does other things: one that fails is played once
    // more, and the report says so beside its name. At a developer's desk it fails at once.
    retry: process.env.CI ? 1 : 0,
    coverage: {
      provider: 'v8',
      include: ['client/**/*.ts', 'server/**/*.ts', 'extensions/**/*.ts', 'markdown/**/*.ts'],
      exclude: ['server/demo/pages/**'],
      reporter: ['text-summary'],
      thresholds: { lines: 80, statements: 80, functions: 80, branches: 80 },
    },
  },
});
