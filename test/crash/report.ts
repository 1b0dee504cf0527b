/**
 * What the crashes have shown, as a table, and how to see each failure again.
 */
import { median } from '../bench/statistics.ts';
import type { ScenarioResult } from './crashes.ts';
import type { TrialResult } from './trial.ts';

const columns = [
  'server',
  'killed',
  'clients',
  'trials',
  'acknowledged: tokens (characters), deletions',
  'lost',
  'trials with other faults',
  'ready: p50, max ms',
  'converged: p50, max ms',
];

export function table(results: readonly ScenarioResult[]): string {
  const rows = [columns, columns.map(() => '---'), ...results.map(rowOf)];
  return `${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function rowOf({ kind, scenario: { moment, clients }, trials }: ScenarioResult): string[] {
  const sum = (look: (trial: TrialResult) => number) =>
    trials.reduce((total, trial) => total + look(trial), 0);
  const tokens = sum(({ acknowledged }) => acknowledged.tokens);
  const characters = sum(({ acknowledged }) => acknowledged.characters);
  const deletions = sum(({ acknowledged }) => acknowledged.deletions);
  return [
    kind,
    moment.when,
    clients,
    String(trials.length),
    `${tokens} (${characters}), ${deletions}`,
    String(sum(({ lost }) => lost.length)),
    String(trials.filter(({ faults }) => faults.length > 0).length),
    middleAndMost(trials.flatMap(({ readyMs }) => readyMs)),
    middleAndMost(trials.flatMap(({ convergedMs }) => convergedMs ?? [])),
  ];
}

/** One paragraph for each trial that went wrong. */
export function failures({ kind, scenario, trials }: ScenarioResult): string {
  return trials
    .filter(({ lost, faults }) => lost.length > 0 || faults.length > 0)
    .map(({ seed, lost, faults }) => {
      const losses = lost.length > 0 ? [`lost ${lost.length}: ${shortened(lost.join(' '))}`] : [];
      const again = `--scenario ${scenario.name} --seed ${seed} --trials 1`;
      return `${kind}, ${again}\n${[...losses, ...faults.map(shortened)].map((line) => `  ${line}\n`).join('')}`;
    })
    .join('');
}

function shortened(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}

function middleAndMost(values: readonly number[]): string {
  if (values.length === 0) return '–';
  return `${median(values).toFixed(0)}, ${Math.max(...values).toFixed(0)}`;
}
