/**
 * Ends the server without losing an edit: stop taking edits, save what came, close.
 *
 * Hocuspocus' own `destroy()` waits for ever while a store fails and closes no socket, so the order is ours.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Hocuspocus } from '@hocuspocus/server';
import type { Journaling } from '../extensions/journaling.ts';
import type { Persistence } from '../extensions/persistence.ts';
import type { RecordSync } from '../extensions/record-sync.ts';
import type { Gateway } from './gateway.ts';
import type { Logger } from './ports.ts';
import type { ConnectionContext } from './session.ts';

export interface ShutDownOptions {
  readonly gateway: Gateway;
  readonly hocuspocus: Hocuspocus<ConnectionContext>;
  readonly journaling: Journaling;
  readonly persistence: Persistence;
  readonly recordSync: RecordSync;
  readonly log: Logger;
  readonly deadlineMs: number;
}

/** How long clients may take to answer the closing of their sockets. */
const closingMs = 1_000;

/** Pause between two looks at what is still open or owed. */
const pollMs = 20;

/** Resolves, at the deadline at the latest, with the names of the documents that are not saved; the log has why. */
export async function shutDown(options: ShutDownOptions): Promise<string[]> {
  const { gateway, hocuspocus, journaling, persistence, recordSync, log, deadlineMs } = options;
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

  // What waits for its pause begins at once; what failed before is tried once more at once, and from then on at
  // its own pace.
  const layers = { journal: journaling, snapshot: persistence, writeback: recordSync };
  const documentNames = [...hocuspocus.documents.keys()];
  await inTime(Object.values(layers).map((layer) => layer.drain()));
  const owedTo = (documentName: string) =>
    Object.entries(layers).flatMap(([name, layer]) => (layer.owes(documentName) ? name : []));
  const unsaved = () => documentNames.filter((documentName) => owedTo(documentName).length > 0);
  while (unsaved().length > 0 && isTimeLeft()) await delay(pollMs);

  await hocuspocus.hooks('onDestroy', { instance: hocuspocus });
  for (const documentName of unsaved()) {
    const missing = owedTo(documentName);
    const isKept = !missing.includes('journal');
    log.error(
      { documentName, missing },
      isKept
        ? 'stopped before it was saved; the journal has it'
        : 'stopped with edits that could not be stored',
    );
  }
  return unsaved();
}
