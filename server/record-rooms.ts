/**
 * The rooms of records put together: where their documents come from, how each edit is kept, and how it reaches the
 * record.
 */
import type { Hocuspocus } from '@hocuspocus/server';
import { Backlog } from '../extensions/backlog.ts';
import { Cluster } from '../extensions/cluster.ts';
import { ExternalEdits } from '../extensions/external-edits.ts';
import { Features } from '../extensions/features.ts';
import { Journaling } from '../extensions/journaling.ts';
import { Neighbours } from '../extensions/neighbours.ts';
import type { Notices } from '../extensions/notices.ts';
import { Persistence } from '../extensions/persistence.ts';
import type { Presence } from '../extensions/presence.ts';
import type { ReadOnlyRooms } from '../extensions/read-only-rooms.ts';
import { RecordSync } from '../extensions/record-sync.ts';
import { Retirement } from '../extensions/retirement.ts';
import type { Sources } from '../extensions/sources.ts';
import type { StraightEdits } from '../extensions/straight-edits.ts';
import { Writeback } from '../extensions/writeback.ts';
import { usualFeaturesOf } from '../markdown/dialects.ts';
import type { Feature } from '../markdown/index.ts';
import type { ClientOwners } from './client-owners.ts';
import type { Config } from './config.ts';
import { type Converter, WorkerConverter } from './conversion/converter.ts';
import { Documents } from './documents.ts';
import type { Announcer } from './events.ts';
import type { Leases } from './leases.ts';
import { OpeningAnew } from './opening-anew.ts';
import type { Ports } from './outside.ts';
import { onlyWhatARestartNeeds, Retention } from './retention.ts';
import { Rewriting } from './rewriting.ts';
import type { RoomType } from './room-types.ts';
import type { ConnectionContext } from './session.ts';
import { Turns } from './turns.ts';
import { Versions } from './versions.ts';
import { Visits } from './visits.ts';

export interface RecordRoomsOptions {
  readonly config: Config;
  readonly ports: Ports;
  readonly leases: Leases;
  readonly sources: Sources;
  readonly notices: Notices;
  readonly readOnlyRooms: ReadOnlyRooms;
  readonly owners: ClientOwners;
  readonly presence: Presence;
  readonly straightEdits: StraightEdits;
  readonly events: Announcer;
}

export interface RecordRooms {
  readonly roomType: RoomType;
  /** Those that owe something to an edit, in the order in which it meets them. */
  readonly layers: {
    readonly journaling: Journaling;
    readonly persistence: Persistence;
    readonly recordSync: RecordSync;
  };
  readonly openingAnew: OpeningAnew;
  /** What is done with whole documents, on demand. */
  administrationOf(hocuspocus: Hocuspocus<ConnectionContext>): {
    readonly versions: Versions;
    readonly documents: Documents;
    readonly converter: Converter;
  };
  /** Takes up what was owed when the server stopped, and what other nodes leave behind. */
  start(hocuspocus: Hocuspocus<ConnectionContext>): void;
  /** When nothing is owed any more, or it is given up. */
  stop(): Promise<unknown>;
}

/** Under which one process removes old versions for all. */
const sweeping = 'sweeping';

