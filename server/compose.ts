/**
 * The composition root: every part of the server, in the order in which an edit meets it.
 *
 * What comes from outside (CivicPress, the snapshot store, the log) is handed in; nothing here reads the
 * environment. Building is apart from listening: `start()` opens the port, `stop()` closes it and saves.
 */
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger as HocuspocusLog } from '@hocuspocus/extension-logger';
import { Hocuspocus } from '@hocuspocus/server';
import type { FastifyPluginAsync } from 'fastify';
import { Acknowledging } from '../extensions/acknowledging.ts';
import { Auth } from '../extensions/auth.ts';
import { FanOut } from '../extensions/fan-out.ts';
import { Guard } from '../extensions/guard.ts';
import { guarded, rejectionOf } from '../extensions/guarded.ts';
import { Hooks } from '../extensions/hooks.ts';
import { Joining } from '../extensions/joining.ts';
import { Limits } from '../extensions/limits.ts';
import { Notices } from '../extensions/notices.ts';
import { Presence } from '../extensions/presence.ts';
import { ReadOnlyRooms } from '../extensions/read-only-rooms.ts';
import { Rights } from '../extensions/rights.ts';
import { Rooms } from '../extensions/rooms.ts';
import { Sources } from '../extensions/sources.ts';
import type { SpecFeed } from '../extensions/spec-updates/feed.ts';
import { StraightEdits } from '../extensions/straight-edits.ts';
import { type Administration, composeAdministration } from './administration.ts';
import { ClientOwners } from './client-owners.ts';
import type { Config } from './config.ts';
import { Entrance } from './entrance.ts';
import { announcerTo } from './events.ts';
import { Excess } from './excess.ts';
import { foreignToRecords } from './foreign-names.ts';
import { Gateway } from './gateway.ts';
import { HeadCount } from './head-count.ts';
import { createHttp } from './http.ts';
import { impatientServer } from './impatient-server.ts';
import { LocalLeases } from './leases.ts';
import { networkOf } from './network.ts';
import { OpenRooms, type RoomSummary } from './open-rooms.ts';
import type { Metrics } from './operations/metrics.ts';
import { Operations } from './operations/operations.ts';
import type { Ports } from './outside.ts';
import type { Events } from './ports.ts';
import { ReadingRooms } from './reading-rooms.ts';
import { composeRecordRooms } from './record-rooms.ts';
import { Rehearsal } from './rehearsal/rehearsal.ts';
import { RequestPace } from './request-pace.ts';
import { type RoomType, RoomTypes } from './room-types.ts';
import type { ConnectionContext } from './session.ts';
import { shutDown } from './shutdown.ts';
import { composeSpecUpdates } from './spec-updates.ts';
import { EditTracing } from './tracing/edit-tracing.ts';

const unheard: Events = { emit: () => undefined };

export type { RoomSummary };

export interface ComposeOptions {
  /** Further HTTP routes, such as the demo's pages; they may look at the open rooms. */
  readonly pages?: (rooms: () => RoomSummary[]) => FastifyPluginAsync;
  /** The page of administrators, as `openAdminPage` gives it. */
  readonly adminPage?: FastifyPluginAsync | null;
  /** Where specs are published by somebody else than the watcher of `specs.folder`. */
  readonly specs?: SpecFeed;
  /** Rooms of your own, beside those of records. */
  readonly roomTypes?: readonly RoomType[];
}

export interface RealtimeServer extends Pick<Administration, 'logLevels' | 'revoke'> {
  readonly hocuspocus: Hocuspocus<ConnectionContext>;
  /** Opens the port and resolves with its address, such as `http://127.0.0.1:3001`. */
  start(): Promise<string>;
  /** Resolves with the documents that could not be saved in time; they are named in the log as well. */
  stop(): Promise<string[]>;
  rooms(): RoomSummary[];
  readonly openRooms: OpenRooms;
  /** What `/metrics` shows; whoever owns the process adds what Node knows of it. */
  readonly metrics: Metrics;
}

/** How long a stop waits for what it closes behind it, when everything is saved or given up. */
const closingMs = 2_000;

