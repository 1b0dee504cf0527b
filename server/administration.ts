/**
 * Puts together what operators and other programs may do while the server runs: the API, who may use it, and what reaches
 * the other nodes.
 */
import type { Hocuspocus } from '@hocuspocus/server';
import type { FastifyPluginAsync } from 'fastify';
import type { RecheckResult, Rights } from '../extensions/rights.ts';
import { apiRoutes } from './api/api.ts';
import { Callers } from './caller.ts';
import type { Config } from './config.ts';
import type { Entrance } from './entrance.ts';
import { LogLevels } from './log-levels.ts';
import type { OpenRooms } from './open-rooms.ts';
import type { Operations } from './operations/operations.ts';
import { Operators } from './operators.ts';
import type { Ports } from './outside.ts';
import type { Revocation } from './ports.ts';
import type { ReadingRooms } from './reading-rooms.ts';
import type { RecordRooms } from './record-rooms.ts';
import type { RoomTypes } from './room-types.ts';
import type { ConnectionContext } from './session.ts';
import { SharedRevocations } from './shared-revocations.ts';
import type { SpecUpdates } from './spec-updates.ts';

export interface AdministrationOptions {
  readonly config: Config;
  readonly ports: Ports;
  readonly hocuspocus: Hocuspocus<ConnectionContext>;
  readonly entrance: Entrance;
  readonly rights: Rights;
  readonly roomTypes: RoomTypes;
  readonly recordRooms: RecordRooms;
  readonly specs: SpecUpdates | null;
  readonly openRooms: OpenRooms;
  readonly readingRooms: ReadingRooms;
  readonly operations: Operations;
}

export interface Administration {
  readonly routes: FastifyPluginAsync;
  /** How much is logged; `null` when the log is somebody else's. */
  readonly logLevels: LogLevels | null;
  /**
   * Somebody's rights have changed: what is believed of them is forgotten, and CivicPress is asked at once about
   * everybody whom it concerns. Who may still be here stays. With several nodes each does so; the result is of this one.
   */
  revoke(revocation: Revocation): Promise<RecheckResult>;
  /** Hears the other nodes no longer. */
  stop(): void;
}

export function composeAdministration(options: AdministrationOptions): Administration {
  const { config, hocuspocus, entrance, rights, specs, recordRooms, openRooms } = options;
  const { readingRooms, roomTypes, operations } = options;
  const { identity, snapshots, bus, revocations: board, webhooks, log } = options.ports;

  const revokeHere = async (revocation: Revocation) => {
    const [result] = await Promise.all([rights.revoke(revocation), specs?.revoke(revocation)]);
    return result;
  };
  const shared = board
    ? new SharedRevocations({ board, revokeHere, tokensHere: () => rights.tokens(), log })
    : null;
  const revoke = (revocation: Revocation) => shared?.revoke(revocation) ?? revokeHere(revocation);
  const logLevels = LogLevels.of(log);
  const operators = new Operators({ rooms: openRooms, readingRooms, logLevels, bus, log });
  const callers = new Callers({
    identity,
    adminToken: config.admin.token,
    addressOf: (request) => entrance.addressOf(request),
  });
  const routes = apiRoutes({
    ...recordRooms.administrationOf(hocuspocus),
    maxBodyBytes: config.limits.document_bytes,
    rooms: openRooms,
    readingRooms,
    roomTypes,
    snapshots,
    operators,
    statistics: async () => ({
      node: operators.nodeId,
      ...openRooms.headCounts(),
      ...(await operations.statistics()),
    }),
    identity,
    callers,
    revoke,
    webhooks,
    logLevels,
    entrance,
    log,
  });

  return {
    routes,
    logLevels,
    revoke,
    stop() {
      shared?.stop();
      operators.stop();
    },
  };
}
