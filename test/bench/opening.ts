/**
 * S4: a document that nobody has open: how long until the first client has it?
 *
 * Ours reads a snapshot and the 100 edits behind it, the others the same state from a database. The client has another
 * document open already, so the row tells what loading costs, not what CivicPress takes to validate a token.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Comparison, compared } from './comparison.ts';
import { prose } from './prose.ts';
import type { Scale } from './rows.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';
import { median } from './statistics.ts';

const sizes = [
  { bytes: 10_000, name: '10 KB', documents: 9, pauseMs: 200 },
  { bytes: 500_000, name: '500 KB', documents: 7, pauseMs: 400 },
  { bytes: 5_000_000, name: '5 MB', documents: 3, pauseMs: 2_000 },
];
const edits = 100;
const known = 'record:known';

const kinds = ['bare', 'y-websocket', 'relay', 'ours'] as const;

export async function opening({ rounds }: Scale): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const { bytes, name, documents, pauseMs } of sizes) {
    const markdown = prose(bytes);
    const names = Array.from({ length: documents }, (_, index) => `record:large-${index}`);
    const sites = await Sites.prepare([
      { name: known, markdown: 'A paragraph.\n' },
      ...names.map((document) => ({ name: document, markdown, edits })),
    ]);
    const found = await sideBySide(sites, rounds, (site) => measure(site, names, pauseMs), {
      kinds,
    }).finally(() => sites.remove());
    comparisons.push(
      compared(`opening ${name} and ${edits} edits, ms`, found, 'ms', { beside: 'bare', times: 1.1 }),
    );
  }
  return comparisons;
}

async function measure(site: Site, names: readonly string[], pauseMs: number): Promise<Figures> {
  const other = await site.join(known);
  const opened: number[] = [];
  for (const name of names) {
    const startedAt = performance.now();
    const client = await site.join(name);
    opened.push(performance.now() - startedAt);
    client.leave();
    // What a load leaves for later (a check, an unload) is not the next load's.
    await delay(pauseMs);
  }
  other.leave();
  return { ms: median(opened) };
}
