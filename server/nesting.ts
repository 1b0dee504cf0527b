/**
 * How deep does a value nest? What comes from outside is looked at before anybody walks it recursively.
 */

/** Goes no deeper itself than it asks for. */
export function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => nestsWithin(inner, levels - 1));
}
