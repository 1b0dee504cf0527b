/** What the judge says of an attack, in one line; and what is wrong, below it. */
import type { Verdict } from './judge.ts';

export function reportOf({ name, seed, faults, quiet, attacked, memory, seconds }: Verdict): string {
  const figures =
    `${faults.length === 0 ? 'held' : 'HARMED'}, ${seconds.toFixed(1)} s; ` +
    `honest user p50 ${attacked.p50.toFixed(0)} ms, p99 ${attacked.p99.toFixed(0)} ms ` +
    `(before: ${quiet.p50.toFixed(0)}, ${quiet.p99.toFixed(0)}); ` +
    `memory ${memory.before} MB, at most ${memory.peak}, then ${memory.after}`;
  return [`${name} (seed ${seed}): ${figures}`, ...faults.map((fault) => `  ${fault}`)].join('\n');
}
