/**
 * Kills the server, again and again, and looks for what it had promised: `npm run test:crash -- --help`.
 *
 * A seed decides what is typed and when the kill comes, not how the machine schedules it: a failure that is seen
 * again by its seed is likely, not certain.
 */
import { parseArgs } from 'node:util';
import { crash, isUnharmed, type ScenarioResult, seedsFrom } from './crashes.ts';
import { failures, table } from './report.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { openSite } from './sites.ts';

const usage = `Usage: npm run test:crash -- [options]

Real providers type, the server is killed with SIGKILL and started again; nothing acknowledged may be lost, nothing
doubled, and everybody and the record must say the same. Ends with 1 when that is not so.

  --trials NUMBER   crashes for each scenario (default: 5)
  --seed NUMBER     of the first trial; the others follow it (default: drawn, and printed)
  --scenario NAME   only this one, or "NAME/gone", "NAME/staying": whether those who typed come back; may be repeated
  --setting P=V     of ours, by its dotted path, such as snapshots.storage=filesystem; may be repeated
  --bare            the same with bare Hocuspocus beside it; what that loses is shown and does not count
  --help            this text

Scenarios:
${[...new Set(scenarios.map(({ moment }) => `  ${moment.name.padEnd(16)}  killed ${moment.when}`))].join('\n')}
`;

const { values: args } = parseArgs({
  options: {
    trials: { type: 'string', default: '5' },
    seed: { type: 'string' },
    scenario: { type: 'string', multiple: true },
    setting: { type: 'string', multiple: true, default: [] },
    bare: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

// An exit takes the servers along; a signal alone would leave them running.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

if (args.help) process.stdout.write(usage);
else process.exit((await run()) ? 0 : 1);

async function run(): Promise<boolean> {
  const chosen = scenarios.filter(isChosen);
  const seed = wholeNumber('--seed', args.seed ?? String(Math.floor(Math.random() * 1e9)));
  const trials = wholeNumber('--trials', args.trials);
  if (chosen.length === 0 || seed === null || trials === null) {
    process.stderr.write(usage);
    return false;
  }
  process.stdout.write(`${chosen.length} scenarios, ${trials} trials each, from seed ${seed} on\n\n`);

  const results: ScenarioResult[] = [];
  for (const kind of args.bare ? (['bare', 'ours'] as const) : (['ours'] as const)) {
    const site = await openSite(kind, settingsIn(args.setting));
    try {
      for (const scenario of chosen) {
        if (kind === 'bare' && !scenario.moment.isForBare) continue;
        const result = await crash(site, scenario, seedsFrom(seed, trials));
        results.push(result);
        process.stdout.write(`${kind} ${scenario.name}: ${isUnharmed(result) ? 'unharmed' : 'HARMED'}\n`);
        process.stdout.write(failures(result));
      }
    } finally {
      await site.close();
    }
  }
  process.stdout.write(`\n${table(results)}`);
  return results.filter(({ kind }) => kind === 'ours').every(isUnharmed);
}

function isChosen({ name, moment }: Scenario): boolean {
  return args.scenario === undefined || args.scenario.some((wanted) => [name, moment.name].includes(wanted));
}

function settingsIn(assignments: readonly string[]): Record<string, string> {
  const pairs = assignments.map((assignment) => assignment.split(/=(.*)/s));
  return Object.fromEntries(pairs.map(([path = '', value = '']) => [environmentNameOf(path), value]));
}

function environmentNameOf(path: string): string {
  return `REALTIME_${path.replaceAll('.', '_').toUpperCase()}`;
}

function wholeNumber(option: string, text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  process.stderr.write(`${option} takes a whole number, not "${text}"\n\n`);
  return null;
}
