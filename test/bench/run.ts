/**
 * Measures ours beside bare Hocuspocus: `npm run bench -- [--only acknowledgement,disk] [--rounds 3] [--seconds 10]`.
 *
 * Both run on this machine in the same run, in turn, each in a fresh process; the figures are medians over the
 * rounds. Ratios are what to trust: absolute times are this machine's, and what else it does.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { acknowledgement } from './acknowledgement.ts';
import { awareness } from './awareness.ts';
import { compaction } from './compaction.ts';
import { disk } from './disk.ts';
import { fanOut } from './fan-out.ts';
import { type Finding, table } from './finding.ts';
import { idleMemory } from './idle-memory.ts';
import { joiningRow } from './joining.ts';
import { markdownRows } from './markdown.ts';
import { opening } from './opening.ts';
import { specTransports } from './spec-transports.ts';
import { specs } from './specs.ts';
import { specsSoak } from './specs-soak.ts';

export interface Scale {
  /** How often bare and ours are measured in turn. */
  readonly rounds: number;
  /** How long is typed in each of them. */
  readonly seconds: number;
}

/** By the names that `--only` takes, each with the seconds that it needs to be worth something. */
const rows: Readonly<Record<string, { run: (scale: Scale) => Promise<Finding[]>; seconds: number }>> = {
  opening: { run: opening, seconds: 0 },
  'fan-out': { run: fanOut, seconds: 6 },
  awareness: { run: awareness, seconds: 8 },
  'idle-memory': { run: idleMemory, seconds: 0 },
  acknowledgement: { run: acknowledgement, seconds: 10 },
  joining: { run: joiningRow, seconds: 0 },
  disk: { run: disk, seconds: 30 },
  compaction: { run: compaction, seconds: 20 },
  specs: { run: specs, seconds: 0 },
  'spec-transports': { run: specTransports, seconds: 0 },
  'specs-soak': { run: specsSoak, seconds: 0 },
};
const markdown = 'markdown';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: [...Object.keys(rows), markdown].join() },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string' },
  },
});
const names = values.only.split(',');
const unknown = names.filter((name) => !(name in rows) && name !== markdown);
if (unknown.length > 0) {
  process.stderr.write(
    `No such row: ${unknown.join()}. There are ${[...Object.keys(rows), markdown].join(', ')}.\n`,
  );
  process.exit(1);
}

const findings: Finding[] = [];
for (const name of names) {
  const row = rows[name];
  if (!row) continue;
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(`${name} (the machine's load is ${load})\n`);
  findings.push(
    ...(await row.run({ rounds: Number(values.rounds), seconds: Number(values.seconds ?? row.seconds) })),
  );
}
if (findings.length > 0) process.stdout.write(`\n${table(findings)}`);
if (names.includes(markdown)) {
  process.stdout.write('\nMarkdown, beside remark-parse + remark-stringify on the same text:\n');
  console.table(markdownRows());
}
