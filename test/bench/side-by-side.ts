/**
 * Measures bare and ours in turn, each in fresh processes, and gives the medians over the rounds.
 */
import type { ServerKind } from './server-handle.ts';
import type { Site, Sites } from './site.ts';
import { median } from './statistics.ts';

export type Figures = Readonly<Record<string, number>>;

type Kind = Exclude<ServerKind, 'civicpress'>;

export async function sideBySide(
  sites: Sites,
  rounds: number,
  measure: (site: Site, kind: Kind) => Promise<Figures>,
): Promise<{ bare: Figures; ours: Figures }> {
  const found = { bare: [] as Figures[], ours: [] as Figures[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of round % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const)) {
      const site = await sites.open(kind);
      const figures = await measure(site, kind).finally(() => site.close());
      found[kind].push(figures);
      process.stdout.write(`round ${round + 1}, ${kind}: ${JSON.stringify(figures)}\n`);
    }
  }
  return { bare: mediansOf(found.bare), ours: mediansOf(found.ours) };
}

function mediansOf(all: readonly Figures[]): Figures {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(all.map((figures) => figures[name] as number))]),
  );
}
