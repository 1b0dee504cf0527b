/**
 * Nothing waits until all have been told.
 */
import { expect, it } from 'vitest';
import { Slices } from '../../../server/presence/slices.ts';

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it('[Q9] tells a large room a few at a time, each once, and lets others have their turn in between', async () => {
  const slices = new Slices();
  const told: number[] = [];
  let isDone = false;
  const tell = (one: number) => {
    told.push(one);
    spin(0.3);
  };
  slices.run(Array.from({ length: 20 }, (_, one) => one).values(), tell, () => {
    isDone = true;
  });
  expect(told.length).toBeLessThan(20);
  expect(slices.isRunning).toBe(true);
  let turns = 0;
  while (!isDone) {
    const before = told.length;
    await new Promise(setImmediate);
    if (told.length === before) turns += 1;
    expect(told.length - before).toBeLessThanOrEqual(4);
  }
  expect(told).toEqual(Array.from({ length: 20 }, (_, one) => one));
  expect(turns).toBeGreaterThan(0);
  expect(slices.isRunning).toBe(false);
});

it('[Q9] tells a small room at once', () => {
  const told: string[] = [];
  const slices = new Slices();
  slices.run(
    ['alice', 'bob'].values(),
    (one) => told.push(one),
    () => told.push('done'),
  );
  expect(told).toEqual(['alice', 'bob', 'done']);
  expect(slices.isRunning).toBe(false);
});
