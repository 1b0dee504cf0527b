/**
 * The spec feed as the document `spec-updates`: for every Yjs client, and without a line of code of our own there.
 *
 * - `specs`, a Y.Map: every spec as it is now, id → metadata
 * - `events`, a Y.Array: the newest changes, oldest first, without the metadata, which are in `specs`
 *
 * Nobody but the server writes into it. Changes are gathered for a moment, so that many are one update.
 */
import { setImmediate } from 'node:timers/promises';
import {
  type afterUnloadDocumentPayload,
  type beforeSyncPayload,
  type Document,
  type Extension,
  OutgoingMessage,
  type onLoadDocumentPayload,
} from '@hocuspocus/server';
import { messageYjsSyncStep1 } from 'y-protocols/sync';
import { decodeStateVector } from 'yjs';
import { errors, RealtimeError } from '../../server/errors.ts';
import type { ConnectionContext } from '../../server/session.ts';
import type { BatchedChange, SpecEvent, SpecMetadata } from './events.ts';
import type { SpecFeed, Subscription } from './feed.ts';
import { beginAnew, deletionOf, isPlausible, takeOver, tell } from './fresh-document.ts';

/** An entry of `events`. */
export interface SpecEntry {
  readonly event: BatchedChange['event'];
  readonly id: string;
  /** As in `spec.updated`. */
  readonly changes?: readonly string[];
  readonly timestamp: string;
  readonly eventId: string | null;
}

/** Changes are gathered for so long. */
const gatherMs = 50;

/** So many changes at most in one update: more would hold up everything else. */
const maxPerUpdate = 1_000;

/** `events` holds at most so many, and at least half of them once there were that many. */
const maxEntries = 200;

/** What a value or an entry that is gone leaves behind, and about what an entry takes, in bytes of the encoded document. */
const traceBytes = 12;
const entryBytes = 100;

/** The traces may have this share of what the document says before it begins anew. */
const maxTraceShare = 0.75;
const minTraceBytes = 2_048;

/** Clients that a document may come back with: one for each time that it began anew while it was followed. */
const maxForeignClients = 10_000;

/** Not more often: the ids that are used up are not to run ahead of the clock. */
const anewEveryMs = 250;

/** For a newcomer's sake it begins anew this seldom: everybody gets all of it then. */
const outbidEveryMs = 10_000;

/** The document while it is open. */
interface Open {
  readonly document: Document;
  subscription: Subscription | undefined;
  /** What is not in the document yet; `null` for what is gone. */
  readonly pending: Map<string, SpecMetadata | null>;
  entries: SpecEntry[];
  timer: NodeJS.Timeout | undefined;
  /** Clients of before, with their clocks, whose words go when all is there anew. */
  readonly before: Map<number, number>;
  /** How many values were replaced since it began. */
  traces: number;
  /** Whether the folder was read anew while it was being opened. */
  isOutdated: boolean;
  /** When that was, in monotonic ms. */
  begunAt: number;
  /** About what each spec takes, in bytes, and all of them. */
  readonly sizes: Map<string, number>;
  liveBytes: number;
}

export class SpecDocument implements Extension<ConnectionContext> {
  readonly #feed: SpecFeed;
  #open: Open | undefined;
  #outbidAt = Number.NEGATIVE_INFINITY;

  constructor(feed: SpecFeed) {
    this.#feed = feed;
  }

