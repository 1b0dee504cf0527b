/**
 * Tells from which of several texts another one grew.
 *
 * Who changes a record past the room has read it some time before, and in between the room may have saved: what their
 * text lacks then they have not taken out, they have never seen it.
 */
import { tokensOf } from './tokens.ts';

/** The one that differs in the fewest words; of equals the first. */
export function ancestorOf(text: string, candidates: readonly [string, ...string[]]): string {
  const [first, ...others] = candidates;
  if (others.length === 0) return first;
  const words = countsOf(text);
  let [nearest, fewest] = [first, differences(words, first)];
  for (const candidate of others) {
    if (fewest === 0) break;
    const found = differences(words, candidate);
    if (found < fewest) [nearest, fewest] = [candidate, found];
  }
  return nearest;
}

function wordsOf(text: string): string[] {
  return tokensOf(text).filter((token) => /[\p{L}\p{N}]/u.test(token));
}

function countsOf(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of wordsOf(text)) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** How many words are in one and not in the other. */
function differences(counts: ReadonlyMap<string, number>, other: string): number {
  const left = new Map(counts);
  let missing = 0;
  for (const token of wordsOf(other)) {
    const count = left.get(token) ?? 0;
    if (count === 0) missing += 1;
    else left.set(token, count - 1);
  }
  let remaining = 0;
  for (const count of left.values()) remaining += count;
  return missing + remaining;
}
