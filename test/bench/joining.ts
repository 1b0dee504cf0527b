/**
 * After a break of the network everybody comes back at once: how long until 500 have a document of 1 MB?
 */
import type { Finding } from './finding.ts';
import { LightClient } from './light-client.ts';
import { prose } from './prose.ts';
import type { Scale } from './run.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';

const room = 'record:room';
const newcomers = 500;

export async function joiningRow({ rounds }: Scale): Promise<Finding[]> {
  const sites = await Sites.prepare([{ name: room, markdown: prose(1_000_000) }]);
  const { bare, ours } = await sideBySide(sites, rounds, measure).finally(() => sites.remove());
  return [
    {
      what: `${newcomers} join a document of 1 MB at once, ms until all have it`,
      beside: bare.ms as number,
      ours: ours.ms as number,
      bound: { times: 0.2 },
    },
    {
      what: 'the longest that the event loop stood still meanwhile, ms',
      beside: bare.stallMs as number,
      ours: ours.stallMs as number,
      bound: { most: 300 },
    },
  ];
}

async function measure({ server, token }: Site): Promise<Figures> {
  // It is open already: what is measured is joining, not loading.
  const first = await LightClient.join(server.port, room, token);
  await server.stats();
  const startedAt = performance.now();
  const clients = await Promise.all(
    Array.from({ length: newcomers }, () => LightClient.join(server.port, room, token)),
  );
  const ms = performance.now() - startedAt;
  const { stallMs } = await server.stats();
  for (const client of [first, ...clients]) client.leave();
  return { ms, stallMs };
}
