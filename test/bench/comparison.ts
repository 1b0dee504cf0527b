/**
 * What a row of the speed bench has found: the same figure of several servers, beside what ours is to reach.
 */
import type { Side } from './server-handle.ts';

export interface Comparison {
  readonly what: string;
  readonly figures: Readonly<Partial<Record<Side, number>>> & { readonly ours: number };
  readonly targets: readonly Target[];
}

/** At most so many times the figure of another, or at most so much. */
export type Target = { readonly beside: Side; readonly times: number } | { readonly most: number };

export const sideNames: Readonly<Record<Side, string>> = {
  ours: 'ours',
  bare: 'Hocuspocus',
  eager: 'Hocuspocus that stores every edit',
  'y-websocket': 'y-websocket',
  relay: 'relay',
};

/** A table in Markdown, with a column for each server that has a figure, and a last one for the targets. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const sides = (Object.keys(sideNames) as Side[]).filter((side) =>
    comparisons.some(({ figures }) => figures[side] !== undefined),
  );
  const rows = comparisons.map((comparison) => [
    comparison.what,
    ...sides.map((side) => figure(comparison.figures[side])),
    comparison.targets.map((target) => verdict(comparison, target)).join('; '),
  ]);
  const head = ['', ...sides.map((side) => sideNames[side]), 'ratios and targets'];
  const rule = ['---', ...sides.map(() => '---:'), '---'];
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** @example '0.74 × Hocuspocus (≤ 0.8 ×: holds)' */
function verdict({ figures }: Comparison, target: Target): string {
  if ('most' in target) return `(≤ ${target.most}: ${figures.ours <= target.most ? 'holds' : 'MISSED'})`;
  const beside = figures[target.beside];
  if (beside === undefined) return '';
  const ratio = figures.ours / beside;
  const holds = ratio <= target.times ? 'holds' : 'MISSED';
  return `${ratio.toFixed(ratio < 0.1 ? 4 : 2)} × ${sideNames[target.beside]} (≤ ${target.times} ×: ${holds})`;
}

function figure(value: number | undefined): string {
  if (value === undefined) return '–';
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 10 ? 2 : 1);
}

/** One figure out of what each server has come to. */
export function compared(
  what: string,
  found: Readonly<Partial<Record<Side, Readonly<Record<string, number>>>>>,
  name: string,
  ...targets: Target[]
): Comparison {
  const figures = Object.fromEntries(
    Object.entries(found).flatMap(([side, of]) => (of[name] === undefined ? [] : [[side, of[name]]])),
  );
  return { what, figures: figures as Comparison['figures'], targets };
}
