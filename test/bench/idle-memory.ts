/**
 * 1,000 viewers who do nothing in one room: how much memory does each of them hold?
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LightClient, type ServerProcess } from './measure.ts';

const connections = 1_000;
const atOnce = 50;

/** What a server brings into memory once, after its start, is no part of what a connection costs. */
const settleMs = 2_500;

export async function idleMemory(server: ServerProcess, documentName: string, token: string) {
  const clients = await join(server, documentName, token, atOnce);
  await delay(settleMs);
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