export function compose(config: Config, ports: Ports, options: ComposeOptions = {}): RealtimeServer {
  const { log } = ports;
  // What operators see of all that follows.
  const operations = new Operations({
    sights: { sockets: () => gateway.socketCount, rooms: () => openRooms.list() },
    metricsToken: config.metrics.token,
    log,
  });
  const watched = operations.watching(ports);
  const tracing = ports.spans
    ? new EditTracing({ spans: ports.spans, sampleRatio: config.tracing.sample_ratio })
    : null;
  const outside = tracing?.watching(watched) ?? watched;
  const { identity } = outside;
  const leases = ports.leases ?? new LocalLeases();
  const events = operations.counting(announcerTo(ports.events ?? unheard, log));

  // What each document grew from, what its room is told, and who edits in whose name.
  const sources = new Sources();
  const notices = new Notices(sources, events);
  const owners = new ClientOwners();

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
  // Where may nobody edit for now, because of what, and where do operators say so?
  const readOnlyRooms = new ReadOnlyRooms(notices);
  const readingRooms = new ReadingRooms(readOnlyRooms);
  const rehearsal = new Rehearsal();
  const guard = new Guard({
    maxDocumentBytes: config.limits.document_bytes,
    owners,
    clientsOf: (connection) => presence.clientsOf(connection),
    foreignNamesTo: foreignToRecords(config.document.dialect),
    rehearsal,
    events,
  });
  const straightEdits = new StraightEdits({
    guard,
    tracing,
    onRefused: (message, thrown) =>
      rejectionOf('beforeSync', message, thrown, { log, onRefused: operations.refused }),
  });
  // Where does a record's document come from, how is each edit kept, and how does it reach the record?
  const recordRooms = composeRecordRooms({
    config,
    ports: outside,
    leases,
    sources,
    notices,
    readOnlyRooms,
    owners,
    presence,
    straightEdits,
    events,
  });
  const { layers, openingAnew } = recordRooms;
  const entrance = new Entrance({
    allowedOrigins: config.security.allowed_origins,
    trustedProxies: config.security.trusted_proxies,
  });
  const counts = ports.limits?.headCounts;
  const visitors = new HeadCount({ kind: 'address', counts }, networkOf);
  // Which specs are there, and who is told when they change?
  const specs = composeSpecUpdates({
    config,
    feed: options.specs,
    identity,
    entrance,
    visitors,
    counts,
    leases,
    archive: ports.specs,
    log,
  });
  if (specs) operations.showSpecs(specs.feed.statistics);
  const roomTypes = new RoomTypes([
    recordRooms.roomType,
    ...(specs ? [specs.roomType] : []),
    ...(options.roomTypes ?? []),
  ]);
  const excess = new Excess(config.rate_limiting.excess_per_hour, ports.limits);
  const rights = new Rights({
    identity,
    roomTypes,
    notices,
    recheckMs: config.auth.recheck_seconds * 1_000,
    staleMs: config.auth.stale_seconds * 1_000,
    events,
    log,
  });
  // The order counts: what a later one looks up an earlier one has put there.
  const extensions = [
    ...(tracing ? [tracing.first] : []),
    // Who is this, and what may they do here, now and later?
    new Auth(rights),
    // Is there room for one more?
    new Limits({
      connectionsPerUser: config.rate_limiting.connections_per_user,
      connectionsPerDocument: config.rate_limiting.connections_per_document,
      excess,
      counts,
    }),
    // Where may nobody edit for now?
    readOnlyRooms,
    // May this update touch this document?
    guard,
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
    ...(tracing ? [tracing.last] : []),
  ];

  const hocuspocus = new Hocuspocus<ConnectionContext>({
    extensions: extensions.map((extension) => guarded(extension, log, operations.refused)),
    quiet: true,
    // The gateway counts them, and says so; as many again may be talked to before a token came.
    maxPendingDocuments: 2 * config.rate_limiting.documents_per_socket,
  });

  const whenDurable = operations.timing((documentName, then) =>
    openingAnew.whenDurable(hocuspocus, documentName, then),
  );
  const gateway = new Gateway({
    hocuspocus,
    roomTypes,
    presence,
    straightEdits,
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
    whenDurable: tracing?.acknowledging(whenDurable) ?? whenDurable,
    traffic: operations.traffic,
    log,
  });

  const openRooms = new OpenRooms({ hocuspocus, rooms, ...layers });

  const httpServer = impatientServer(config.limits.authentication_seconds * 1_000);
  const administration = composeAdministration({
    config,
    ports: outside,
    hocuspocus,
    entrance,
    rights,
    roomTypes,
    recordRooms,
    specs,
    openRooms,
    readingRooms,
    operations,
  });
  const pages = options.pages?.(() => openRooms.list());
  const { adminPage } = options;
  const plugins = [
    operations.routes,
    administration.routes,
    ...(adminPage ? [adminPage] : []),
    ...(specs?.plugins ?? []),
    ...(pages ? [pages] : []),
  ];
  const pace = new RequestPace({ entrance, socketsPerAddress: config.rate_limiting.connections_per_ip });
  const http = createHttp({ httpServer, plugins, pace, log });

  return {
    hocuspocus,
    rooms: () => openRooms.list(),
    openRooms,
    logLevels: administration.logLevels,
    metrics: operations.metrics,
    revoke: administration.revoke,
    async start() {
      await http.ready();
      gateway.attach(httpServer);
      specs?.attach(gateway);
      await new Promise<void>((resolve, reject) => {
        httpServer.once('error', reject);
        httpServer.listen(config.port, config.host ?? '0.0.0.0', resolve);
      });
      recordRooms.start(hocuspocus);
      specs?.start();
      const { address, port, family } = httpServer.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },
    async stop() {
      operations.stopping();
      administration.stop();
      const deadlineMs = config.shutdown.deadline_seconds * 1_000;
      specs?.close();
      const unsaved = await shutDown({ gateway, hocuspocus, ...layers, log, deadlineMs });
      await Promise.race([leases.close(unsaved), delay(closingMs, undefined, { ref: false })]);
      // A store that does not answer is not waited for: what counts is on the disk, or named in the log.
      const closing = Promise.allSettled([http.close(), recordRooms.stop(), rehearsal.close()]);
      await Promise.race([closing, delay(closingMs, undefined, { ref: false })]);
      return unsaved;
    },
  };
}
