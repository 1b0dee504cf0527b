/**
 * A spec feed with its transports on a real port, and people whose tokens are known here.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { SpecFeed, type SpecFeedOptions } from '../../../extensions/spec-updates/feed.ts';
import { ServerSentEvents } from '../../../extensions/spec-updates/server-sent-events.ts';
import { SocketIo } from '../../../extensions/spec-updates/socket-io.ts';
import { Watchers, type WatchersOptions } from '../../../extensions/spec-updates/watchers.ts';
import { Entrance } from '../../../server/entrance.ts';
import { RealtimeError } from '../../../server/errors.ts';
import { HeadCount } from '../../../server/head-count.ts';
import { createHttp } from '../../../server/http.ts';
import type { Access, User } from '../../../server/ports.ts';
import { RequestPace } from '../../../server/request-pace.ts';
import { RecordedLog } from '../../helpers/recorded-log.ts';

export interface NewsroomOptions {
  readonly feed?: SpecFeedOptions;
  readonly watchers?: Partial<WatchersOptions>;
  readonly allowedOrigins?: readonly string[];
  readonly maxBufferedBytes?: number;
  readonly keepAliveMs?: number;
  readonly ticketLifetimeMs?: number;
  readonly authenticationMs?: number;
}

export type Newsroom = Awaited<ReturnType<typeof openNewsroom>>;

export async function openNewsroom(options: NewsroomOptions = {}) {
  /** What people may do, by token, which is their id as well: `alice`, or `alice#2` for a second session. */
  const rights = new Map<string, Access | 'unknown' | 'unanswered'>([
    ['alice', 'read'],
    ['bob', 'read'],
    ['mallory', 'none'],
  ]);
  const log = new RecordedLog();
  const feed = new SpecFeed(options.feed);
  const visitors = new HeadCount();
  const entrance = new Entrance({ allowedOrigins: options.allowedOrigins ?? [], trustedProxies: [] });
  const watchers = new Watchers({
    identity: {
      userOf: async ({ token }): Promise<User> => {
        const right = rights.get(token) ?? 'unknown';
        if (right === 'unknown') throw new RealtimeError('not-authenticated');
        if (right === 'unanswered') throw new RealtimeError('civicpress-unavailable');
        const id = token.replace(/#.*/, '');
        return { id, name: id, role: 'clerk', permissions: [] };
      },
      renew: async () => undefined,
      askedAt: () => performance.now(),
      paceOf: () => ({ counter: '', pauseMs: 0 }),
    },
    accessTo: async ({ token }) => rights.get(token) as Access,
    visitors,
    users: new HeadCount(),
    maxVisitors: 1_000,
    maxVisitorsPerAddress: 1_000,
    maxWatchersPerUser: 1_000,
    recheckMs: 60_000,
    staleMs: 600_000,
    log,
    ...options.watchers,
  });
  const streams = new ServerSentEvents({
    feed,
    watchers,
    entrance,
    maxBufferedBytes: options.maxBufferedBytes ?? 1_000_000,
    keepAliveMs: options.keepAliveMs ?? 60_000,
    ticketLifetimeMs: options.ticketLifetimeMs ?? 30_000,
  });
  const socketIo = new SocketIo({
    feed,
    watchers,
    entrance,
    maxBufferedBytes: options.maxBufferedBytes ?? 1_000_000,
    pingEveryMs: 20_000,
    authenticationMs: options.authenticationMs ?? 10_000,
    log,
  });
  const httpServer = createServer();
  const http = createHttp({
    httpServer,
    plugins: [streams.routes, socketIo.routes],
    pace: new RequestPace({ entrance, socketsPerAddress: 100 }),
    log,
  });
  await http.ready();
  httpServer.on('upgrade', socketIo.upgrade);
  await new Promise<void>((listening) => httpServer.listen(0, '127.0.0.1', listening));
  onTestFinished(async () => {
    watchers.close();
    streams.close();
    socketIo.close();
    await http.close();
  });
  const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
  return { url, feed, rights, visitors, watchers, streams, socketIo, log };
}
