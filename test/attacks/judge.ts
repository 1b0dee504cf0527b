/**
 * Plays one attack and says what is wrong afterwards: the process died, its memory grew beyond 1 GiB or did not come
 * back, an honest user waited, or a client was told something about the inside of the server.
 */
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { median, percentile } from '../bench/statistics.ts';
import { until } from '../helpers/until.ts';
import { randomFrom } from '../markdown/helpers/random.ts';
import type { Attack } from './attack.ts';
import type { AttackSite } from './attack-site.ts';
import { type Honest, honestRecord } from './honest.ts';

export interface Verdict {
  readonly name: string;
  readonly seed: number;
  readonly faults: readonly string[];
  /** Of the honest user, in ms: in the quiet before this attack and those before it, and from its beginning until everything was as before. */
  readonly quiet: Latency;
  readonly attacked: Latency;
  /** Of the server's process, in MB. */
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
  readonly seconds: number;
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/**
 * What the honest user may wait; or three times what they waited in the quiet of this run, where that is more. On a
 * machine that has other things to do already when the run begins, that is shown and not judged.
 */
const p99Ms = 250;
const quietFactor = 3;
const isBusyMachine = (loadavg()[0] ?? 0) > availableParallelism();

/** What they waited then, in ms. */
const quietLatenciesMs: number[] = [];

const memoryMb = 1_024;
/** V8 keeps what it has once collected: this much more is not held against the server. */
const keptMb = 200;
const comesBackMs = 20_000;

/** The first look at the quiet, and later ones. */
const longQuietMs = 4_000;
const quietMs = 1_000;
const sampleEveryMs = 50;
const attackMs = 90_000;
const leastMs = 1_000;

/** Paths, stacks, SQL. */
const inside = /\/(tmp|var|home|work|usr)\/|node_modules|node:internal|\bat \S+ \(|SQLITE|SELECT /;

export async function judge(
  attack: Attack,
  seed: number,
  site: AttackSite,
  honest: Honest,
): Promise<Verdict> {
  const faults: string[] = [];
  await honest.figures();
  await delay(quietLatenciesMs.length === 0 ? longQuietMs : quietMs);
  quietLatenciesMs.push(...(await honest.figures()).latenciesMs);
  const quiet = latencyOf(quietLatenciesMs);
  const before = await site.rssBytes();
  site.told();

  const startedAt = performance.now();
  await site.forgetPeak();
  const giveUp = new AbortController();
  try {
    const tooLong = delay(attackMs, undefined, { signal: giveUp.signal }).then(() => {
      throw new Error(`it was not over within ${attackMs / 1_000} s`);
    });
    await Promise.race([attack.run(site, randomFrom(seed)), tooLong]);
  } catch (error) {
    faults.push(String(error instanceof Error ? error.message : error));
  } finally {
    giveUp.abort();
    site.leave();
  }
  // A short one is looked at for as long as the honest user takes for some keys.
  await delay(Math.max(0, leastMs - (performance.now() - startedAt)));
  const after = await memoryComesBack(site, before);
  const peak = await site.peakBytes();

  const { latenciesMs, closeCodes, text } = await honest.figures();
  const attacked = latencyOf(latenciesMs);
  const allowedMs = Math.max(p99Ms, quiet.p99 * quietFactor);
  if (!site.isAlive) faults.push(`the server ended: ${site.server.lastWords}`);
  if (peak > memoryMb * mb) faults.push(`it took ${inMb(peak)} MB of memory`);
  if (after > before + keptMb * mb) faults.push(`${inMb(after - before)} MB more are held than before`);
  if (attacked.p99 > allowedMs && !isBusyMachine) {
    faults.push(
      `the honest user waited ${Math.round(attacked.p99)} ms (p99; ${Math.round(allowedMs)} allowed)`,
    );
  }
  if (latenciesMs.length === 0) faults.push('the honest user had no edit saved');
  if (closeCodes.length > 0) faults.push(`the honest user was sent away with ${closeCodes.join()}`);
  if (!(await isThere(text, site))) faults.push('what the honest user typed is not there');
  for (const told of site.told()) if (inside.test(told)) faults.push(`a client was told: ${told}`);
  return {
    name: attack.name,
    seed,
    faults,
    quiet,
    attacked,
    memory: { before: inMb(before), peak: inMb(peak), after: inMb(after) },
    seconds: (performance.now() - startedAt) / 1_000,
  };
}

/** Whether somebody who comes now sees what the honest user saw; what was typed since stands in front of it. */
async function isThere(text: string, site: AttackSite): Promise<boolean> {
  const reader = await site.join(honestRecord, 'reader');
  const isSeen = until('it is seen', () => reader.text.endsWith(text.slice('Honest'.length)));
  const found = await isSeen.then(
    () => true,
    () => false,
  );
  site.leave();
  return found;
}

/** What is held, at last, in bytes. */
async function memoryComesBack(site: AttackSite, before: number): Promise<number> {
  const deadline = performance.now() + comesBackMs;
  let held = await site.rssBytes();
  while (held > before + keptMb * mb && performance.now() < deadline) {
    await delay(sampleEveryMs);
    held = await site.rssBytes();
  }
  return held;
}

function latencyOf(ms: readonly number[]): Latency {
  return { p50: median([...ms]), p99: percentile([...ms], 0.99) };
}

const mb = 1_048_576;

function inMb(bytes: number): number {
  return Math.round(bytes / mb);
}