export function composeRecordRooms(options: RecordRoomsOptions): RecordRooms {
  const { config, leases, sources, notices, readOnlyRooms, owners, presence, straightEdits, events } =
    options;
  const { identity, records, journal, ledger, snapshots, bus, log } = options.ports;
  const { dialect } = config.document;
  const features = (config.document.features ?? usualFeaturesOf(dialect)) as Feature[];
  const converter = new WorkerConverter({
    markdown: { dialect, features },
    deadlineMs: config.document.conversion_ms,
  });

  const turns = new Turns();
  const retries = { retryMinMs: config.saving.retry_min_ms, retryMaxMs: config.saving.retry_max_ms };
  const keeps = (documentName: string) => leases.holds(documentName);
  const backlog = new Backlog({ maxBytes: config.limits.unsaved_bytes, readOnlyRooms, log });
  const journaling = new Journaling({
    journal,
    sources,
    notices,
    backlog,
    ...retries,
    onBegunAnew: (documentName) => void cluster.openAnew(documentName, 'document-replaced'),
    log,
  });
  const retirement = new Retirement({
    readOnlyRooms,
    notices,
    keepSafe: (documentName) => persistence.snapshotNow(documentName),
    log,
  });
  const recordSync = new RecordSync({
    records,
    ledger,
    sources,
    notices,
    retirement,
    converter,
    turns,
    keeps,
    askKeeper: (documentName) => neighbours?.check(documentName),
    durable: (documentName) => journaling.durable(documentName),
    pauseMs: config.writeback.after_ms,
    atLatestMs: config.writeback.at_latest_ms,
    draftsPerMinute: config.writeback.drafts_per_minute,
    ...retries,
    events,
    log,
  });
  const retention = new Retention({
    snapshots,
    rule: config.snapshots.enabled
      ? {
          keepNewest: config.snapshots.keep_newest,
          keepHourlyHours: config.snapshots.keep_hourly_hours,
          keepDailyDays: config.snapshots.keep_daily_days,
        }
      : onlyWhatARestartNeeds,
    events,
    log,
    sweepEveryMs: 3_600_000,
    sweeps: () => leases.holds(sweeping),
  });
  const persistence = new Persistence({
    snapshots,
    retention,
    journal,
    ledger,
    records,
    sources,
    owners,
    notices,
    converter,
    events,
    keeps,
    intervalMs: config.snapshots.interval * 1_000,
    maxUpdates: config.snapshots.max_updates,
    ...retries,
    log,
  });
  const writeback = new Writeback({
    recordSync,
    ledger,
    sources,
    leases,
    retryMaxMs: retries.retryMaxMs,
    log,
  });
  const layers = { journaling, persistence, recordSync };
  const openingAnew = new OpeningAnew({ ...layers, log });
  const cluster = new Cluster({
    journal,
    ledger,
    leases,
    sources,
    owners,
    persistence,
    recordSync,
    openingAnew,
  });

  const neighbours = bus
    ? new Neighbours({ bus, presence, notices, retirement, recordSync, keeps, log })
    : null;
  const roomType: RoomType = {
    name: 'record',
    hasIds: true,
    accessTo: (recordId, credentials) => identity.accessTo(recordId, credentials),
    // The order counts: what a later one looks up an earlier one has put there.
    extensions: [
      // Does this editor know all that a document may hold?
      new Features({ configured: features, mustAnnounce: config.document.require_announcement }),
      // Which way do edits come in?
      straightEdits,
      // What do other nodes do in this room?
      ...(journal.isShared ? [cluster] : []),
      // Who is in it there, and what is it told?
      ...(neighbours ? [neighbours] : []),
      // Is this edit on stable storage? Only then does its author hear that it is saved.
      journaling,
      // Where does a document come from, and when does its journal become a snapshot?
      persistence,
      // Did the record change outside meanwhile?
      new ExternalEdits({ sources, recordSync, pollMs: config.external_edits.poll_seconds * 1_000 }),
      // Is there still a record to edit?
      retirement,
      // When does the record's draft change?
      writeback,
      // What does the room hear from the server?
      notices,
    ],
  };

  return {
    roomType,
    layers,
    openingAnew,
    administrationOf(hocuspocus) {
      const visits = new Visits({ hocuspocus, claim: (documentName) => leases.claim(documentName) });
      const rewriting = new Rewriting({ hocuspocus, ledger, sources, ...layers, notices });
      const shared = { visits, rewriting, converter, snapshots, persistence, owners, turns, log };
      const maxDocumentBytes = config.limits.document_bytes;
      return {
        versions: new Versions({ ...shared, hocuspocus, notices, events }),
        documents: new Documents({ ...shared, readOnlyRooms, maxDocumentBytes }),
        converter,
      };
    },
    start(hocuspocus) {
      // The first record is not to wait until the thread has begun.
      void converter.seed('', 'warm-up').catch(() => undefined);
      leases.start((documentNames) => void writeback.takeUp(hocuspocus, documentNames));
      void writeback.resume(hocuspocus);
      leases.want(sweeping, async () => undefined);
      retention.start();
    },
    stop: () => Promise.allSettled([retention.stop(), snapshots.close(), journal.close(), converter.close()]),
  };
}
