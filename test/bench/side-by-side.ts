/**
 * Measures several servers in turn, each in fresh processes, and gives the medians over the rounds.
 *
 * In each round another one begins, so that what else the machine does falls on none of them alone.
 */
import type { Side } from './server-handle.ts';
import type { Site, Sites } from './site.ts';
import { median } from './statistics.ts';

export type Figures = Readonly<Record<string, number>>;

export async function sideBySide<Kind extends Side = 'bare' | 'ours'>(
  sites: Sites,
  rounds: number,
  measure: (site: Site, kind: Kind) => Promise<Figures>,
  {
    kinds = ['bare', 'ours'] as Kind[],
    settings = {},
  }: { kinds?: readonly Kind[]; settings?: Settings } = {},
): Promise<Record<Kind, Figures>> {
  const found = new Map<Kind, Figures[]>(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % kinds.length;
    for (const kind of [...kinds.slice(first), ...kinds.slice(0, first)]) {
      const site = await sites.open(kind, settings);
      const figures = await measure(site, kind).finally(() => site.close());
      found.get(kind)?.push(figures);
      process.stdout.write(`round ${round + 1}, ${kind}: ${JSON.stringify(figures)}\n`);
    }
  }
  return Object.fromEntries([...found].map(([kind, all]) => [kind, mediansOf(all)])) as Record<Kind, Figures>;
}

type Settings = Parameters<Sites['open']>[1];

function mediansOf(all: readonly Figures[]): Figures {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(all.map((figures) => figures[name] as number))]),
  );
}
