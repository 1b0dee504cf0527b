/**
 * Counts who is here, in all and by a key such as an address or a user; where there are several nodes, also at others.
 *
 * One count serves every way in, so that nobody gets more by taking several. What is too many is for others to say.
 */
import type { SharedHeadCounts } from './shared-limits.ts';

/** Where the other nodes count. */
export interface Elsewhere {
  /** What the keys are, such as `address`. */
  readonly kind: string;
  /** Unset: there are no others. */
  readonly counts: SharedHeadCounts | undefined;
}

export class HeadCount {
  readonly #byKey = new Map<string, number>();
  readonly #elsewhere: Elsewhere | undefined;
  readonly #keyOf: (key: string) => string;
  #total = 0;

  /** @param keyOf several keys may be counted as one */
  constructor(elsewhere?: Elsewhere, keyOf: (key: string) => string = (key) => key) {
    this.#elsewhere = elsewhere;
    this.#keyOf = keyOf;
  }

  /** At this node. */
  get total(): number {
    return this.#total;
  }

  /** How many are at this node by this key. */
  of(key: string): number {
    return this.#byKey.get(this.#keyOf(key)) ?? 0;
  }

  /** Whether more than so many are here by this key, at all nodes together, as far as others can be asked. */
  async isOver(key: string, maximum: number): Promise<boolean> {
    return this.of(key) + (await this.#tell(key)) > maximum;
  }

  /** Counts one more, and gives what counts it out again; calling that twice does nothing. */
  enter(key: string): () => void {
    this.#total += 1;
    this.#byKey.set(this.#keyOf(key), this.of(key) + 1);
    void this.#tell(key);
    let isHere = true;
    return () => {
      if (!isHere) return;
      isHere = false;
      this.#total -= 1;
      const left = this.of(key) - 1;
      if (left > 0) this.#byKey.set(this.#keyOf(key), left);
      else this.#byKey.delete(this.#keyOf(key));
      void this.#tell(key);
    };
  }

  /** Resolves with how many are elsewhere. */
  async #tell(key: string): Promise<number> {
    const { kind, counts } = this.#elsewhere ?? {};
    return counts?.tell(`${kind} ${this.#keyOf(key)}`, this.of(key)) ?? 0;
  }
}