  async onLoadDocument({ document }: onLoadDocumentPayload<ConnectionContext>): Promise<void> {
    const open: Open = {
      document,
      subscription: undefined,
      pending: new Map(),
      entries: [],
      timer: undefined,
      before: new Map(),
      traces: 0,
      isOutdated: false,
      begunAt: performance.now(),
      sizes: new Map(),
      liveBytes: 0,
    };
    const { eventId, oldest } = this.#feed.current();
    open.subscription = this.#feed.subscribe({
      // What is kept of the past makes the first entries.
      from: eventId.replace(/\d+$/, String(oldest)),
      maxPerSecond: 1_000,
      isOurs: true,
      onEvent: (event) => this.#take(open, event),
    });
    takeOver(document);
    this.#askForAll(open);
    // Nobody sees it before all is there; meanwhile others have their turn.
    for (this.#write(open); open.pending.size > 0; this.#write(open)) await setImmediate();
    this.#open = open;
    if (open.isOutdated) this.#beginAnew(open);
  }

  /** Who comes with what another life of the server said is told to forget it. */
  async beforeSync({
    connection,
    document,
    type,
    payload,
  }: beforeSyncPayload<ConnectionContext>): Promise<void> {
    if (type !== messageYjsSyncStep1) return;
    const known = decodeStateVector(payload);
    known.delete(document.clientID);
    if (known.size === 0) return;
    const newest = Math.max(...known.keys().take(maxForeignClients));
    // Words of a larger client would win over ours, and then be deleted: what ours stood for would be missing there.
    if (newest > document.clientID) this.#outbid(newest);
    if (newest > document.clientID || known.size > maxForeignClients) {
      const { reason } = errors['document-replaced'];
      const refusal = new OutgoingMessage(connection.messageAddress).writePermissionDenied(reason);
      connection.send(refusal.toUint8Array());
      throw new RealtimeError('document-replaced', { context: { documentName: document.name } });
    }
    const deletion = new OutgoingMessage(connection.messageAddress).createSyncMessage();
    connection.send(deletion.writeUpdate(deletionOf(known)).toUint8Array());
  }

  async afterUnloadDocument(_payload: afterUnloadDocumentPayload): Promise<void> {
    this.#close();
  }

  async onDestroy(): Promise<void> {
    this.#close();
  }

  /** Begins anew for whoever comes from another node, or from before the clock was set back. */
  #outbid(clientId: number): void {
    const now = performance.now();
    if (!this.#open || !isPlausible(clientId) || now - this.#outbidAt < outbidEveryMs) return;
    this.#outbidAt = now;
    this.#beginAnew(this.#open, clientId);
  }

  #close(): void {
    this.#open?.subscription?.unsubscribe();
    clearTimeout(this.#open?.timer);
    this.#open = undefined;
  }

  #take(open: Open, event: SpecEvent): void {
    const { timestamp, eventId } = event.data;
    if (event.event === 'specs.reset') {
      // The folder was read for the first time: what was told before does not count.
      open.entries = [];
      if (this.#open === open) this.#beginAnew(open);
      else open.isOutdated = true;
      return;
    }
    const changes =
      event.event === 'specs.batch' ? event.data.changes : [{ ...event.data, event: event.event }];
    for (const change of changes as BatchedChange[]) {
      const { event: name, id } = change;
      open.pending.set(id, 'metadata' in change ? change.metadata : null);
      const fields = 'changes' in change ? { changes: change.changes } : {};
      open.entries.push({ event: name, id, ...fields, timestamp, eventId });
    }
    open.entries.splice(0, open.entries.length - maxEntries);
    if (this.#open === open) this.#flushSoon(open);
  }

  #flushSoon(open: Open): void {
    open.timer ??= setTimeout(() => {
      open.timer = undefined;
      if (this.#open === open) this.#flush(open);
    }, gatherMs);
    open.timer.unref();
  }

  #flush(open: Open): void {
    this.#write(open);
    if (open.pending.size === 0 && open.before.size > 0) {
      tell(open.document, deletionOf(open.before));
      open.before.clear();
    }
    const liveBytes = open.liveBytes + open.document.getArray('events').length * entryBytes;
    const mostTraces = Math.max(minTraceBytes, liveBytes * maxTraceShare) / traceBytes;
    const isDue = open.traces > mostTraces;
    const mayBegin = performance.now() - open.begunAt >= anewEveryMs;
    if (isDue && mayBegin) this.#beginAnew(open);
    if (open.pending.size > 0 || (isDue && !mayBegin)) this.#flushSoon(open);
  }

  /** Writes as much as one update may hold. */
  #write(open: Open): void {
    open.document.transact(() => {
      const specs = open.document.getMap<SpecMetadata>('specs');
      for (const [id, metadata] of open.pending.entries().take(maxPerUpdate)) {
        open.pending.delete(id);
        if (specs.has(id)) open.traces += 1;
        if (metadata) specs.set(id, metadata);
        else specs.delete(id);
        this.#measure(open, id, metadata);
      }
      // Entries name what is in `specs` already.
      if (open.pending.size === 0) this.#enter(open);
    });
  }

  /** The newest entries are in the document, and not many older ones. */
  #enter(open: Open): void {
    const events = open.document.getArray<SpecEntry>('events');
    events.push(open.entries);
    open.entries = [];
    if (events.length <= maxEntries) return;
    const excess = events.length - maxEntries / 2;
    events.delete(0, excess);
    open.traces += excess;
  }

  #beginAnew(open: Open, others?: number): void {
    const events = open.document.getArray<SpecEntry>('events').toArray();
    open.entries = [...events, ...open.entries].slice(-maxEntries);
    open.sizes.clear();
    open.liveBytes = 0;
    open.traces = 0;
    open.begunAt = performance.now();
    const [client, clock] = beginAnew(open.document, others);
    if (clock > 0) open.before.set(client, clock);
    this.#askForAll(open);
    this.#flush(open);
  }

  /** All of it is to be written. */
  #askForAll(open: Open): void {
    open.pending.clear();
    for (const [id, metadata] of this.#feed.current().specs) open.pending.set(id, metadata);
  }

  #measure(open: Open, id: string, metadata: SpecMetadata | null): void {
    const size = metadata ? JSON.stringify(metadata).length : 0;
    open.liveBytes += size - (open.sizes.get(id) ?? 0);
    if (metadata) open.sizes.set(id, size);
    else open.sizes.delete(id);
  }
}
