/**
 * Ids of entries in a Redis Stream, `<milliseconds>-<number>`, as positions in a journal.
 */
import type { Position } from '../../server/ports.ts';

/** Whether `one` stands behind `other`; everything stands behind `null`. */
export function isBehind(one: Position, other: Position | null): boolean {
  if (other === null) return true;
  const [ms, sequence] = partsOf(one);
  const [otherMs, otherSequence] = partsOf(other);
  return ms === otherMs ? sequence > otherSequence : ms > otherMs;
}

/** The first id that may stand behind this one. */
export function idBehind(position: Position): string {
  const [ms, sequence] = partsOf(position);
  return `${ms}-${sequence + 1}`;
}

function partsOf(position: Position): [ms: number, sequence: number] {
  const [ms, sequence] = position.split('-');
  return [Number(ms), Number(sequence)];
}
