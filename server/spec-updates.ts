/**
 * Puts spec updates together: the folder that is followed, the feed of what changes in it, who may watch, the room
 * `spec-updates`, and the other ways to the same feed.
 */
import type { FastifyPluginAsync } from 'fastify';
import type { SpecArchive } from '../extensions/spec-updates/archive.ts';
import { SpecDocument } from '../extensions/spec-updates/document.ts';
import { SpecFeed } from '../extensions/spec-updates/feed.ts';
import { SpecMessages } from '../extensions/spec-updates/messages.ts';
import { ServerSentEvents } from '../extensions/spec-updates/server-sent-events.ts';
import { SharedSpecs } from '../extensions/spec-updates/shared-specs.ts';
import { SocketIo, socketIoPath } from '../extensions/spec-updates/socket-io.ts';
import { type SpecTarget, SpecWatcher } from '../extensions/spec-updates/watcher.ts';
import { Watchers } from '../extensions/spec-updates/watchers.ts';
import type { Config } from './config.ts';
import type { Entrance } from './entrance.ts';
import type { Gateway } from './gateway.ts';
import { HeadCount } from './head-count.ts';
import type { Leases } from './leases.ts';
import type { Access, Credentials, Identity, Logger, Revocation } from './ports.ts';
import type { RoomType } from './room-types.ts';
import type { SharedHeadCounts } from './shared-limits.ts';

export interface SpecUpdatesOptions {
  readonly config: Config;
  /** Whoever publishes into it does so beside, or in place of, a folder. */
  readonly feed: SpecFeed | undefined;
  readonly identity: Identity;
  readonly entrance: Entrance;
  readonly visitors: HeadCount;
  /** Of all nodes, where there are several. */
  readonly counts: SharedHeadCounts | undefined;
  readonly leases: Leases;
  /** Of all nodes, where there are several: one of them watches the folder. */
  readonly archive: SpecArchive | undefined;
  readonly log: Logger;
}

export interface SpecUpdates {
  readonly roomType: RoomType;
  readonly plugins: readonly FastifyPluginAsync[];
  /** Takes the upgrades of Socket.IO. */
  attach(gateway: Gateway): void;
  /** Follows the folder. Nobody waits for it: until the folder has been read, it looks empty. */
  start(): void;
  /** Somebody's rights have changed: they are asked about at once. */
  revoke(revocation: Revocation): Promise<void>;
  /** Sends everybody away who is not at the gateway; their clients come back. */
  close(): void;
  readonly feed: SpecFeed;
}

const ticketLifetimeMs = 30_000;

/** `null` when there is neither a folder nor a feed. */
export function composeSpecUpdates(options: SpecUpdatesOptions): SpecUpdates | null {
  const { config, identity, entrance, visitors, leases, archive, log } = options;
  const { folder, history: historySize } = config.specs;
  if (folder === undefined && options.feed === undefined) return null;
  const feed = options.feed ?? new SpecFeed({ historySize });
  const watcherTo = (target: SpecTarget) => watcherOf(config.specs, String(folder), target, log);
  const watching = () =>
    // A feed of somebody's own has numbers of its own at each node.
    archive && !options.feed ? new SharedSpecs({ feed, archive, leases, watcherTo, log }) : watcherTo(feed);
  const watcher = folder === undefined ? null : watching();
  const { rate_limiting, limits, auth } = config;

  /** Specs are read by whoever may read records. */
  const accessTo = async (credentials: Credentials): Promise<Access> => {
    const { permissions } = await identity.userOf(credentials);
    return permissions.some((permission) => permission === 'records:view' || permission === '*')
      ? 'read'
      : 'none';
  };
  const watchers = new Watchers({
    identity,
    accessTo,
    visitors,
    users: new HeadCount({ kind: 'watcher', counts: options.counts }),
    maxVisitors: rate_limiting.connections,
    maxVisitorsPerAddress: rate_limiting.connections_per_ip,
    maxWatchersPerUser: rate_limiting.connections_per_user,
    recheckMs: auth.recheck_seconds * 1_000,
    staleMs: auth.stale_seconds * 1_000,
    log,
  });
  const shared = { feed, watchers, entrance, maxBufferedBytes: limits.buffered_bytes };
  const streams = new ServerSentEvents({
    ...shared,
    keepAliveMs: limits.ping_seconds * 1_000,
    ticketLifetimeMs,
  });
  const socketIo = new SocketIo({
    ...shared,
    pingEveryMs: limits.ping_seconds * 1_000,
    authenticationMs: limits.authentication_seconds * 1_000,
    log,
  });
  return {
    roomType: {
      name: 'spec-updates',
      hasIds: false,
      accessTo: (_id, credentials) => accessTo(credentials),
      extensions: [new SpecDocument(feed), new SpecMessages(feed)],
    },
    plugins: [streams.routes, socketIo.routes],
    attach: (gateway) => gateway.delegate(socketIoPath, socketIo.upgrade),
    feed,
    revoke: (revocation) => watchers.revoke(revocation),
    start: () => void watcher?.start(),
    close() {
      void watcher?.stop();
      watchers.close();
      streams.close();
      socketIo.close();
    },
  };
}

function watcherOf(specs: Config['specs'], folder: string, feed: SpecTarget, log: Logger): SpecWatcher {
  return new SpecWatcher({
    folder,
    feed,
    maxFileBytes: specs.file_bytes,
    debounceMs: specs.debounce_ms,
    compareMs: specs.compare_seconds * 1_000,
    log,
  });
}
