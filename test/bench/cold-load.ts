/**
 * A 500 KB document that nobody has open: how long until the first client has it?
 *
 * The client has been seen before (it has another document open), so the row tells what loading costs,
 * not what CivicPress takes to validate a token.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LightClient, median, type ServerProcess } from './measure.ts';

export async function coldLoad(
  server: ServerProcess,
  documentNames: readonly string[],
  known: string,
  token: string,
) {
  const other = await LightClient.join(server.port, known, token);
  const loadsMs: number[] = [];
  for (const documentName of documentNames) {
    const startedAt = performance.now();
    const client = await LightClient.join(server.port, documentName, token);
    loadsMs.push(performance.now() - startedAt);
    client.leave();
    // What a load leaves for later (a check, an unload) is not the next load's.
    await delay(400);
  }
  other.leave();
  return { 'cold load of 500 KB, ms': median(loadsMs) };
}
