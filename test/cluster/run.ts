/**
 * Two nodes or more, one Redis, and everything that can happen to them: `npm run test:cluster -- --help`.
 */
import { parseArgs } from 'node:util';
import { openClusterSite } from './cluster-site.ts';
import { nemeses } from './nemesis.ts';
import { runTrial } from './trial.ts';

const usage = `Usage: npm run test:cluster -- [options]

Nodes as processes, a real Redis and PostgreSQL; real providers type at all while the worst happens. Nothing that
was acknowledged may be lost, nothing doubled, and everybody and the record must say the same. Ends with 1 when that is
not so, or when it took longer than 5 s.

  --trials NUMBER   trials for each fault (default: 2)
  --seed NUMBER     of the first trial; the others follow it (default: drawn, and printed)
  --nodes NUMBER    how many nodes (default: 2)
  --only TEXT       only faults whose name has this
  --within SECONDS  how long it may take until all is well (default: 5)
  --help            this text

Faults:
${nemeses.map(({ name }) => `  ${name}`).join('\n')}
`;

const { values: args } = parseArgs({
  options: {
    trials: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    nodes: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    within: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

if (args.help) process.stdout.write(usage);
else process.exit((await run()) ? 0 : 1);

async function run(): Promise<boolean> {
  const [trials, seed, withinMs] = [Number(args.trials), Number(args.seed), Number(args.within) * 1_000];
  const chosen = nemeses.filter(({ name }) => name.includes(args.only));
  if (chosen.length === 0 || ![trials, seed, withinMs].every(Number.isFinite)) {
    process.stderr.write(usage);
    return false;
  }
  process.stdout.write(`${chosen.length} faults, ${trials} trials each, from seed ${seed} on\n\n`);
  const town = await openClusterSite(Number(args.nodes));
  let isUnharmed = true;
  try {
    for (const nemesis of chosen) {
      for (let trial = 0; trial < trials; trial += 1) {
        const result = await runTrial(town, nemesis, seed + trial);
        const { acknowledged, lost, faults, healedMs } = result;
        const wrong = [
          ...faults,
          ...(lost.length > 0 ? [`lost: ${lost.join(' ')}`] : []),
          ...(healedMs > withinMs ? [`took longer than ${args.within} s`] : []),
        ];
        isUnharmed = isUnharmed && wrong.length === 0;
        process.stdout.write(
          `${nemesis.name.padEnd(48)} seed ${result.seed}  acknowledged ${String(acknowledged).padStart(3)}  ` +
            `lost ${lost.length}  well after ${(healedMs / 1_000).toFixed(1)} s\n`,
        );
        for (const sentence of wrong) process.stdout.write(`    ${sentence}\n`);
      }
    }
  } finally {
    await town.close();
  }
  return isUnharmed;
}
