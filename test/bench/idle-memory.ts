/**
 * 1,000 viewers who do nothing in one room: how much memory does each of them hold?
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LightClient, type ServerProcess } from './measure.ts';

const connections = 1_000;
const atOnce = 50;

export async function idleMemory(server: ServerProcess, documentName: string, token: string) {
  // What the first connections load once is no part of what one more costs.
  const clients = await join(server, documentName, token, atOnce);
  await delay(300);
  const before = await server.stats();
  while (clients.length < connections + atOnce) {
    clients.push(...(await join(server, documentName, token, atOnce)));
  }
  await delay(1_000);
  const after = await server.stats();
  for (const client of clients) client.leave();
  return { 'memory per idle connection, KB': (after.rssBytes - before.rssBytes) / 1_024 / connections };
}

function join(
  server: ServerProcess,
  documentName: string,
  token: string,
  count: number,
): Promise<LightClient[]> {
  return Promise.all(Array.from({ length: count }, () => LightClient.join(server.port, documentName, token)));
}
