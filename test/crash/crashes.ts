/**
 * Plays a scenario again and again, each time with another seed and another record, on one server.
 */
import { recordText } from './record-text.ts';
import type { Scenario } from './scenarios.ts';
import type { Site } from './sites.ts';
import { runTrial, type TrialResult } from './trial.ts';
import { repeatedDrafts } from './verdict.ts';

export interface ScenarioResult {
  readonly kind: Site['kind'];
  readonly scenario: Scenario;
  readonly trials: readonly TrialResult[];
}

export async function crash(
  site: Site,
  scenario: Scenario,
  seeds: readonly number[],
): Promise<ScenarioResult> {
  const { moment } = scenario;
  const recordIdOf = (seed: number) => `${scenario.name.replace('/', '-')}-${seed}`;
  for (const seed of seeds) await site.addRecord(recordIdOf(seed), recordText(moment.sections ?? 2));
  const server = await site.server(moment.settings ?? {});
  const trials: TrialResult[] = [];
  for (const seed of seeds) {
    const recordId = recordIdOf(seed);
    const trial = runTrial({ site, server, scenario, seed, recordId });
    trials.push(await trial.catch((error: unknown) => unplayed(seed, recordId, error)));
    if (server.hasEnded) await server.start();
  }
  // Only now: a draft may be written again long after its trial.
  for (const { recordId, faults } of trials) {
    const repeated = repeatedDrafts(site.wire?.draftsOf(recordId) ?? []);
    if (repeated > 0) faults.push(`CivicPress was given the draft that it had, ${repeated} times`);
  }
  return { kind: site.kind, scenario, trials };
}

/** A trial that came to no end says nothing about losses; that it did not is a fault. */
function unplayed(seed: number, recordId: string, error: unknown): TrialResult {
  const faults = [`the trial could not be played: ${error instanceof Error ? error.message : error}`];
  const acknowledged = { tokens: 0, characters: 0, deletions: 0 };
  return { seed, recordId, acknowledged, lost: [], faults, readyMs: [], convergedMs: null };
}

/** Seeds in a row: a trial is repeated by its own seed, alone. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

export function isUnharmed({ trials }: ScenarioResult): boolean {
  return trials.every(({ lost, faults }) => lost.length === 0 && faults.length === 0);
}
