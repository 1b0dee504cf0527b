/**
 * The rooms that are open and the people in them, at all nodes. For administrators.
 */
import { z } from 'zod';
import { errors, RealtimeError } from '../errors.ts';
import type { Operators } from '../operators.ts';
import type { SnapshotStore } from '../ports.ts';
import type { RoomTypes } from '../room-types.ts';
import { concerning } from './audit.ts';
import type { ApiInstance } from './schemas.ts';
import { line, next, pageQuery, roomParams, time, versionInfo } from './shapes.ts';

export interface RoomRoutesOptions {
  readonly operators: Operators;
  readonly roomTypes: Pick<RoomTypes, 'check'>;
  readonly snapshots: Pick<SnapshotStore, 'list'>;
}

const room = z.object({
  documentName: z.string(),
  connections: z.int(),
  people: z.array(z.string()).describe('Names of the users, each once.'),
  unsavedSince: time
    .nullable()
    .describe('When the oldest edit came that is not in the record’s draft yet, in ms since the epoch.'),
  isReadOnly: z.boolean().describe('Whether an operator has made it one for reading.'),
  nodes: z.array(z.string()).describe('Where it is open.'),
});

const client = z.object({
  socket: z.string().describe('As in the log; one socket may be in several documents.'),
  node: z.string(),
  documentName: z.string(),
  userId: z.string(),
  name: z.string(),
  access: z.enum(['read', 'edit']),
  isReadOnly: z.boolean().describe('Whether nothing of theirs is taken at the moment.'),
  address: z.string(),
  bufferedBytes: z.int().describe('What waits for them to read it.'),
});

export function roomRoutes(app: ApiInstance, options: RoomRoutesOptions): void {
  const { operators, roomTypes, snapshots } = options;
  const tags = ['rooms'];

  app.get(
    '/rooms',
    {
      schema: {
        tags,
        operationId: 'listRooms',
        summary: 'The open rooms of all nodes, by name.',
        querystring: pageQuery,
        response: { 200: z.object({ rooms: z.array(room), next }) },
      },
    },
    async ({ query }) => {
      const { items, next: behind } = await operators.rooms(query);
      return {
        rooms: items.map((one) => ({ ...one, people: [...one.people], nodes: [...one.nodes] })),
        next: behind,
      };
    },
  );

  app.get(
    '/rooms/:documentName',
    {
      schema: {
        tags,
        operationId: 'readRoom',
        summary: 'One room: who is in it, and the versions of its document.',
        params: roomParams,
        response: {
          200: room.extend({
            clients: z.array(client),
            versions: z.int().describe('How many are kept.'),
            newestVersion: versionInfo.nullable(),
          }),
        },
      },
    },
    async ({ params }) => {
      const { documentName } = params;
      roomTypes.check(documentName);
      const found = await operators.room(documentName);
      if (!found) throw new RealtimeError('no-such-room', { context: { documentName } });
      const versions = await snapshots.list(documentName);
      const [newest] = versions;
      return {
        ...found,
        people: [...found.people],
        nodes: [...found.nodes],
        clients: [...found.clients],
        versions: versions.length,
        newestVersion: newest ? { ...newest, contributors: [...newest.contributors] } : null,
      };
    },
  );

  app.post(
    '/rooms/:documentName/close',
    {
      schema: {
        tags,
        operationId: 'closeRoom',
        summary:
          'Sends everybody away, and lets the document go once it is saved; who comes back opens it anew.',
        params: roomParams,
        response: { 200: z.object({ closed: z.string() }) },
      },
    },
    async (request) => {
      const { documentName } = request.params;
      roomTypes.check(documentName);
      concerning(request, { documentName });
      const isClosed = await operators.close(documentName);
      if (!isClosed) throw new RealtimeError('no-such-room', { context: { documentName } });
      return { closed: documentName };
    },
  );

  app.put(
    '/rooms/:documentName/read-only',
    {
      schema: {
        tags,
        operationId: 'setReadOnly',
        summary:
          'Makes a room one for reading, with a notice to everybody, or gives it back: whether it is open or not, until the servers stop.',
        params: roomParams,
        body: z.strictObject({ isReadOnly: z.boolean() }),
        response: { 200: z.object({ documentName: z.string(), isReadOnly: z.boolean() }) },
      },
    },
    async (request) => {
      const { documentName } = request.params;
      const { isReadOnly } = request.body;
      roomTypes.check(documentName);
      concerning(request, { documentName, isReadOnly });
      await operators.setReadOnly(documentName, isReadOnly);
      return { documentName, isReadOnly };
    },
  );

  app.get(
    '/clients',
    {
      schema: {
        tags: ['clients'],
        operationId: 'listClients',
        summary: 'Who has which document open, at all nodes.',
        querystring: pageQuery,
        response: { 200: z.object({ clients: z.array(client), next }) },
      },
    },
    async ({ query }) => {
      const { items, next: behind } = await operators.clients(query);
      return { clients: [...items], next: behind };
    },
  );

  app.post(
    '/clients/:socket/disconnect',
    {
      schema: {
        tags: ['clients'],
        operationId: 'disconnectClient',
        summary:
          'Closes a socket, with a reason; an editor comes back by itself. To keep somebody out, take their rights in CivicPress and revoke.',
        params: z.object({ socket: z.string().max(64) }),
        body: z.strictObject({ reason: line(40).optional().describe('What the editor shows.') }).optional(),
        response: { 200: z.object({ disconnected: z.string() }) },
      },
    },
    async (request) => {
      const { socket } = request.params;
      const { closeCode, reason } = errors['sent-away'];
      const farewell = { closeCode, reason: request.body?.reason ?? reason };
      const isThere = await operators.disconnect(socket, farewell);
      if (!isThere) throw new RealtimeError('no-such-client');
      concerning(request, { socket });
      return { disconnected: socket };
    },
  );
}
