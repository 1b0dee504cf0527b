/**
 * A document that nobody has open: how long until the first client has it?
 *
 * Ours reads a snapshot and the 100 edits behind it, bare the same state from its database. The client has another
 * document open already, so the row tells what loading costs, not what CivicPress takes to validate a token.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from './finding.ts';
import { LightClient } from './light-client.ts';
import { prose } from './prose.ts';
import type { Scale } from './run.ts';
import { type Figures, sideBySide } from './side-by-side.ts';
import { type Site, Sites } from './site.ts';
import { median } from './statistics.ts';

const sizes = [
  { bytes: 500_000, name: '500 KB', documents: 7, pauseMs: 400 },
  { bytes: 5_000_000, name: '5 MB', documents: 5, pauseMs: 2_000 },
];
const edits = 100;
const known = 'record:known';

export async function opening({ rounds }: Scale): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { bytes, name, documents, pauseMs } of sizes) {
    const markdown = prose(bytes);
    const names = Array.from({ length: documents }, (_, index) => `record:large-${index}`);
    const sites = await Sites.prepare([
      { name: known, markdown: 'A paragraph.\n' },
      ...names.map((document) => ({ name: document, markdown, edits })),
    ]);
    const { bare, ours } = await sideBySide(sites, rounds, (site) => measure(site, names, pauseMs)).finally(
      () => sites.remove(),
    );
    const what = `opening ${name} from a snapshot and ${edits} edits, ms`;
    findings.push({ what, beside: bare.ms as number, ours: ours.ms as number, bound: { times: 1.1 } });
  }
  return findings;
}

async function measure({ server, token }: Site, names: readonly string[], pauseMs: number): Promise<Figures> {
  const other = await LightClient.join(server.port, known, token);
  const opened: number[] = [];
  for (const name of names) {
    const startedAt = performance.now();
    const client = await LightClient.join(server.port, name, token);
    opened.push(performance.now() - startedAt);
    client.leave();
    // What a load leaves for later (a check, an unload) is not the next load's.
    await delay(pauseMs);
  }
  other.leave();
  return { ms: median(opened) };
}
