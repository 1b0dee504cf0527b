/**
 * The composition root: every part of the server, in the order in which an edit meets it.
 *
 * What comes from outside (CivicPress, the snapshot store, the log) is handed in; nothing here reads the
 * environment. Building is apart from listening: `start()` opens the port, `stop()` closes it and saves.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger as HocuspocusLog } from '@hocuspocus/extension-logger';
import { Hocuspocus } from '@hocuspocus/server';
import type { FastifyPluginAsync } from 'fastify';
import { Acknowledging } from '../extensions/acknowledging.ts';
import { Auth } from '../extensions/auth.ts';
import { Cluster } from '../extensions/cluster.ts';
import { ExternalEdits } from '../extensions/external-edits.ts';
import { FanOut } from '../extensions/fan-out.ts';
import { Features } from '../extensions/features.ts';
import { Guard } from '../extensions/guard.ts';
import { guarded } from '../extensions/guarded.ts';
import { Hooks } from '../extensions/hooks.ts';
import { Joining } from '../extensions/joining.ts';
import { Journaling } from '../extensions/journaling.ts';
import { Limits } from '../extensions/limits.ts';
import { Neighbours } from '../extensions/neighbours.ts';
import { Notices } from '../extensions/notices.ts';
import { Persistence } from '../extensions/persistence.ts';
import { Presence } from '../extensions/presence.ts';
import { RecordSync } from '../extensions/record-sync.ts';
import { Retirement } from '../extensions/retirement.ts';
import { type RecheckResult, Rights } from '../extensions/rights.ts';
import { Rooms } from '../extensions/rooms.ts';
import { Sources } from '../extensions/sources.ts';
import type { SpecFeed } from '../extensions/spec-updates/feed.ts';
import { Writeback } from '../extensions/writeback.ts';
import { usualFeaturesOf } from '../markdown/dialects.ts';
import type { Feature } from '../markdown/index.ts';
import { type AdminOptions, adminRoutes } from './admin.ts';
import { Callers } from './caller.ts';
import { ClientOwners } from './client-owners.ts';
import type { Config } from './config.ts';
import { WorkerConverter } from './conversion/converter.ts';
import { Entrance } from './entrance.ts';
import { announcerTo } from './events.ts';
import { Excess } from './excess.ts';
import { Gateway } from './gateway.ts';
import { HeadCount } from './head-count.ts';
import { createHttp } from './http.ts';
import { type Leases, LocalLeases } from './leases.ts';
import type { NodeBus } from './node-bus.ts';
import { OpenRooms, type RoomSummary } from './open-rooms.ts';
import type { Metrics } from './operations/metrics.ts';
import { Operations } from './operations/operations.ts';
import type {
  Events,
  Identity,
  Journal,
  Ledger,
  Logger,
  Records,
  Revocation,
  SnapshotStore,
} from './ports.ts';
import { onlyWhatARestartNeeds, Retention } from './retention.ts';
import { type RoomType, RoomTypes } from './room-types.ts';
import type { ConnectionContext } from './session.ts';
import { SharedRevocations } from './shared-revocations.ts';
import { shutDown } from './shutdown.ts';
import { composeSpecUpdates } from './spec-updates.ts';
import { Turns } from './turns.ts';
import { Versions } from './versions.ts';

export interface Ports {
  readonly identity: Identity;
  readonly records: Records;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly snapshots: SnapshotStore;
  /** Of documents, and of what one process does for all; without them this process is the only one. */
  readonly leases?: Leases;
  /** To the other nodes, when there are some. */
  readonly bus?: NodeBus;
  /** Nobody hears them when there is none. */
  readonly events?: Events;
  /** What the admin routes show of them; none are configured when unset. */
  readonly webhooks?: AdminOptions['webhooks'];
  readonly log: Logger;
}

const unheard: Events = { emit: () => undefined };

export type { RoomSummary };

export interface ComposeOptions {
  /** Further HTTP routes, such as the demo's pages; they may look at the open rooms. */
  readonly pages?: (rooms: () => RoomSummary[]) => FastifyPluginAsync;
  /** Where specs are published by somebody else than the watcher of `specs.folder`. */
  readonly specs?: SpecFeed;
  /** Rooms of your own, beside those of records. */
  readonly roomTypes?: readonly RoomType[];
}

