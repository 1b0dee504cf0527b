/**
 * One trial: people type at all nodes, the worst happens, some of them never come back, and what must be true then is
 * looked at. Nothing inside the servers is looked at: only what providers show, and the record as CivicPress gives it.
 */
import { jsonOf } from '../../markdown/index.ts';
import { allTheSame } from '../crash/convergence.ts';
import { recordText } from '../crash/record-text.ts';
import { faultsIn, lostIn } from '../crash/verdict.ts';
import { type Promised, Writer } from '../crash/writer.ts';
import { Clerk } from '../helpers/clerk.ts';
import { until } from '../helpers/until.ts';
import { randomFrom } from '../markdown/helpers/random.ts';
import type { ClusterNode, ClusterSite } from './cluster-site.ts';
import type { Nemesis } from './nemesis.ts';

export interface TrialResult {
  readonly seed: number;
  readonly nemesis: string;
  /** Tokens put in and taken out by those who left, before the worst happened. */
  readonly acknowledged: number;
  readonly lost: readonly string[];
  /** Whatever else is wrong, in sentences. */
  readonly faults: readonly string[];
  /** From when everything was well again until all who are there see the same and all is acknowledged. */
  readonly healedMs: number;
}

/** Longer than anything may take; what it really took is in the report. */
const patienceMs = 30_000;

const people = { a: 'alice', b: 'bob', c: 'carol', d: 'dave' };

export async function runTrial(town: ClusterSite, nemesis: Nemesis, seed: number): Promise<TrialResult> {
  const random = randomFrom(seed);
  const { site, nodes } = town;
  const recordId = `trial-${seed}-${nemesis.name.replaceAll(/\W/g, '-')}`;
  await site.addRecord(recordId, recordText(2));
  const clerks: Clerk[] = [];
  const enter = async (node: ClusterNode, name: string) => ({
    serverUrl: `http://127.0.0.1:${node.door.port}`,
    documentName: `record:${recordId}`,
    token: await site.tokenOf(name),
  });
  try {
    const writers: Writer[] = [];
    for (const [index, [mark, name]] of Object.entries(people).entries()) {
      const node = nodes[index % nodes.length] as ClusterNode;
      const writer = new Writer(mark, randomFrom(random(2 ** 31)), await enter(node, name));
      writers.push(writer);
      clerks.push(writer.clerk);
    }
    for (const { clerk } of writers) await clerk.synced(patienceMs);
    const original = jsonOf((writers[0] as Writer).clerk.document);
    // With time to take a breath: only a moment without anything on its way tells what is acknowledged.
    const typing = writers.map((writer) => writer.type({ longestPauseMs: 80 }));
    const least = 3 + random(15);
    for (const writer of writers) {
      await until('something is acknowledged', () => writer.promised.present.length >= least, patienceMs);
    }

    // Who leaves brings nothing back: what they were promised, the nodes have.
    const [stayers, leavers] = [writers.slice(0, 2), writers.slice(2)];
    const promised = leavers.map(leave);
    await nemesis.strike(town, nodes[random(nodes.length)] as ClusterNode, random);
    const wellAt = performance.now();
    for (const writer of stayers) writer.stop();
    await Promise.all(typing);

    const reader = new Clerk(await enter(nodes[random(nodes.length)] as ClusterNode, 'rita'));
    clerks.push(reader);
    const present = [reader, ...stayers.map(({ clerk }) => clerk)];
    // Without CivicPress at first: whoever keeps the document now may have to wait for the lease of the one before.
    const apart = await allTheSame({ ...site, markdownOf: async () => null }, recordId, present, patienceMs);
    const healedMs = performance.now() - wellAt;
    const markdownOf = site.markdownOf.bind(site);
    const difference = apart ?? (await allTheSame({ ...site, markdownOf }, recordId, present, patienceMs));
    const json = jsonOf(reader.document);
    const faults = faultsIn(json, original, writers);
    if (difference) faults.push(`after ${patienceMs} ms ${difference}`);
    for (const { server } of nodes) {
      if (server.hasEnded) faults.push(`a node ended by itself: ${server.lastWords}`);
    }
    const kept = [...promised, ...stayers.map((writer) => writer.intended)];
    return {
      seed,
      nemesis: nemesis.name,
      acknowledged: promised.reduce((sum, { present, absent }) => sum + present.length + absent.length, 0),
      lost: lostIn(json, kept, writers),
      faults,
      healedMs,
    };
  } catch (error) {
    const voices = clerks.map(
      ({ provider, closeCodes, refusals, notices }) =>
        `${provider.unsyncedChanges} unsynced, closed with [${closeCodes}], refused [${refusals}], told [${notices.map(({ event }) => event)}]`,
    );
    const words = nodes.map(({ server }) => server.lastWords);
    throw new Error([(error as Error).message, ...voices, ...words].join('\n'), { cause: error });
  } finally {
    for (const clerk of clerks) clerk.leave();
  }
}

function leave(writer: Writer): Promised {
  writer.stop();
  const { promised } = writer;
  writer.clerk.leave();
  return promised;
}
