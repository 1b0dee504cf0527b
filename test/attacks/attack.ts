/**
 * What an attack is: one row of docs/security.md, played against a running server, with variations from a seed.
 */
import type { Random } from '../markdown/helpers/random.ts';
import type { AttackSite } from './attack-site.ts';

export interface Attack {
  /** As docs/security.md calls it. */
  readonly name: string;
  /**
   * Attacks, and looks whether it was of any use: something forged that others see, something refused that was
   * acknowledged. Memory, the process and the honest user are looked after by judge.ts.
   *
   * @throws when the attack was of use
   */
  run(site: AttackSite, random: Random): Promise<void>;
}

/** One of them. */
export function oneOf<Item>(random: Random, items: readonly Item[]): Item {
  return items[random(items.length)] as Item;
}

/** From `from` to `to`, both included. */
export function between(random: Random, from: number, to: number): number {
  return from + random(to - from + 1);
}

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}
