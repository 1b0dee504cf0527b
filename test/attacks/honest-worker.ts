/**
 * Somebody who types ten keys a second in a room of their own, in a thread of their own: what they wait is the
 * server's doing and not that of the attackers.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Clerk, type ClerkOptions } from '../helpers/clerk.ts';

const keyEveryMs = 100;

const clerk = new Clerk(workerData as ClerkOptions);
await (await clerk.synced()).saved();

/** When each edit that is not acknowledged yet was typed; oldest first. */
const typedAt: number[] = [];
let latenciesMs: number[] = [];
let unsynced = 0;
let isTyping = true;
clerk.provider.on('unsyncedChanges', ({ number }: { number: number }) => {
  if (number < unsynced) {
    const at = typedAt.shift();
    if (at !== undefined) latenciesMs.push(performance.now() - at);
  }
  unsynced = number;
});

parentPort?.on('message', (message: 'figures' | 'stop') => {
  if (message === 'stop') isTyping = false;
  const oldest = typedAt[0];
  // One that is still waited for counts with what it has waited so far.
  const figures = oldest === undefined ? latenciesMs : [...latenciesMs, performance.now() - oldest];
  parentPort?.postMessage({ latenciesMs: figures, text: clerk.text, closeCodes: clerk.closeCodes });
  latenciesMs = [];
});
parentPort?.postMessage('ready');

for (let key = 0; isTyping; key += 1) {
  typedAt.push(performance.now());
  clerk.type('Honest', key % 6 === 5 ? ' ' : 'o');
  await delay(keyEveryMs);
}
clerk.leave();
