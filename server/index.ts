/**
 * The public API of the package: what it takes to run the server inside another program.
 *
 * @example
 * const config = loadConfig(yaml, process.env);
 * const civicpress = connectCivicPress({ url, service, timeoutMs: 3_000, cacheMs: 60_000, forwardAddress: false });
 * const journal = await openSqliteJournal('data/journal.sqlite');
 * const snapshots = await openSqliteSnapshots('data/snapshots.sqlite');
 * const server = compose(config, { ...civicpress, journal, ledger: journal, snapshots, log });
 * await server.start();
 */

export { openSqliteJournal } from '../extensions/journal/sqlite.ts';
export type { RecheckResult } from '../extensions/rights.ts';
export { NoSnapshotRoute, openCivicPressSnapshots } from '../extensions/snapshot-stores/civicpress-api.ts';
export { openFilesystemSnapshots } from '../extensions/snapshot-stores/filesystem.ts';
export { openPostgresSnapshots, type PostgresOptions } from '../extensions/snapshot-stores/postgres.ts';
export { openSqliteSnapshots } from '../extensions/snapshot-stores/sqlite.ts';
export type { SpecEvent, SpecEventName, SpecMetadata } from '../extensions/spec-updates/events.ts';
export type { SpecFilter } from '../extensions/spec-updates/filter.ts';
export { openAdminPage } from './admin-page.ts';
export { BegunAnew } from './begun-anew.ts';
export { type CivicPress, type CivicPressOptions, connectCivicPress } from './civicpress/http.ts';
export {
  type ComposeOptions,
  compose,
  type RealtimeServer,
  type RoomSummary,
} from './compose.ts';
export { type Config, ConfigError, loadConfig } from './config.ts';
export { type DocumentName, documentNameOf, parseDocumentName, recordIdOf } from './document-name.ts';
export { type ErrorCode, errors, RealtimeError } from './errors.ts';
export { type EventData, type EventName, eventNames, eventSchemas } from './events.ts';
export type { Leases } from './leases.ts';
export { createLog } from './log.ts';
export type { Ports } from './outside.ts';
export type {
  Access,
  Contributor,
  Credentials,
  Events,
  Follower,
  Identity,
  Journal,
  JournalContent,
  JournalEntry,
  Ledger,
  LedgerEntry,
  Logger,
  NewJournalEntry,
  Pace,
  Position,
  Records,
  RecordText,
  Revocation,
  Snapshot,
  SnapshotInfo,
  SnapshotStore,
  User,
} from './ports.ts';
export { openRedisNode, type RedisNode, type RedisNodeOptions } from './redis/node.ts';
export { RevisionTaken } from './revision-taken.ts';
export type { RoomType } from './room-types.ts';
export type { ConnectionContext } from './session.ts';
export {
  decodeSnapshot,
  encodeSnapshot,
  SnapshotDamaged,
  UnknownSnapshotFormat,
} from './snapshot-format.ts';
export { openSpans } from './tracing/open-telemetry.ts';
export type { Span, SpanDetails, Spans } from './tracing/spans.ts';
export { openWebhooks } from './webhooks/open.ts';
