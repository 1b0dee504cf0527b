/**
 * Attacks a running server: `npm run test:attacks [-- --seed 1 --rounds 3 --only strangers,wrong-names]`.
 *
 * A seed decides which variation is played; the same one plays it again.
 */
import { parseArgs } from 'node:util';
import { AttackSite } from './attack-site.ts';
import { attacks } from './attacks.ts';
import { Honest } from './honest.ts';
import { judge } from './judge.ts';
import { reportOf } from './report.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: attacks.map(({ name }) => name).join() },
  },
});
const names = values.only.split(',');
const unknown = names.filter((name) => !attacks.some((attack) => attack.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `No such attack: ${unknown.join()}. There are ${attacks.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(1);
}

// An exit takes the server along; a signal alone would leave it running.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

let harmed = 0;
const site = await AttackSite.open();
try {
  const honest = await Honest.begin(site);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const attack of attacks.filter(({ name }) => names.includes(name))) {
      const verdict = await judge(attack, Number(values.seed) + round, site, honest);
      process.stdout.write(`${reportOf(verdict)}\n`);
      if (verdict.faults.length > 0) harmed += 1;
      if (!site.isAlive) throw new Error('the server has ended');
    }
  }
  await honest.end();
} finally {
  await site.close();
}
process.stdout.write(harmed === 0 ? '\nThe server held.\n' : `\n${harmed} attacks were of use.\n`);
process.exit(harmed === 0 ? 0 : 1);