export interface RealtimeServer {
  readonly hocuspocus: Hocuspocus<ConnectionContext>;
  /** Opens the port and resolves with its address, such as `http://127.0.0.1:3001`. */
  start(): Promise<string>;
  /** Resolves with the documents that could not be saved in time; they are named in the log as well. */
  stop(): Promise<string[]>;
  rooms(): RoomSummary[];
  readonly openRooms: OpenRooms;
  /** What `/metrics` shows; whoever owns the process adds what Node knows of it. */
  readonly metrics: Metrics;
  /**
   * Somebody's rights have changed: what is believed of them is forgotten, and CivicPress is asked at once about
   * everybody whom it concerns. Who may still be here stays. With several nodes each does so; the result is of this one.
   */
  revoke(revocation: Revocation): Promise<RecheckResult>;
}

/** How long a stop waits for what it closes behind it, when everything is saved or given up. */
const closingMs = 2_000;

/** Under which one process removes old versions for all. */
const sweeping = 'sweeping';

export function compose(config: Config, ports: Ports, options: ComposeOptions = {}): RealtimeServer {
  const { log } = ports;
  // What operators see of all that follows.
  const operations = new Operations({
    sights: { sockets: () => gateway.socketCount, rooms: () => openRooms.list() },
    metricsToken: config.metrics.token,
    log,
  });
  const { identity, records, journal, ledger, snapshots } = operations.watching(ports);
  const leases = ports.leases ?? new LocalLeases();
  const events = operations.counting(announcerTo(ports.events ?? unheard, log));
  const { dialect } = config.document;
  const features = (config.document.features ?? usualFeaturesOf(dialect)) as Feature[];
  const converter = new WorkerConverter({
    markdown: { dialect, features },
    deadlineMs: config.document.conversion_ms,
  });

  // What each document grew from, what its room is told, and the job that keeps it in step with its record.
  const sources = new Sources();
  const notices = new Notices(sources, events);
  const owners = new ClientOwners();
  const turns = new Turns();
  const retries = { retryMinMs: config.saving.retry_min_ms, retryMaxMs: config.saving.retry_max_ms };
  const keeps = (documentName: string) => leases.holds(documentName);
  const journaling = new Journaling({
    journal,
    sources,
    notices,
    ...retries,
    onBegunAnew: (documentName) => void cluster.openAnew(documentName, 'document-replaced'),
    log,
  });
  const retirement = new Retirement({
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
  const cluster = new Cluster({ journal, ledger, leases, sources, owners, ...layers, log });

  const rooms = new Rooms({
    maxRooms: config.rooms.max_rooms,
    graceMs: config.rooms.cleanup_timeout * 1_000,
  });
  const presence = new Presence({
    updatesPerSecond: config.presence.updates_per_second,
    idleMs: config.presence.idle_seconds * 1_000,
    owners,
    log,
  });
  const neighbours = ports.bus
    ? new Neighbours({ bus: ports.bus, presence, notices, recordSync, keeps, log })
    : null;
  // In each list the order counts: what a later one looks up an earlier one has put there.
  const recordRooms: RoomType = {
    name: 'record',
    hasIds: true,
    accessTo: (recordId, credentials) => identity.accessTo(recordId, credentials),
    extensions: [
      // Does this editor know all that a document may hold?
      new Features({ configured: features, mustAnnounce: config.document.require_announcement }),
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
  const entrance = new Entrance({
    allowedOrigins: config.security.allowed_origins,
    trustedProxies: config.security.trusted_proxies,
  });
  const visitors = new HeadCount();
  // Which specs are there, and who is told when they change?
  const specs = composeSpecUpdates({ config, feed: options.specs, identity, entrance, visitors, log });
  if (specs) operations.showSpecs(specs.feed.statistics);
  const roomTypes = new RoomTypes([
    recordRooms,
    ...(specs ? [specs.roomType] : []),
    ...(options.roomTypes ?? []),
  ]);
  const excess = new Excess(config.rate_limiting.excess_per_hour);
  const rights = new Rights({
    identity,
    roomTypes,
    notices,
    recheckMs: config.auth.recheck_seconds * 1_000,
    staleMs: config.auth.stale_seconds * 1_000,
    events,
    log,
  });
  const extensions = [
    // Who is this, and what may they do here, now and later?
    new Auth(rights),
    // Is there room for one more?
    new Limits({
      connectionsPerUser: config.rate_limiting.connections_per_user,
      connectionsPerDocument: config.rate_limiting.connections_per_document,
      excess,
    }),
    // May this update touch this document?
    new Guard({
      maxDocumentBytes: config.limits.document_bytes,
      owners,
      clientsOf: (connection) => presence.clientsOf(connection),
      events,
    }),
    // Who is here, and where are their cursors?
    presence,
    // How many documents are open, and how long does one stay?
    rooms,
    // What is the acknowledgement of this message for?
    new Acknowledging(),
    // Where does this type of document come from, and where does it go?
    ...roomTypes.extensions(),
    // Who comes in with nothing, and what are they given?
    new Joining(),
    // Who hears of this edit, and how soon?
    new FanOut(),
    // Who comes and goes? CivicPress hears of it.
    new Hooks(events),
    // What does Hocuspocus itself have to say?
    new HocuspocusLog({ log: (message: string) => log.debug({}, message), onChange: false }),
  ];

  const hocuspocus = new Hocuspocus<ConnectionContext>({
    extensions: extensions.map((extension) => guarded(extension, log, operations.refused)),
    quiet: true,
    // The gateway counts them, and says so; as many again may be talked to before a token came.
    maxPendingDocuments: 2 * config.rate_limiting.documents_per_socket,
  });

  const gateway = new Gateway({
    hocuspocus,
    roomTypes,
    presence,
    path: config.path,
    allowTokenInQuery: config.auth.token_in_query,
    maxFrameBytes: config.limits.frame_bytes,
    entrance,
    visitors,
    maxSockets: config.rate_limiting.connections,
    maxSocketsPerAddress: config.rate_limiting.connections_per_ip,
    authenticationMs: config.limits.authentication_seconds * 1_000,
    maxBytesBeforeAuthentication: config.limits.unauthenticated_bytes,
    maxBytesBeforeAuthenticationInAll: config.limits.unauthenticated_bytes_in_all,
    messagesPerSecond: config.rate_limiting.messages_per_second,
    excess,
    maxDocumentsPerSocket: config.rate_limiting.documents_per_socket,
    maxBufferedBytes: config.limits.buffered_bytes,
    pingEveryMs: config.limits.ping_seconds * 1_000,
    whenDurable: operations.timing((documentName, then) => journaling.whenDurable(documentName, then)),
    traffic: operations.traffic,
    log,
  });

  const openRooms = new OpenRooms({ hocuspocus, rooms, journaling, persistence, recordSync });

  const httpServer = createServer();
  const versions = new Versions({
    hocuspocus,
    snapshots,
    ledger,
    sources,
    converter,
    journaling,
    persistence,
    recordSync,
    notices,
    owners,
    events,
    turns,
    claim: (documentName) => leases.claim(documentName),
    log,
  });
  const { token } = config.admin;
  const addressOf = (request: IncomingMessage) => entrance.addressOf(request);
  const callers = new Callers({ identity, adminToken: token, addressOf });
  const revokeHere = async (revocation: Revocation) => {
    const [result] = await Promise.all([rights.revoke(revocation), specs?.revoke(revocation)]);
    return result;
  };
  const shared = ports.bus
    ? new SharedRevocations({ bus: ports.bus, revokeHere, tokensHere: () => rights.tokens(), log })
    : null;
  const revoke = (revocation: Revocation) => shared?.revoke(revocation) ?? revokeHere(revocation);
  const admin = adminRoutes({
    versions,
    rooms: openRooms,
    identity,
    callers,
    revoke,
    token,
    webhooks: ports.webhooks,
  });
  const pages = options.pages?.(() => openRooms.list());
  const plugins = [operations.routes, admin, ...(specs?.plugins ?? []), ...(pages ? [pages] : [])];
  const http = createHttp({ httpServer, plugins, log });

  return {
    hocuspocus,
    rooms: () => openRooms.list(),
    openRooms,
    metrics: operations.metrics,
    revoke,
    async start() {
      await http.ready();
      // The first record is not to wait until the thread has begun.
      void converter.seed('', 'warm-up').catch(() => undefined);
      gateway.attach(httpServer);
      specs?.attach(gateway);
      await new Promise<void>((resolve, reject) => {
        httpServer.once('error', reject);
        httpServer.listen(config.port, config.host ?? '0.0.0.0', resolve);
      });
      leases.start((documentNames) => void writeback.takeUp(hocuspocus, documentNames));
      void writeback.resume(hocuspocus);
      leases.want(sweeping, async () => undefined);
      retention.start();
      specs?.start();
      const { address, port, family } = httpServer.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },
    async stop() {
      operations.stopping();
      shared?.stop();
      const deadlineMs = config.shutdown.deadline_seconds * 1_000;
      specs?.close();
      const unsaved = await shutDown({
        gateway,
        hocuspocus,
        journaling,
        persistence,
        recordSync,
        log,
        deadlineMs,
      });
      await Promise.race([leases.close(unsaved), delay(closingMs, undefined, { ref: false })]);
      // A store that does not answer is not waited for: what counts is on the disk, or named in the log.
      const closing = [http.close(), retention.stop(), snapshots.close(), journal.close(), converter.close()];
      await Promise.race([Promise.allSettled(closing), delay(closingMs, undefined, { ref: false })]);
      return unsaved;
    },
  };
}
