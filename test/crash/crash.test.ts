/**
 * A few crashes of each kind in every run of the tests; `npm run test:crash` plays more of them.
 *
 * The seed is drawn anew each time, or set by `CRASH_SEED`; a failure names it.
 */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { crash, seedsFrom } from './crashes.ts';
import { failures } from './report.ts';
import { scenarios } from './scenarios.ts';
import { openSite, type Site } from './sites.ts';

const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9));

/** So that there are 20. */
const playedTwice = ['ack/gone', 'compaction/gone'];

let site: Site;

beforeAll(async () => {
  site = await openSite('ours');
});

afterAll(async () => {
  await site.close();
});

for (const scenario of scenarios) {
  const { moment, clients, name } = scenario;
  it(`[S3] killed ${moment.when}, clients ${clients}: nothing acknowledged is lost, nothing doubled`, async () => {
    const result = await crash(site, scenario, seedsFrom(seed, playedTwice.includes(name) ? 2 : 1));
    expect(failures(result)).toBe('');
    for (const { acknowledged } of result.trials) {
      expect(acknowledged.tokens + acknowledged.deletions, 'there was something to lose').toBeGreaterThan(0);
    }
  });
}

it('would see a loss: bare Hocuspocus loses what it has acknowledged', async () => {
  const bare = await openSite('bare');
  onTestFinished(() => bare.close());
  const scenario = scenarios.find(({ name }) => name === 'ack/gone')!;
  const { trials } = await crash(bare, scenario, seedsFrom(seed, 1));
  for (const { acknowledged, lost, faults } of trials) {
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThanOrEqual(acknowledged.tokens + acknowledged.deletions);
    expect(faults).toEqual([]);
  }
});
