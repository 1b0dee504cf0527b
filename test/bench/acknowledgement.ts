/**
 * How long until an editor hears that its edit is saved, and what do edits cost, with 1, 50 and 500 who type?
 *
 * Rooms of up to ten writers; each types two characters a second, not all at the same moment. Bare acknowledges what is
 * in memory, ours what is on stable storage.
 */
import type { Finding } from './finding.ts';
import { prose } from './prose.ts';
import type { Scale } from './rows.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';
import { median, percentile } from './statistics.ts';
import { Typist } from './typist.ts';

const writers = [1, 50, 500];
const writersInRoom = 10;
const editsPerSecond = 2;

/** Typing before the measurement begins, so that all that runs now and then has run: the first drafts come last. */
const warmUpSeconds = 12;

/** A record of ordinary length. */
const documentBytes = 10_000;

export async function acknowledgement({ rounds, seconds }: Scale): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const count of writers) {
    const rooms = Array.from(
      { length: Math.ceil(count / writersInRoom) },
      (_, room) => `record:room-${room}`,
    );
    const markdown = prose(documentBytes);
    const sites = await Sites.prepare(rooms.map((name) => ({ name, markdown })));
    const { bare, ours } = await sideBySide(sites, rounds, (site) =>
      measure(site, rooms, count, seconds),
    ).finally(() => sites.remove());
    const bounds = { p50: { more: 5 }, p99: null, cpu: { times: 1.25 } } as const;
    const whats = {
      p50: 'acknowledgement p50, ms',
      p99: 'acknowledgement p99, ms',
      cpu: 'CPU, ms per 1,000 edits',
    };
    for (const key of ['p50', 'p99', 'cpu'] as const) {
      const what = `${count} writers: ${whats[key]}`;
      findings.push({ what, beside: bare[key] as number, ours: ours[key] as number, bound: bounds[key] });
    }
  }
  return findings;
}

async function measure(
  { server, token }: Site,
  rooms: readonly string[],
  count: number,
  seconds: number,
): Promise<Figures> {
  const typists: Typist[] = [];
  for (let index = 0; index < count; index += 1) {
    typists.push(await Typist.join(server.port, rooms[index % rooms.length] as string, token));
  }
  const type = (forSeconds: number) =>
    Promise.all(
      typists.map((typist, index) => {
        const afterMs = (index / count) * (1_000 / editsPerSecond);
        return typist.type({ editsPerSecond, seconds: forSeconds, afterMs });
      }),
    );
  await type(warmUpSeconds);
  const before = await server.stats();
  const latenciesMs = (await type(seconds)).flat();
  const after = await server.stats();
  for (const typist of typists) typist.leave();
  return {
    p50: median(latenciesMs),
    p99: percentile(latenciesMs, 0.99),
    cpu: (after.cpuMs - before.cpuMs) / (latenciesMs.length / 1_000),
  };
}
