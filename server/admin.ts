/**
 * The admin routes: the versions of each record over HTTP, below `/api/records/:recordId`; what waits for webhooks; and
 * `/api/revoke`.
 *
 * Those of a record are for whoever may edit the record in CivicPress, with their own token, and for whoever has `admin.token`.
 * Rights are asked first, and without an answer nobody gets in; a record that somebody may not see looks like one
 * that does not exist.
 */

import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { BadRequest } from './bad-request.ts';
import type { Callers } from './caller.ts';
import { documentNameOf, recordIdOf } from './document-name.ts';
import { RealtimeError } from './errors.ts';
import type { OpenRooms } from './open-rooms.ts';
import type { Identity, User } from './ports.ts';
import { type RevocationRouteOptions, revocationRoute } from './revocation-route.ts';
import type { Versions } from './versions.ts';
import { type WebhookRoutesOptions, webhookRoutes } from './webhooks/routes.ts';

export interface AdminOptions extends RevocationRouteOptions {
  readonly versions: Versions;
  readonly rooms: Pick<OpenRooms, 'recordChanged'>;
  readonly identity: Identity;
  readonly callers: Callers;
  /** Unset: CivicPress' own tokens alone open the routes. */
  readonly token: string | undefined;
  /** Unset: none are configured. */
  readonly webhooks: WebhookRoutesOptions['webhooks'];
}

interface RecordParams {
  readonly recordId: string;
}

interface VersionParams extends RecordParams {
  readonly revision: string;
}

export function adminRoutes(options: AdminOptions): FastifyPluginAsync {
  return async (app) => {
    await app.register(recordRoutes, { ...options, prefix: '/api/records/:recordId' });
    await app.register(webhookRoutes, { ...options, prefix: '/api/webhooks' });
    await app.register(revocationRoute, options);
  };
}

async function recordRoutes(
  app: FastifyInstance,
  { versions, rooms, identity, callers }: AdminOptions,
): Promise<void> {
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const documentName = documentOf(request);
    request.setDecorator('caller', await editorOf(request, recordIdOf(documentName), identity, callers));
  });

  app.get('/versions', async (request) => ({ versions: await versions.list(documentOf(request)) }));

  app.get<{ Params: VersionParams; Querystring: { format?: unknown } }>(
    '/versions/:revision',
    async (request, reply) => {
      const documentName = documentOf(request);
      const revision = revisionOf(request.params.revision);
      const { format = 'markdown' } = request.query;
      if (format === 'markdown') {
        const markdown = await versions.markdown(documentName, revision);
        return reply.type('text/markdown; charset=utf-8').send(markdown);
      }
      if (format !== 'yjs') throw new BadRequest('"format" is "markdown" or "yjs".');
      const state = await versions.state(documentName, revision);
      return reply.type('application/octet-stream').send(Buffer.from(state));
    },
  );

  app.put<{ Params: VersionParams; Body: unknown }>('/versions/:revision/name', async (request) => {
    const revision = revisionOf(request.params.revision);
    const name = nameIn(request.body);
    await versions.rename(documentOf(request), revision, name);
    return { revision, name };
  });

  app.post<{ Params: VersionParams }>('/versions/:revision/restore', async (request) => {
    const revision = revisionOf(request.params.revision);
    return versions.restore(documentOf(request), revision, request.getDecorator<User>('caller'));
  });

  app.get<{ Querystring: { from?: unknown; to?: unknown } }>('/compare', async (request, reply) => {
    const { from, to } = request.query;
    const newer = to === undefined ? null : revisionOf(to);
    const diff = await versions.compare(documentOf(request), revisionOf(from), newer);
    return reply.type('text/x-diff; charset=utf-8').send(diff);
  });

  app.get('/authors', async (request) => ({ blocks: await versions.authors(documentOf(request)) }));

  app.post('/check', async (request) => ({ isOpen: rooms.recordChanged(recordIdOf(documentOf(request))) }));

  app.post('/snapshot', async (request) => {
    const made = await versions.snapshot(documentOf(request));
    return { snapshotCreated: made !== null, version: made?.revision ?? null, timestamp: Date.now() };
  });
}

/** @throws RealtimeError `invalid-document-name` */
function documentOf({ params }: FastifyRequest): string {
  const documentName = documentNameOf((params as RecordParams).recordId);
  recordIdOf(documentName);
  return documentName;
}

async function editorOf(
  request: FastifyRequest,
  recordId: string,
  identity: Identity,
  callers: Callers,
): Promise<User> {
  const { user, credentials } = await callers.identify(request.raw);
  const access = credentials === null ? 'edit' : await identity.accessTo(recordId, credentials);
  if (access === 'edit') return user;
  throw new RealtimeError(access === 'read' ? 'not-allowed' : 'no-such-record', {
    context: { userId: user.id },
  });
}

function revisionOf(text: unknown): number {
  if (typeof text === 'string' && /^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new BadRequest('A version is a whole number from 1 on, such as 3.');
}

function nameIn(body: unknown): string | null {
  const name = typeof body === 'object' && body !== null && 'name' in body ? body.name : undefined;
  if (name === null) return null;
  const isName =
    typeof name === 'string' &&
    name.trim() !== '' &&
    [...name].length <= 100 &&
    !/\p{Cc}/u.test(name) &&
    name.isWellFormed();
  if (isName) return name;
  throw new BadRequest('"name" is null, or a text of 1 to 100 characters without control characters.');
}
