/**
 * Ends the server without losing an edit: stop taking edits, save what came, close.
 *
 * Hocuspocus' own `destroy()` waits for ever while a store fails and closes no socket, so the order is ours.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Hocuspocus } from '@hocuspocus/server';
import type { Persistence } from '../extensions/persistence.ts';
import type { RecordSync } from '../extensions/record-sync.ts';
import type { Gateway } from './gateway.ts';
import type { ConnectionContext } from './session.ts';

export interface ShutDownOptions {
  readonly gateway: Gateway;
  readonly hocuspocus: Hocuspocus<ConnectionContext>;
  readonly persistence: Persistence;
  readonly recordSync: RecordSync;
  readonly deadlineMs: number;
}

/** How long clients may take to answer the closing of their sockets. */
const closingMs = 1_000;

/** Pause between two looks at what is still open or owed. */
const pollMs = 20;

/** Resolves, at the deadline at the latest, with the names of the documents that are not saved. */
export async function shutDown(options: ShutDownOptions): Promise<string[]> {
  const { gateway, hocuspocus, persistence, recordSync, deadlineMs } = options;
  const deadline = performance.now() + deadlineMs;
  const isTimeLeft = () => performance.now() < deadline;
  const inTime = (work: Promise<unknown>[]) =>
    Promise.race([
      Promise.allSettled(work),
      delay(Math.max(0, deadline - performance.now()), undefined, { ref: false }),
    ]);

  const connections = [...hocuspocus.documents.values()].flatMap((document) => document.getConnections());
  gateway.close();
  const closedBy = performance.now() + Math.min(closingMs, deadlineMs);
  while (gateway.socketCount > 0 && performance.now() < closedBy) await delay(pollMs);
  gateway.terminate();
  await inTime(connections.map((connection) => connection.waitForPendingMessages()));

  // What waits for a pause in typing is stored at once; what failed before is tried once more at once,
  // and from then on at its own pace.
  const { debouncer } = hocuspocus;
  const documentNames = [...hocuspocus.documents.keys()];
  await inTime(documentNames.map(async (name) => debouncer.executeNow(`onStoreDocument-${name}`)));
  await inTime([persistence.drain(), recordSync.drain()]);
  const unsaved = () => documentNames.filter((name) => persistence.owes(name) || recordSync.owes(name));
  while (unsaved().length > 0 && isTimeLeft()) await delay(pollMs);

  await hocuspocus.hooks('onDestroy', { instance: hocuspocus });
  return unsaved();
}
