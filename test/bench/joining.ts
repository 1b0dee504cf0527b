/**
 * S7: after a break of the network everybody comes back at once: how long until 500 have a document of 1 MB?
 */
import { type Comparison, compared } from './comparison.ts';
import { prose } from './prose.ts';
import type { Scale } from './rows.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';

const room = 'record:room';
const newcomers = 500;

const kinds = ['bare', 'y-websocket', 'relay', 'ours'] as const;

export async function joiningRow({ rounds }: Scale): Promise<Comparison[]> {
  const sites = await Sites.prepare([{ name: room, markdown: prose(1_000_000) }]);
  const found = await sideBySide(sites, rounds, measure, { kinds }).finally(() => sites.remove());
  return [
    compared(`${newcomers} join a document of 1 MB at once, ms until all have it`, found, 'ms', {
      beside: 'bare',
      times: 0.2,
    }),
    compared('the longest that the event loop stood still meanwhile, ms', found, 'stallMs', { most: 300 }),
  ];
}

async function measure(site: Site): Promise<Figures> {
  const { server } = site;
  // It is open already: what is measured is joining, not loading.
  const first = await site.join(room);
  server.watchStalls();
  const startedAt = performance.now();
  const clients = await site.watch(
    Array.from({ length: newcomers }, () => room),
    newcomers,
  );
  const ms = performance.now() - startedAt;
  const { stallMs } = await server.stats();
  for (const client of [first, ...clients]) client.leave();
  return { ms, stallMs };
}
