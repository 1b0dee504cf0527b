import { defineConfig } from 'vitest/config';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** The long ones first: one that began last would run on alone. */
const long = [
  'markdown/editing',
  'extensions/cluster',
  'extensions/rights',
  'crash',
  'attacks',
  'pages/editor-page',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      long.some((name) => moduleId.includes(`/test/${name}`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
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
