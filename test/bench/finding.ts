/**
 * What a row of the bench has found, beside its bound, and how that is printed.
 */

/** `times`: at most so many times bare's figure. `more`: at most so much more. `most`: at most so much, whatever bare does. */
export type Bound = { readonly times: number } | { readonly more: number } | { readonly most: number };

export interface Finding {
  readonly what: string;
  /** What ours is compared with; `null` when the bound needs no comparison. */
  readonly beside: number | null;
  readonly ours: number;
  readonly bound: Bound | null;
}

/** A table in Markdown; the last column says whether the bound holds. */
export function table(findings: readonly Finding[]): string {
  const lines = findings.map((finding) => {
    const { what, beside, ours, bound } = finding;
    const ratio = beside === null ? '' : (ours / beside).toFixed(beside > ours * 50 ? 4 : 2);
    const cells = [
      what,
      figure(beside),
      figure(ours),
      ratio,
      bound ? sentenceOf(bound) : '',
      verdict(finding),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const head = `| | beside | ours | ratio | bound | |\n| --- | ---: | ---: | ---: | --- | --- |`;
  return `${head}\n${lines.join('\n')}\n`;
}

function sentenceOf(bound: Bound): string {
  if ('times' in bound) return `≤ ${bound.times} ×`;
  return 'more' in bound ? `≤ + ${bound.more}` : `≤ ${bound.most}`;
}

function verdict({ beside, ours, bound }: Finding): string {
  if (!bound) return '';
  return ours <= limitOf(bound, beside ?? Number.NaN) ? 'holds' : 'MISSED';
}

function limitOf(bound: Bound, beside: number): number {
  if ('times' in bound) return bound.times * beside;
  return 'more' in bound ? beside + bound.more : bound.most;
}

function figure(value: number | null): string {
  if (value === null) return '';
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}
