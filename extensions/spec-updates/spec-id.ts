/**
 * What the id of a spec tells: `E13-F01` is part of `E13`, unless its file says otherwise.
 */

/** Letters, digits, ".", "_" and "-". */
export const specIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** `null` when it is part of nothing. */
export function parentInId(id: string): string | null {
  return /^(.+)-[A-Z]+\d+$/.exec(id)?.[1] ?? null;
}
