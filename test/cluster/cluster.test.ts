/**
 * A few of the faults in every run of the tests; `npm run test:cluster` plays all of them, and more often.
 *
 * The seed is drawn anew each time, or set by `CLUSTER_SEED`; a failure names it.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ClusterSite, openClusterSite } from './cluster-site.ts';
import { nemeses } from './nemesis.ts';
import { runTrial } from './trial.ts';

const seed = Number(process.env.CLUSTER_SEED ?? Math.floor(Math.random() * 1e9));

/** Every other one, by the seed. */
const played = nemeses.filter(({ isLong }) => !isLong).filter((_, index) => (index + seed) % 2 === 0);

let town: ClusterSite;
beforeAll(async () => {
  town = await openClusterSite();
});
afterAll(() => town.close());

it.each(played)(
  '[K11] while $name: nothing acknowledged is lost, nothing doubled',
  async (nemesis) => {
    const { acknowledged, lost, faults } = await runTrial(town, nemesis, seed);
    expect({ seed, lost, faults }).toEqual({ seed, lost: [], faults: [] });
    expect(acknowledged, 'there was something to lose').toBeGreaterThan(0);
  },
  120_000,
);
