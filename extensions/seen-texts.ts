/**
 * What each open record was seen to hold lately: who changes it past the room may have read any of these.
 *
 * All of the last minute, and of the time before one for each minute; and not more than a few large ones.
 */

interface Seen {
  readonly text: string;
  /** In monotonic ms. */
  readonly at: number;
}

const minuteMs = 60_000;
const longestMs = 15 * minuteMs;

/** In characters, for one record. */
const maxLength = 1_048_576;

export class SeenTexts {
  readonly #seen = new Map<string, Seen[]>();
  readonly #now: () => number;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  note(documentName: string, text: string): void {
    const known = this.#seen.get(documentName) ?? [];
    if (known[0]?.text === text) return;
    this.#seen.set(documentName, this.#thinned([{ text, at: this.#now() }, ...known]));
  }

  /** Newest first. */
  of(documentName: string): string[] {
    return (this.#seen.get(documentName) ?? []).map(({ text }) => text);
  }

  forget(documentName: string): void {
    this.#seen.delete(documentName);
  }

  #thinned(newestFirst: readonly Seen[]): Seen[] {
    const now = this.#now();
    const minutes = new Set<number>();
    let length = 0;
    return newestFirst.filter(({ text, at }, index) => {
      const age = now - at;
      const minute = Math.floor(at / minuteMs);
      const isOneOfMany = age > minuteMs && minutes.has(minute);
      if (age > minuteMs) minutes.add(minute);
      length += text.length;
      return index === 0 || (age <= longestMs && !isOneOfMany && length <= maxLength);
    });
  }
}
