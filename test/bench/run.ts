/**
 * Measures ours beside others: `npm run bench -- [--only speed,acknowledgement] [--rounds 3] [--seconds 10] [--no-write]`.
 *
 * All run on this machine in the same run, in turn, each in a fresh process; the figures are medians over the
 * rounds. Ratios are what to trust: absolute times are this machine's, and what else it does.
 *
 * The rows of speed, S1 to S7, are beside bare Hocuspocus, a server of y-websocket, and a plain relay of the same bytes,
 * which is what the sockets alone cost. They go into docs/benchmarks.md, each in place of what stood there for it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { emptyPage, sectionOf, withSection } from './benchmarks-page.ts';
import { comparisonTable } from './comparison.ts';
import { type Finding, table } from './finding.ts';
import { markdownRows } from './markdown.ts';
import { otherRows, type Scale, speedRowNames, speedRows } from './rows.ts';

const markdown = 'markdown';
const speed = 'speed';
const page = join(import.meta.dirname, '../../docs/benchmarks.md');

const all = [...speedRowNames, ...Object.keys(otherRows), markdown];
const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string', default: all.join() },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string' },
    write: { type: 'boolean', default: true },
  },
});
const names = values.only.split(',').flatMap((name) => (name === speed ? speedRowNames : [name]));
const unknown = names.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`No such row: ${unknown.join()}. There are ${[speed, ...all].join(', ')}.\n`);
  process.exit(1);
}

const scaleOf = (seconds: number): Scale => ({
  rounds: Number(values.rounds),
  seconds: Number(values.seconds ?? seconds),
});
const loadNow = () => (loadavg()[0] as number).toFixed(1);

for (const [name, { run, seconds, title }] of Object.entries(speedRows)) {
  if (!names.includes(name)) continue;
  const load = loadNow();
  process.stdout.write(`${name} (the machine's load is ${load})\n`);
  const scale = scaleOf(seconds);
  const comparisons = await run(scale);
  if (comparisons.length === 0) continue;
  process.stdout.write(`\n${comparisonTable(comparisons)}\n`);
  if (!values.write) continue;
  const section = sectionOf({ title, scale, comparisons, loads: [load, loadNow()], at: new Date() });
  const before = await readFile(page, 'utf8').catch(() => emptyPage(speedRowNames));
  await writeFile(page, withSection(before, name, section));
}

const findings: Finding[] = [];
for (const [name, { run, seconds }] of Object.entries(otherRows)) {
  if (!names.includes(name)) continue;
  process.stdout.write(`${name} (the machine's load is ${loadNow()})\n`);
  findings.push(...(await run(scaleOf(seconds))));
}
if (findings.length > 0) process.stdout.write(`\n${table(findings)}`);
if (names.includes(markdown)) {
  process.stdout.write('\nMarkdown, beside remark-parse + remark-stringify on the same text:\n');
  console.table(markdownRows());
}
