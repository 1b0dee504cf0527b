/**
 * Waits for something, never for a while.
 */
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves with the first truthy value of `look`.
 *
 * @throws Error naming `what` when it has not come within `withinMs`
 */
export async function until<Value>(
  what: string,
  look: () => Value | Promise<Value>,
  withinMs = 20_000,
): Promise<NonNullable<Value>> {
  const deadline = performance.now() + withinMs;
  let value = await look();
  while (!value) {
    if (performance.now() > deadline) throw new Error(`within ${withinMs} ms it was not true that ${what}`);
    await delay(10);
    value = await look();
  }
  return value as NonNullable<Value>;
}
