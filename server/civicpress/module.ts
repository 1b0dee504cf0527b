/**
 * The realtime module of CivicPress: what its service container is given, and what it gets.
 *
 * @example
 * registerRealtimeServices(container, { dataDir: 'data' });
 * const server = container.resolve<RealtimeServer>('realtimeServer');
 * await server.initialize();
 */
import { dirname, join, resolve } from 'node:path';
import { RealtimeConfigManager } from './module/config-manager.ts';
import type {
  CoreAuth,
  CoreConfig,
  CoreContainer,
  CoreDatabase,
  CoreHooks,
  CoreLogger,
  CoreRecordManager,
} from './module/core.ts';
import { RealtimeServer } from './module/realtime-server.ts';
import { RoomManager } from './module/room-manager.ts';

export { RealtimeConfigManager } from './module/config-manager.ts';
export type * from './module/core.ts';
export {
  AuthenticationFailedError,
  ConnectionLimitExceededError,
  InvalidYjsUpdateError,
  PermissionDeniedError,
  RealtimeError,
  RoomNotFoundError,
} from './module/errors.ts';
export { type RealtimeHealthStatus, RealtimeServer } from './module/realtime-server.ts';
export { type Room, RoomManager } from './module/room-manager.ts';

/** The services of CivicPress that the server stands on, by the names that its own module has for them. */
export interface RealtimeServerDeps {
  readonly logger: CoreLogger;
  readonly hookSystem: CoreHooks;
  readonly authService: CoreAuth;
  readonly recordManager: CoreRecordManager;
  readonly databaseService?: CoreDatabase;
}

/** The same server for who has the services and no container, as CivicPress' API process; it is not started yet. */
export function createRealtimeServer(
  { logger, hookSystem, authService, recordManager, databaseService }: RealtimeServerDeps,
  config: CoreConfig,
): RealtimeServer {
  const projectDir = dirname(resolve(config.dataDir));
  return new RealtimeServer({
    logger,
    hooks: hookSystem,
    auth: authService,
    recordManager,
    database: databaseService,
    configManager: new RealtimeConfigManager(join(projectDir, '.system-data')),
    roomManager: new RoomManager(),
    projectDir,
  });
}

/**
 * Registers `realtimeConfigManager`, `realtimeRoomManager` and `realtimeServer`. Nothing starts by that, and the services
 * that they stand on (`logger`, `hooks`, `auth`, `recordManager`, and `database` where there is one) are resolved when
 * they are.
 */
export function registerRealtimeServices(container: CoreContainer, config: CoreConfig): void {
  const projectDir = dirname(resolve(config.dataDir));
  container.singleton(
    'realtimeConfigManager',
    () => new RealtimeConfigManager(join(projectDir, '.system-data')),
  );
  container.singleton('realtimeRoomManager', () => new RoomManager());
  container.singleton(
    'realtimeServer',
    (services) =>
      new RealtimeServer({
        logger: services.resolve<CoreLogger>('logger'),
        hooks: services.resolve<CoreHooks>('hooks'),
        auth: services.resolve<CoreAuth>('auth'),
        recordManager: services.resolve<CoreRecordManager>('recordManager'),
        database: services.isRegistered('database') ? services.resolve<CoreDatabase>('database') : undefined,
        configManager: services.resolve<RealtimeConfigManager>('realtimeConfigManager'),
        roomManager: services.resolve<RoomManager>('realtimeRoomManager'),
        projectDir,
      }),
  );
}
