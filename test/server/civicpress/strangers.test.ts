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

/** How many of these are asked about, of one token from each address, all at once and for a while. */
async function askedAbout(
  strangers: Strangers,
  addresses: readonly string[],
  forMs: number,
): Promise<number> {
  let asked = 0;
  const asks = addresses.map((address) =>
    strangers.ask(address, async () => {
      asked += 1;
      return null;
    }),
  );
  void Promise.allSettled(asks);
  await vi.advanceTimersByTimeAsync(forMs);
  return asked;
}

/** From everywhere. */
const addressesOf = (count: number) => Array.from({ length: count }, (_, n) => `${n % 250}.${n % 199}.0.1`);

it('[A17] leaves most of what CivicPress allows to others, from however many addresses tokens come', async () => {
  vi.useFakeTimers();
  const strangers = new Strangers({ isCountedByAddress: false });
  let asked = 0;
  for (let minute = 0; minute < 15; minute += 1) {
    asked += await askedAbout(strangers, addressesOf(400), 60_000);
  }
  expect(asked).toBeGreaterThan(30);
  expect(asked).toBeLessThan(195);
});

it.each([
  ['a few addresses', Array.from({ length: 3 }, (_, n) => `198.51.${n}.1`)],
  ['one large network', Array.from({ length: 200 }, (_, n) => `2001:db8:${n}::1`)],
  ['many networks that have come before', Array.from({ length: 30 }, (_, n) => `${100 + n}.1.1.1`)],
])('[A17] lets newcomers in within seconds while tokens come from %s', async (_what, attackers) => {
  vi.useFakeTimers();
  const strangers = new Strangers({ isCountedByAddress: false });
  for (let round = 0; round < 3; round += 1) await askedAbout(strangers, attackers, 3_000);
  for (let round = 0; round < 5; round += 1) {
    const newcomers = Promise.all(
      Array.from({ length: 20 }, (_, n) => strangers.ask(`203.0.${round * 20 + n}.9`, known)),
    );
    for (let second = 0; second < 7; second += 1) await askedAbout(strangers, attackers, 1_000);
    expect(await newcomers).toEqual(Array(20).fill('alice'));
  }
});

it('[A17] tells who waits for too long, with a reason', async () => {
  vi.useFakeTimers();
  const strangers = new Strangers({ isCountedByAddress: false });
  const attackers = Array.from({ length: 50 }, (_, n) => `${100 + n}.1.1.1`);
  await askedAbout(strangers, attackers, 10);
  const last = expect(
    Promise.all(Array.from({ length: 5 }, () => strangers.ask('100.1.1.1', unknown))),
  ).rejects.toEqual(refused);
  await vi.advanceTimersByTimeAsync(9_000);
  await last;
});

it('[A17] lets newcomers in from where somebody has signed in before, whatever comes from elsewhere', async () => {
  vi.useFakeTimers();
  const strangers = new Strangers({ isCountedByAddress: false });
  await strangers.ask('203.0.113.9', known);
  await strangers.ask('2001:db8:1:2::1', known);
  await askedAbout(strangers, addressesOf(400), 100);
  expect(await strangers.ask('203.0.113.9', known)).toBe('alice');
  expect(await strangers.ask('2001:db8:1:2::77', known)).toBe('alice');
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
