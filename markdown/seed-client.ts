/**
 * By which client a seed was written: one whose id no editor has.
 */

/** Yjs draws the client ids of editors below this. */
export const firstSeedClientId = 2 ** 32;

/** Whether what this client wrote came from a seed, and from no editor. */
export function isSeedClientId(clientId: number): boolean {
  return clientId >= firstSeedClientId;
}
