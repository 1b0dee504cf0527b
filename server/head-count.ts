/**
 * Counts who is here, in all and by a key such as an address or a user.
 *
 * One count serves every way in, so that nobody gets more by taking several. What is too many is for others to say.
 */
export class HeadCount {
  readonly #byKey = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** How many are here by this key. */
  of(key: string): number {
    return this.#byKey.get(key) ?? 0;
  }

  /** Counts one more, and gives what counts it out again; calling that twice does nothing. */
  enter(key: string): () => void {
    this.#total += 1;
    this.#byKey.set(key, this.of(key) + 1);
    let isHere = true;
    return () => {
      if (!isHere) return;
      isHere = false;
      this.#total -= 1;
      const left = this.of(key) - 1;
      if (left > 0) this.#byKey.set(key, left);
      else this.#byKey.delete(key);
    };
  }
}
