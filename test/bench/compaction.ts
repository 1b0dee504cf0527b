/**
 * While a document of 5 MB is made into snapshot after snapshot, how long do those in other rooms wait to hear that
 * their edits are saved? Beside the same rooms without it; all are compacted every two seconds.
 */
import type { Finding } from './finding.ts';
import { prose } from './prose.ts';
import type { Scale } from './rows.ts';
import { type Site, Sites } from './site.ts';
import { percentile } from './statistics.ts';
import { Typist } from './typist.ts';

const large = { name: 'record:large', bytes: 5_000_000, editsPerSecond: 50 };
const rooms = Array.from({ length: 20 }, (_, room) => `record:room-${room}`);
const editsPerSecond = 4;
const warmUpSeconds = 4;
const p99Bound = { most: 50 };

/** Pacing is not what is measured here; and by the number of edits alone so long a document is compacted seldom. */
const settings = { REALTIME_RATE_LIMITING_MESSAGES_PER_SECOND: '1000', REALTIME_SNAPSHOTS_INTERVAL: '2' };

export async function compaction({ seconds }: Scale): Promise<Finding[]> {
  const sites = await Sites.prepare([
    { name: large.name, markdown: prose(large.bytes) },
    ...rooms.map((name) => ({ name, markdown: prose(10_000) })),
  ]);
  try {
    const without = await measured(sites, seconds, false);
    const beside = await measured(sites, seconds, true);
    return [
      {
        what: `p99 of acknowledgements in 20 rooms, ms (beside: without the large document; ${beside.snapshots - without.snapshots} snapshots more)`,
        beside: without.p99,
        ours: beside.p99,
        bound: p99Bound,
      },
    ];
  } finally {
    await sites.remove();
  }
}

async function measured(sites: Sites, seconds: number, withLarge: boolean) {
  const site = await sites.open('ours', settings);
  const figures = await measure(site, seconds, withLarge).finally(() => site.close());
  process.stdout.write(`${withLarge ? 'with' : 'without'} the large document: ${JSON.stringify(figures)}\n`);
  return figures;
}

async function measure({ server, token }: Site, seconds: number, withLarge: boolean) {
  const typists = await Promise.all(rooms.map((name) => Typist.join(server.port, name, token)));
  const author = withLarge ? await Typist.join(server.port, large.name, token) : undefined;
  const type = (forSeconds: number) =>
    Promise.all(
      typists.map((typist, index) => {
        const afterMs = (index / typists.length) * (1_000 / editsPerSecond);
        return typist.type({ editsPerSecond, seconds: forSeconds, afterMs });
      }),
    );
  await type(warmUpSeconds);
  const before = await server.stats();
  const typing = author?.type({ editsPerSecond: large.editsPerSecond, seconds });
  const latenciesMs = (await type(seconds)).flat();
  await typing;
  const after = await server.stats();
  const figures = {
    p50: percentile(latenciesMs, 0.5),
    p99: percentile(latenciesMs, 0.99),
    worst: Math.max(...latenciesMs),
    snapshots: after.snapshots - before.snapshots,
  };
  for (const typist of [...typists, author]) typist?.leave();
  return figures;
}
