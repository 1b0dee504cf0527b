import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RealtimeError } from '../../server/errors.ts';
import type { Pace } from '../../server/ports.ts';
import { Rechecks } from '../../server/rechecks.ts';
import { RecordedLog } from '../helpers/recorded-log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const people = (count: number) => Array.from({ length: count }, (_, n) => `clerk ${n}`);

/** Re-checks each minute, and what came of them: who was checked when, in seconds. */
function open(options: { pauseMs?: number; counterOf?: (who: string) => string; staleMs?: number } = {}) {
  const log = new RecordedLog();
  const checks: { who: string; at: number }[] = [];
  const givenUp: { who: string; at: number; code: string }[] = [];
  const start = performance.now();
  const at = () => Math.round((performance.now() - start) / 1_000);
  const state: { error: RealtimeError | null; pauseMs: number } = {
    error: null,
    pauseMs: options.pauseMs ?? 0,
  };
  const rechecks = new Rechecks<string>({
    periodMs: 60_000,
    staleMs: options.staleMs ?? 900_000,
    paceOf: (who): Pace => ({ counter: options.counterOf?.(who) ?? '', pauseMs: state.pauseMs }),
    check: async (who) => {
      checks.push({ who, at: at() });
      if (state.error) throw state.error;
    },
    giveUp: (who, { code }) => void givenUp.push({ who, at: at(), code }),
    log,
  });
  const come = (names: readonly string[]) => {
    for (const name of names) rechecks.add(name, performance.now());
  };
  const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);
  return { rechecks, checks, givenUp, log, state, come, pass };
}

it('[A11] checks everybody once in each period, spread over it, also when all came at once', async () => {
  const { checks, come, pass } = open();
  come(people(10));
  await pass(60);
  expect(checks.map(({ who }) => who)).toEqual(people(10));
  expect(checks.map(({ at }) => at)).toEqual([6, 12, 18, 24, 30, 36, 42, 48, 54, 60]);
  await pass(120);
  expect(checks).toHaveLength(30);
});

it('[A11] leaves nobody unchecked for longer than the period when others come and go', async () => {
  const { rechecks, checks, come, pass } = open();
  come(['alice', 'bob']);
  await pass(35);
  expect(checks).toEqual([{ who: 'alice', at: 30 }]);
  rechecks.remove('bob');
  await pass(60);
  expect(checks.at(-1)).toEqual({ who: 'alice', at: 90 });
  rechecks.remove('alice');
  await pass(600);
  expect(checks).toHaveLength(2);
});

it('[A11] checks less often where CivicPress allows no more, everybody equally, and says so once', async () => {
  // 30 people at one request in 10 s: five minutes a round.
  const { checks, log, come, pass } = open({ pauseMs: 10_000 });
  come(people(30));
  await pass(600);
  expect(checks).toHaveLength(60);
  expect(checks.map(({ who }) => who)).toEqual([...people(30), ...people(30)]);
  expect(log.lines).toHaveLength(1);
  expect(log.lines[0]).toMatchObject({ level: 'warn', fields: { everySeconds: 300, recheckSeconds: 60 } });
});

it('[A11] checks 500 clerks within what CivicPress allows one address: each once in 15 minutes', async () => {
  // Half of 1,000 requests in 15 minutes; the other half is for drafts and newcomers.
  const { checks, givenUp, come, pass } = open({ pauseMs: 900_000 / 500 });
  come(people(500));
  await pass(1_800);
  expect(checks.slice(0, 500).map(({ who }) => who)).toEqual(people(500));
  for (let from = 0; from < 1_800; from += 60) {
    const inMinute = checks.filter(({ at }) => at > from && at <= from + 60);
    expect(inMinute.length).toBeLessThanOrEqual(34);
  }
  expect(checks.length).toBeGreaterThan(980);
  expect(givenUp).toEqual([]);
});

it('[A11] checks 500 clerks each minute where each address is counted by itself', async () => {
  const { checks, come, pass } = open({ pauseMs: 1_800, counterOf: (who) => who });
  come(people(500));
  await pass(60);
  expect(new Set(checks.map(({ who }) => who)).size).toBe(500);
  expect(checks).toHaveLength(500);
});

it('[A11] keeps what is counted apart apart', async () => {
  const { checks, come, pass } = open({ pauseMs: 20_000, counterOf: (who) => who });
  come(people(10));
  await pass(60);
  expect(checks).toHaveLength(10);
});

it('[A15] gives up on whoever has gone without an answer for too long', async () => {
  const { checks, givenUp, state, come, pass } = open({ staleMs: 300_000 });
  come(['alice']);
  await pass(60);
  state.error = new RealtimeError('civicpress-unavailable');
  await pass(299);
  expect(givenUp).toEqual([]);
  // It was tried again and again, and not in haste.
  expect(checks.length).toBeGreaterThan(30);
  expect(checks.length).toBeLessThan(60);
  await pass(1);
  expect(givenUp).toEqual([{ who: 'alice', at: 360, code: 'civicpress-unavailable' }]);
  const tried = checks.length;
  await pass(600);
  expect(checks).toHaveLength(tried);
});

it('[A15] goes on as before when CivicPress is back in time', async () => {
  const { givenUp, state, come, pass } = open({ staleMs: 300_000 });
  come(people(3));
  state.error = new RealtimeError('civicpress-unavailable');
  await pass(200);
  state.error = null;
  await pass(2_000);
  expect(givenUp).toEqual([]);
});

it('[A15] gives up on all of those whose questions go unanswered, whoever was asked about', async () => {
  const { givenUp, state, come, pass } = open({ staleMs: 300_000 });
  come(people(200));
  state.error = new RealtimeError('civicpress-unavailable');
  await pass(301);
  expect(givenUp.map(({ who }) => who).sort()).toEqual(people(200).sort());
});

it('[A15] does not count the wait for one’s turn as time without an answer', async () => {
  // A round takes 20 minutes, longer than anybody may go without an answer.
  const { givenUp, state, come, pass } = open({ pauseMs: 60_000, staleMs: 900_000 });
  come(people(20));
  await pass(1_200);
  state.error = new RealtimeError('civicpress-unavailable');
  await pass(300);
  state.error = null;
  await pass(1_200);
  expect(givenUp).toEqual([]);
});

it('[A15] asks a busy CivicPress nothing before its Retry-After is over', async () => {
  const { checks, state, come, pass } = open();
  come(['alice']);
  state.error = new RealtimeError('civicpress-busy', { retryAfterMs: 500_000 });
  await pass(60);
  expect(checks).toHaveLength(1);
  state.error = null;
  await pass(499);
  expect(checks).toHaveLength(1);
  await pass(2);
  expect(checks).toHaveLength(2);
});

it('[A12] checks whoever was asked about in vain next', async () => {
  const { rechecks, checks, come, pass } = open();
  come(people(10));
  await pass(30);
  rechecks.checked('clerk 2', new RealtimeError('civicpress-unavailable'));
  checks.length = 0;
  await pass(7);
  expect(checks[0]).toEqual({ who: 'clerk 2', at: 35 });
});
