/**
 * One round of every attack in every run of the tests; `npm run test:attacks` plays more of them.
 *
 * The seed is drawn anew each time, or set by `ATTACK_SEED`; a failure names it.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AttackSite } from './attack-site.ts';
import { attacks } from './attacks.ts';
import { Honest } from './honest.ts';
import { judge } from './judge.ts';
import { reportOf } from './report.ts';

const seed = Number(process.env.ATTACK_SEED ?? Math.floor(Math.random() * 1e9));

let site: AttackSite;
let honest: Honest;

beforeAll(async () => {
  site = await AttackSite.open();
  honest = await Honest.begin(site);
});

afterAll(async () => {
  await honest?.end();
  await site?.close();
});

for (const attack of attacks) {
  it(`holds against the attack ${attack.name}`, { timeout: 150_000 }, async () => {
    const verdict = await judge(attack, seed, site, honest);
    console.info(reportOf(verdict));
    expect(verdict.faults, reportOf(verdict)).toEqual([]);
  });
}
