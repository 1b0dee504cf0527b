/**
 * Three real Tiptap editors do random things to one document: `npm run test:fuzz`.
 *
 * `-- --seeds 500 --seed 1 --steps 50` says how many, from which on, and how long each goes on; `--base` and
 * `--editor` (starterKit, demo, bare, civicpress) fix the text and the editor; `--first`
 * plays the first commands alone. Each failing seed is one line of JSON.
 * Once it is mended, its scenario goes into test/editors/seeds.json, which every run of the tests plays again.
 */
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { play, type Scenario, scenarioOf } from './editors/session.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '100' },
    steps: { type: 'string', default: '50' },
    base: { type: 'string' },
    editor: { type: 'string' },
    first: { type: 'boolean', default: false },
  },
});

const first = Number(options.seed);
const count = Number(options.seeds);
const started = Date.now();
const sums = new Map<string, number>();
let failed = 0;
for (let seed = first; seed < first + count; seed += 1) {
  // What the editors of the last seed have put off holds them in memory until then.
  await setImmediate();
  const scenario: Scenario = { ...scenarioOf(seed, Number(options.steps)), ...pickDefined() };
  const { faults, trace, saves, reloads, untouched, approximations } = play(scenario);
  for (const [name, number] of [
    ['saves', saves],
    ['untouched blocks compared', untouched],
    ['pages loaded again', reloads],
    ...approximations,
  ] as const)
    sums.set(name, (sums.get(name) ?? 0) + number);
  if (faults.length === 0) continue;
  failed += 1;
  process.stdout.write(`${JSON.stringify({ ...scenario, faults, trace })}\n`);
}
for (const [name, number] of sums) process.stdout.write(`${number} ${name}\n`);
process.stdout.write(`${failed} of ${count} seeds failed, ${Math.round((Date.now() - started) / 1_000)} s\n`);
process.exit(failed > 0 ? 1 : 0);

function pickDefined(): Partial<Scenario> {
  const { base, editor, first: isFirst } = options;
  return {
    ...(base && { base }),
    ...(editor && { editor: editor as Scenario['editor'] }),
    ...(isFirst && { commands: 'first' as const }),
  };
}
