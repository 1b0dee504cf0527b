import { afterEach, expect, it, vi } from 'vitest';
import { Strangers } from '../../../server/civicpress/strangers.ts';

afterEach(() => void vi.useRealTimers());

const unknown = async () => null;
const known = async () => 'alice';
const refused = expect.objectContaining({ code: 'too-many-unknown' });

async function unknownTokens(strangers: Strangers, address: string, count: number): Promise<void> {
  for (let token = 0; token < count; token += 1) await strangers.ask(address, unknown);
}

it('[A17] keeps an address with many unknown tokens waiting, known ones as well, and no other address', async () => {
  const strangers = new Strangers();
  await unknownTokens(strangers, 'attacker', 30);
  await expect(strangers.ask('attacker', known)).rejects.toEqual(refused);
  expect(await strangers.ask('office', known)).toBe('alice');
});

it('[A17] lets it ask again after a while', async () => {
  vi.useFakeTimers();
  const strangers = new Strangers();
  await unknownTokens(strangers, 'attacker', 30);
  const waits = await strangers.ask('attacker', known).catch((error) => error.retryAfterMs as number);
  expect(waits).toBeGreaterThan(0);
  vi.advanceTimersByTime(Number(waits) + 1);
  expect(await strangers.ask('attacker', known)).toBe('alice');
});

it('[A17] counts no known token and no question without an answer', async () => {
  const strangers = new Strangers();
  for (let time = 0; time < 100; time += 1) {
    await strangers.ask('office', known);
    await strangers.ask('office', () => Promise.reject(new Error('down'))).catch(() => undefined);
  }
  await unknownTokens(strangers, 'office', 30);
  await expect(strangers.ask('office', known)).rejects.toEqual(refused);
});

it('[A17] asks no more at once than may be unknown, and everybody who waited is asked about', async () => {
  const strangers = new Strangers();
  let [atOnce, most] = [0, 0];
  const ask = async () => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise(setImmediate);
    atOnce -= 1;
    return 'alice';
  };
  const answers = await Promise.all(Array.from({ length: 100 }, () => strangers.ask('office', ask)));
  expect(answers).toEqual(Array(100).fill('alice'));
  expect(most).toBe(30);
});

it('[A17] leaves most of what CivicPress allows to others, from however many addresses tokens come', async () => {
  const strangers = new Strangers();
  for (const address of ['a', 'b', 'c', 'd']) {
    await unknownTokens(strangers, address, 25);
  }
  await expect(strangers.ask('e', known)).rejects.toEqual(refused);
});
