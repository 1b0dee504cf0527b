/**
 * One crash: people type, the server is killed and started again, and what must be true then is looked at.
 *
 * Nothing inside the server is looked at: only what providers show, and the record as CivicPress gives it.
 */
import { jsonOf } from '../../markdown/index.ts';
import { Clerk } from '../helpers/clerk.ts';
import { until } from '../helpers/until.ts';
import { type Random, randomFrom } from '../markdown/helpers/random.ts';
import { allTheSame } from './convergence.ts';
import type { KillableServer } from './killable-server.ts';
import type { Clients, Moment, Scenario } from './scenarios.ts';
import type { Site } from './sites.ts';
import { SlowLine } from './slow-line.ts';
import { faultsIn, lostIn } from './verdict.ts';
import { type Promised, Writer } from './writer.ts';

export interface Trial {
  readonly site: Site;
  /** Runs. */
  readonly server: KillableServer;
  readonly scenario: Scenario;
  readonly seed: number;
  readonly recordId: string;
}

export interface TrialResult {
  readonly seed: number;
  readonly recordId: string;
  /** Before the kill: tokens put in, their characters, tokens taken out. */
  readonly acknowledged: { readonly tokens: number; readonly characters: number; readonly deletions: number };
  readonly lost: readonly string[];
  /** Whatever else is wrong, in sentences. */
  readonly faults: string[];
  /** From the start of each process until it answers. */
  readonly readyMs: readonly number[];
  /** From the last start until everybody, a new reader and the record say the same; `null` when they never did. */
  readonly convergedMs: number | null;
}

const people = { a: 'alice', b: 'bob', c: 'carol' };
const readerName = 'rita';

/** Longer than anything may take; what it really took is in the report. */
const patienceMs = 20_000;

export async function runTrial(trial: Trial): Promise<TrialResult> {
  const { site, server, scenario, seed, recordId } = trial;
  const random = randomFrom(seed);
  const clerks = new Map<string, Clerk>();
  const line = await SlowLine.open(server.url);
  try {
    const writers = await arrive(trial, line, random, clerks);
    const original = jsonOf(writers[0]!.clerk.document);
    const readyMs = await killInThe(scenario.moment, trial, line, writers, random);
    const promised = await hearThemOut(writers);
    partWith(writers, scenario.clients, random);
    readyMs.push(await server.start());

    const reader = new Clerk(await clerkOptions(trial, readerName));
    clerks.set(readerName, reader);
    const stayers = scenario.clients === 'staying' ? writers : [];
    const goneOn = Promise.allSettled(stayers.map(goOnTyping));
    await reader.synced(patienceMs);
    // Before those who stay can have brought back what the server had lost.
    const lostAtFirst = lostIn(jsonOf(reader.document), promised, writers);
    await goneOn;

    const present = [reader, ...stayers.map(({ clerk }) => clerk)];
    const difference = await allTheSame(site, recordId, present, patienceMs);
    const convergedMs = difference === null ? performance.now() - server.startedAt : null;
    const json = jsonOf(reader.document);
    const kept = stayers.length > 0 ? stayers.map((writer) => writer.intended) : promised;
    const faults = faultsIn(json, original, writers);
    if (difference) {
      faults.push(`after ${patienceMs} ms ${difference}; ${voices(clerks)}`);
      faults.push(`the server complained of ${server.complaints}`);
    }
    if (server.hasEnded) faults.push(`the server ended by itself: ${server.lastWords}`);
    return {
      seed,
      recordId,
      acknowledged: sumOf(promised),
      lost: [...new Set([...lostAtFirst, ...lostIn(json, kept, writers)])],
      faults,
      readyMs,
      convergedMs,
    };
  } catch (error) {
    throw new Error(`${(error as Error).message}; ${voices(clerks)}`, { cause: error });
  } finally {
    for (const clerk of clerks.values()) clerk.leave();
    line.close();
  }
}

/** Resolves when everybody has the document and nothing is on its way. */
async function arrive(
  trial: Trial,
  line: SlowLine,
  random: Random,
  clerks: Map<string, Clerk>,
): Promise<Writer[]> {
  const writers: Writer[] = [];
  for (const [mark, name] of Object.entries(people)) {
    const options = await clerkOptions(trial, name, writers.length === 0 ? line.url : undefined);
    const writer = new Writer(mark, randomFrom(random(2 ** 31)), options);
    clerks.set(name, writer.clerk);
    writers.push(writer);
  }
  for (const { clerk } of writers) {
    await clerk.synced(patienceMs);
    await clerk.saved();
  }
  return writers;
}

async function clerkOptions({ site, server, recordId }: Trial, name: string, serverUrl = server.url) {
  return { serverUrl, documentName: `record:${recordId}`, token: await site.tokenOf(name) };
}

/** Resolves when the server is dead, with how long it took to start after each crash before that, in ms. */
async function killInThe(
  moment: Moment,
  { site, server, recordId }: Trial,
  line: SlowLine,
  writers: readonly Writer[],
  random: Random,
): Promise<number[]> {
  const readyMs: number[] = [];
  let isKilled = false;
  const kill = () => {
    isKilled = true;
    server.kill();
    for (const writer of writers) writer.stop();
  };
  const crashBefore = async () => {
    kill();
    await server.ended();
    readyMs.push(await server.start());
    isKilled = false;
  };
  await moment.play({ recordId, writers, random, wire: site.wire, line, kill, crashBefore });
  await until('the moment to kill the server came', () => isKilled || server.hasEnded, patienceMs);
  if (!isKilled) throw new Error(`the server ended by itself: ${server.lastWords}`);
  line.bytesPerSecond = Number.POSITIVE_INFINITY;
  await server.ended();
  return readyMs;
}

/** An acknowledgement that had left the server before it died is a promise too. */
async function hearThemOut(writers: readonly Writer[]): Promise<Promised[]> {
  for (const writer of writers) await writer.cutOff();
  return writers.map((writer) => writer.promised);
}

/** Those who stay do not wait for the server. */
function partWith(writers: readonly Writer[], clients: Clients, random: Random): void {
  for (const writer of writers) {
    if (clients === 'gone') writer.clerk.leave();
    else for (let edits = random(4); edits > 0; edits -= 1) writer.edit();
  }
}

/** Providers come back by themselves. */
async function goOnTyping(writer: Writer): Promise<void> {
  await writer.clerk.synced(patienceMs);
  await writer.type({ edits: 5 });
}

function sumOf(promised: readonly Promised[]): TrialResult['acknowledged'] {
  const tokens = promised.flatMap(({ present }) => present);
  const deletions = promised.flatMap(({ absent }) => absent).length;
  return { tokens: tokens.length, characters: tokens.join('').length, deletions };
}

/** What the providers were told, for the sentence of a fault. */
function voices(clerks: ReadonlyMap<string, Clerk>): string {
  const voice = ([name, { provider, closeCodes, refusals }]: [string, Clerk]) =>
    `${name}: ${provider.unsyncedChanges} unsynced, closed with [${closeCodes}], refused [${refusals}]`;
  return [...clerks].map(voice).join('; ');
}
