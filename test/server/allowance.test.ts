import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Allowance, type AllowanceOptions } from '../../server/allowance.ts';
import { until } from '../helpers/until.ts';

/** What has begun, in order. */
const begun: string[] = [];
beforeEach(() => void begun.splice(0));

/** Two at once, then one every 30 s. */
const two = { perMinute: 2 };

function allowed(options: AllowanceOptions): Allowance & { begin: (name: string) => void } {
  const allowance = new Allowance(options);
  const begin = (name: string) =>
    allowance.ask(name, () => {
      allowance.use();
      begun.push(name);
    });
  onTestFinished(() => ['a', 'b', 'c', 'd', 'e'].forEach((name) => void allowance.withdraw(name)));
  return Object.assign(allowance, { begin });
}

/** All of a second's worth at once, and then every 10 ms. */
const quick = () => {
  const allowance = allowed({ perMinute: 6_000 });
  for (let time = 0; time < 6_000; time += 1) allowance.use();
  return allowance;
};

describe('an allowance', () => {
  it('[W7] lets a minute’s worth begin at once, and has the next ones wait', () => {
    const allowance = allowed(two);
    for (const name of ['a', 'b', 'c']) allowance.begin(name);
    expect(begun).toEqual(['a', 'b']);
    expect(['a', 'b', 'c'].map((name) => allowance.isWaiting(name))).toEqual([false, false, true]);
    expect(allowance.isShort).toBe(true);
  });

  it('[W7] gives turns in the order of asking, as fast as it may', async () => {
    const allowance = quick();
    const start = performance.now();
    for (const name of ['a', 'b', 'c', 'd']) allowance.begin(name);
    expect(begun).toEqual([]);
    await until('all have begun', () => begun.length === 4);
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    expect(performance.now() - start).toBeGreaterThan(35);
  });

  it('[W7] gives what is urgent the next turn', async () => {
    const allowance = quick();
    for (const name of ['a', 'b', 'c']) allowance.begin(name);
    allowance.hurry('c');
    await until('all have begun', () => begun.length === 3);
    expect(begun).toEqual(['c', 'a', 'b']);
  });

  it('keeps the place of what asks again, and forgets what is withdrawn', async () => {
    const allowance = quick();
    for (const name of ['a', 'b', 'a', 'c']) allowance.begin(name);
    allowance.withdraw('b');
    await until('all have begun', () => begun.length === 2);
    expect(begun).toEqual(['a', 'c']);
    expect(allowance.isWaiting('b')).toBe(false);
  });

  it('[W7] has the next one wait for one turn only, however much began out of turn', async () => {
    const allowance = quick();
    for (let time = 0; time < 6_000; time += 1) allowance.use();
    allowance.begin('a');
    await until('it has begun', () => begun.length === 1, 1_000);
  });

  it('takes back what was not used', () => {
    const allowance = allowed(two);
    for (const name of ['a', 'b']) allowance.begin(name);
    allowance.giveBack();
    allowance.begin('c');
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('[W7] goes no faster than it is asked to at the moment', async () => {
    let pauseMs = 60_000;
    const allowance = allowed({ perMinute: 6_000, pauseMs: () => pauseMs });
    allowance.begin('a');
    allowance.begin('b');
    expect(begun).toEqual(['a']);
    pauseMs = 0;
    allowance.withdraw('b');
    allowance.begin('c');
    expect(begun).toEqual(['a', 'c']);
  });
});
