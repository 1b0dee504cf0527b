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
  const strangers = new Strangers({ isCountedByAddress: false });
  await unknownTokens(strangers, 'attacker', 30);
  await expect(strangers.ask('attacker', known)).rejects.toEqual(refused);
  expect(await strangers.ask('office', known)).toBe('alice');
});

it('[A17] lets it ask again after a while', async () => {
  vi.useFakeTimers();
  const strangers = new Strangers({ isCountedByAddress: false });
  await unknownTokens(strangers, 'attacker', 30);
  const waits = await strangers.ask('attacker', known).catch((error) => error.retryAfterMs as number);
  expect(waits).toBeGreaterThan(0);
  vi.advanceTimersByTime(Number(waits) + 1);
  expect(await strangers.ask('attacker', known)).toBe('alice');
});

it('[A17] counts no known token and no question without an answer', async () => {
  const strangers = new Strangers({ isCountedByAddress: false });
  for (let time = 0; time < 100; time += 1) {
    await strangers.ask('office', known);
    await strangers.ask('office', () => Promise.reject(new Error('down'))).catch(() => undefined);
  }
  await unknownTokens(strangers, 'office', 30);
  await expect(strangers.ask('office', known)).rejects.toEqual(refused);
});

it('[A17] asks no more at once than may be unknown, and everybody who waited is asked about', async () => {
  const strangers = new Strangers({ isCountedByAddress: false });
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
  const strangers = new Strangers({ isCountedByAddress: false });
  for (const address of ['a', 'b', 'c']) {
    await unknownTokens(strangers, address, 20);
  }
  await expect(strangers.ask('e', known)).rejects.toEqual(refused);
});

it('[A17] lets newcomers in from where somebody has signed in before, whatever comes from elsewhere', async () => {
  const strangers = new Strangers({ isCountedByAddress: false });
  await strangers.ask('203.0.113.9', known);
  await strangers.ask('2001:db8:1:2::1', known);
  for (let address = 0; address < 3; address += 1) await unknownTokens(strangers, `a${address}`, 20);
  await expect(strangers.ask('e', known)).rejects.toEqual(refused);
  expect(await strangers.ask('203.0.113.9', known)).toBe('alice');
  expect(await strangers.ask('2001:db8:1:2::77', known)).toBe('alice');
  // Who attacks from there uses up no more than their part.
  await unknownTokens(strangers, '203.0.113.9', 20);
  await unknownTokens(strangers, '2001:db8:1:2::2', 20);
  await expect(strangers.ask('203.0.113.9', known)).rejects.toEqual(refused);
});

it('[A17] counts the addresses of one IPv6 network as one', async () => {
  const strangers = new Strangers({ isCountedByAddress: false });
  for (let host = 1; host <= 30; host += 1)
    await strangers.ask(`2001:db8:1:2::${host.toString(16)}`, unknown);
  await expect(strangers.ask('2001:db8:1:2::ffff', known)).rejects.toEqual(refused);
  expect(await strangers.ask('2001:db8:1:3::1', known)).toBe('alice');
});

it('[A17] lets nobody wait for other addresses where CivicPress counts each by itself', async () => {
  const strangers = new Strangers({ isCountedByAddress: true });
  for (let address = 0; address < 10; address += 1) await unknownTokens(strangers, `a${address}`, 30);
  await expect(strangers.ask('a0', known)).rejects.toEqual(refused);
  expect(await strangers.ask('e', known)).toBe('alice');
});
