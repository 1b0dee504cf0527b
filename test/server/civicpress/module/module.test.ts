/**
 * The realtime module in CivicPress' own process.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { createRealtimeServer } from '../../../../server/civicpress/module.ts';
import { ConfigError } from '../../../../server/config.ts';
import type { RoomType } from '../../../../server/room-types.ts';
import { CityHall, type CityHallOptions } from '../../../helpers/city-hall.ts';
import { Clerk } from '../../../helpers/clerk.ts';
import { until } from '../../../helpers/until.ts';

let hall: CityHall | undefined;
afterEach(async () => {
  await hall?.close();
  hall = undefined;
});

async function open(options?: CityHallOptions): Promise<CityHall> {
  hall = await CityHall.open(options);
  return hall;
}

it('[I1] is registered as three services, each made once', async () => {
  const { container } = await open();
  for (const key of ['realtimeConfigManager', 'realtimeServer', 'realtimeRoomManager']) {
    expect(container.resolve(key)).toBe(container.resolve(key));
  }
});

it('[I1] starts once, says how it is, stops, and starts again', async () => {
  const { server } = await open();
  await server.initialize();
  const { port } = server.getHealthStatus().server;
  expect(server.getHealthStatus()).toMatchObject({
    status: 'healthy',
    server: { listening: true, host: '127.0.0.1' },
    connections: { total: 0, perUser: 0, perIP: 0 },
    rooms: { total: 0, maxRooms: 100 },
    rateLimiting: { activeClients: 0 },
  });
  const two = [await hall?.join('noise-bylaw', 'alice'), await hall?.join('zoning-bylaw', 'alice')];
  await Promise.all(two.map((clerk) => clerk?.synced()));
  expect(server.getHealthStatus()).toMatchObject({
    connections: { total: 2, perUser: 1, perIP: 1 },
    rooms: { total: 2 },
  });
  await server.shutdown();
  expect(server.getHealthStatus()).toMatchObject({
    status: 'unhealthy',
    server: { listening: false, port: null },
  });
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  await server.initialize();
  expect((await fetch(`${hall?.url}/health`)).status).toBe(200);
});

it('[I1] is made for who has the services and no container, too', async () => {
  const { hooks, auth, recordManager, database, logger, folder } = await open({ settings: { port: 0 } });
  const server = createRealtimeServer(
    { logger, hookSystem: hooks, authService: auth, recordManager, databaseService: database },
    { dataDir: join(folder, 'data') },
  );
  await hall?.server.shutdown();
  await server.initialize();
  onTestFinished(() => server.shutdown());
  const { host, port } = server.getHealthStatus().server;
  const token = auth.signIn('alice', 'clerk');
  const alice = new Clerk({ serverUrl: `http://${host}:${port}`, documentName: 'record:noise-bylaw', token });
  onTestFinished(() => alice.leave());
  await alice.synced();
  expect(alice.scope).toBe('read-write');
});

it('[I1] does not start when it is switched off', async () => {
  const { server } = await open({ settings: { enabled: false } });
  expect(server.getHealthStatus().server.listening).toBe(false);
  expect(await server.triggerRecordSnapshot('noise-bylaw')).toMatchObject({
    snapshotCreated: false,
    version: null,
  });
});

it('[I1] that could not start leaves nothing open, and starts when that is mended', async () => {
  const first = await open();
  const { port } = first.server.getHealthStatus().server;
  const second = await CityHall.open({ settings: { enabled: false } });
  const config = (taken: number) => `{ realtime: { port: ${taken}, host: 127.0.0.1 } }`;
  const file = join(second.folder, '.system-data', 'realtime.yml');
  await writeFile(file, config(port as number));
  await second.server.shutdown();
  await expect(second.server.initialize()).rejects.toMatchObject({ code: 'INTERNAL' });
  await writeFile(file, config(0));
  await second.server.initialize();
  expect(second.server.getHealthStatus().status).toBe('healthy');
  await second.close();
});

it('[I2] reads realtime.yml over the defaults, and names what is wrong in it', async () => {
  const { configManager, folder } = await open({ settings: { enabled: false, rooms: { max_rooms: 7 } } });
  expect((await configManager.loadConfig()).rooms).toEqual({ max_rooms: 7, cleanup_timeout: 3_600 });
  const defaults = configManager.getDefaultConfig();
  expect(defaults).toMatchObject({ enabled: true, port: 3001, path: '/realtime', rooms: { max_rooms: 100 } });
  configManager.validateConfig(defaults);
  const wrong = { ...defaults, port: 70_000, rooms: { ...defaults.rooms, max_rooms: 0 } };
  expect(() => configManager.validateConfig(wrong)).toThrow(/port: [\s\S]*rooms.max_rooms: /);
  await writeFile(join(folder, '.system-data', 'realtime.yml'), 'realtime:\n  prot: 1\n');
  await expect(configManager.loadConfig()).rejects.toThrow(ConfigError);
});

it('[I3] opens a draft before the published text, and makes one with every field of its record', async () => {
  const { database, recordManager } = await open();
  const published = await recordManager.getRecord('noise-bylaw');
  const alice = await (await hall?.join('noise-bylaw'))?.synced();
  alice?.type('Noise', '!');
  const draft = await until('the draft is there', () => database.getDraft('noise-bylaw'));
  expect(draft.markdown_body).toBe(`${published?.content?.replace('Noise', 'Noise!')}\n`);
  // She may throw it away again: it is hers.
  expect(draft).toMatchObject({ created_by: '1', author: published?.author });
  const republished = await recordManager.publishDraft('noise-bylaw');
  const withoutText = (record: unknown) => ({
    ...(record as object),
    content: '',
    status: '',
    workflowState: '',
  });
  expect(withoutText(republished)).toEqual(withoutText(published));

  await database.createDraft({ ...draft, id: 'zoning-bylaw', markdown_body: 'A draft.\n' });
  const bob = await (await hall?.join('zoning-bylaw', 'bob'))?.synced();
  expect(bob?.text).toBe('A draft.');
});

it('[I3] writes nothing when a record is opened and left', async () => {
  const { database, server } = await open({ settings: { rooms: { cleanup_timeout: 0 } } });
  const alice = await (await hall?.join('noise-bylaw'))?.synced();
  alice?.leave();
  await until('the room is closed', () => server.getHealthStatus().rooms.total === 0);
  expect(database.writes).toEqual([]);
});

it("[I3] keeps what was typed while CivicPress' database fails, and writes it when it is back", async () => {
  const { database } = await open();
  const alice = await (await hall?.join('noise-bylaw'))?.synced();
  database.isDown = true;
  alice?.type('Noise', '!');
  expect(await alice?.noticed('could-not-save')).toMatchObject({ layer: 'writeback' });
  await alice?.saved();
  database.isDown = false;
  await alice?.noticed('saved');
  expect(await hall?.draftOf('noise-bylaw')).toContain('Noise!');
});

it('[I4] lets in whom CivicPress lets in, and as what', async () => {
  const { auth, database } = await open();
  auth.mayEditTypes.set('planner', ['bylaw']);
  await database.createDraft({
    id: 'secret-plan',
    title: 'Plan',
    type: 'policy',
    markdown_body: 'Secret.\n',
    metadata: null,
    geography: null,
    attached_files: null,
    linked_records: null,
    linked_geography_files: null,
    author: 'alice',
    created_by: 'alice',
  });
  const scopeOf = async (record: string, name: string, role: string) =>
    (await (await (hall as CityHall).join(record, name, role)).synced()).scope;
  expect(await scopeOf('noise-bylaw', 'alice', 'clerk')).toBe('read-write');
  expect(await scopeOf('noise-bylaw', 'petra', 'planner')).toBe('read-write');
  expect(await scopeOf('privacy-policy', 'petra', 'planner')).toBe('readonly');
  expect(await scopeOf('noise-bylaw', 'paul', 'public')).toBe('readonly');
  expect(await scopeOf('secret-plan', 'alice', 'clerk')).toBe('read-write');
  for (const record of ['secret-plan', 'never-made']) {
    expect(await (await (hall as CityHall).join(record, 'paul', 'public')).refused()).toMatch(
      /no such record/,
    );
  }
});

it('[I4] lets nobody new in while CivicPress does not answer', async () => {
  const { auth } = await open();
  auth.isDown = true;
  const alice = await (hall as CityHall).join('noise-bylaw');
  expect(await alice.refused()).toMatch(/CivicPress does not answer/);
  auth.isDown = false;
  await alice.synced();
});

it('[I5] tells its events to the hooks of CivicPress', async () => {
  const { hooks } = await open({
    settings: { rooms: { cleanup_timeout: 0 }, snapshots: { max_updates: 1 } },
  });
  hooks.registerHook('realtime:client:connected', () => {
    throw new Error('a bad handler');
  });
  const alice = await (await hall?.join('noise-bylaw'))?.synced();
  alice?.type('Noise', '!');
  const heard = (name: string) => hooks.emitted.find((event) => event.name === name)?.data;
  await until('it is told of a snapshot', () => heard('realtime:snapshot:saved'));
  expect(heard('realtime:client:connected')).toMatchObject({ userName: 'alice', role: 'clerk' });
  expect(heard('realtime:snapshot:saved')).toMatchObject({
    roomId: 'record:noise-bylaw',
    recordId: 'noise-bylaw',
    version: 1,
    contributors: [{ id: '1', name: 'alice' }],
  });
});

it('[I5] brings a published or updated record into its room at once', async () => {
  const { recordManager, hooks } = await open();
  const alice = await (await hall?.join('noise-bylaw'))?.synced();
  const { content } = (await recordManager.getRecord('noise-bylaw')) as { content: string };
  await recordManager.updateRecord('noise-bylaw', { content: `${content}\n\nAdded elsewhere.` });
  await alice?.sees('Added elsewhere.');
  expect(await alice?.noticed('changed-outside')).toEqual({ conflicts: [] });
  // What is not for us is let go by.
  for (const data of [
    null,
    7,
    {},
    { record: {} },
    { record: { id: '../x' } },
    { record: { id: 'unknown' } },
  ]) {
    await hooks.emit('record:updated', data);
  }
  await hall?.server.shutdown();
  expect(hooks.countOf('record:updated')).toBe(0);
});

it('[I6] brings a room into a snapshot and its draft when it is asked to', async () => {
  const { server, database } = await open({
    settings: { writeback: { after_ms: 60_000, at_latest_ms: 60_000 } },
  });
  expect(await server.triggerRecordSnapshot('noise-bylaw')).toMatchObject({
    snapshotCreated: false,
    version: null,
  });
  const alice = await (await hall?.join('noise-bylaw'))?.synced();
  alice?.type('Noise', '!');
  await alice?.saved();
  expect(database.writes).toEqual([]);
  const made = await server.triggerRecordSnapshot('noise-bylaw');
  expect(made).toMatchObject({ snapshotCreated: true, version: 1 });
  expect(Math.abs(made.timestamp - Date.now())).toBeLessThan(60_000);
  expect(await hall?.draftOf('noise-bylaw')).toContain('Noise!');
  expect(await server.triggerRecordSnapshot('noise-bylaw')).toMatchObject({
    snapshotCreated: false,
    version: null,
  });
  for (const id of ['../x', '', 'a b']) {
    expect(await server.triggerRecordSnapshot(id)).toMatchObject({ snapshotCreated: false });
  }
});

it('[I6] lists rooms, finds and closes one, with everything saved', async () => {
  const { roomManager, database } = await open({
    settings: { writeback: { after_ms: 60_000, at_latest_ms: 60_000 } },
  });
  expect(roomManager.getAllRooms()).toEqual([]);
  const alice = await (await hall?.join('noise-bylaw'))?.synced();
  alice?.type('Noise', '!');
  await alice?.saved();
  expect(roomManager.getRoom('record:noise-bylaw')).toMatchObject({
    roomId: 'record:noise-bylaw',
    roomType: 'record',
    connections: 1,
    people: ['alice'],
  });
  expect(roomManager.getRoom('record:zoning-bylaw')).toBeNull();
  const closed = roomManager.closeRoom('record:noise-bylaw');
  await until('alice is sent away', () => alice?.closeCodes.includes(4503));
  alice?.leave();
  await closed;
  expect(roomManager.getRoomCount()).toBe(0);
  expect(database.writes).toHaveLength(1);
  await expect(roomManager.closeRoom('record:noise-bylaw')).rejects.toMatchObject({
    name: 'RoomNotFoundError',
    code: 'ROOM_NOT_FOUND',
    statusCode: 404,
  });
});

it('[I6] takes types of rooms of their own before it starts', async () => {
  const roomType: RoomType = {
    name: 'consultation',
    hasIds: true,
    accessTo: async () => 'edit',
    extensions: [],
  };
  const { roomManager } = await open({
    prepare: (closed) => {
      closed.roomManager.registerRoomType(roomType);
      const again = () => closed.roomManager.registerRoomType(roomType);
      expect(again).toThrow('There is a type of room "consultation" already.');
      expect(() => closed.roomManager.registerRoomType({ ...roomType, name: 'record' })).toThrow(/already/);
    },
  });
  await (await hall?.joinDocument('consultation:park'))?.synced();
  expect(roomManager.getRoom('consultation:park')?.roomType).toBe('consultation');
  expect(() => roomManager.registerRoomType({ ...roomType, name: 'survey' })).toThrow(
    /before the server starts/,
  );
});

it('[I3] needs a place for drafts: the database, or CivicPress over HTTP', async () => {
  const missing = CityHall.open({ withDatabase: false });
  await expect(missing).rejects.toThrow(
    /civicpress.url, civicpress.username and civicpress.password must be set/,
  );
});

it('[A12] acts at once when CivicPress says that sessions are revoked', async () => {
  const { auth, hooks, server } = await open({ settings: { auth: { recheck_seconds: 3600 } } });
  const alice = await (await hall?.join('noise-bylaw'))?.synced();
  const bob = await (await hall?.join('noise-bylaw', 'bob'))?.synced();
  await auth.deleteUserSessions('alice');
  await until('her socket is closed', () => alice?.closeCodes.includes(4001));
  for (const data of [null, {}, { userId: { not: 'an id' } }])
    await hooks.emit('auth:sessions:revoked', data);
  bob?.type('Noise', ' ON');
  await bob?.saved();
  expect(bob?.closeCodes).toEqual([]);
  await server.shutdown();
  expect(hooks.countOf('auth:sessions:revoked')).toBe(0);
});

it('[A11] asks CivicPress again about who is in', async () => {
  const { auth } = await open({ settings: { auth: { recheck_seconds: 1 } } });
  const alice = await (await hall?.join('noise-bylaw'))?.synced();
  auth.setRole('alice', 'public');
  expect(await alice?.noticed('rights-changed')).toMatchObject({ access: 'read' });
});
