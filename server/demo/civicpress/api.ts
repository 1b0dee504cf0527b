/** The API as one Fastify server, not yet listening: what holds for every request, then the routes. */
import Fastify, { type FastifyInstance } from 'fastify';
import { Refusal, refusals, reportFailure } from './errors.ts';
import { Guards } from './guards.ts';
import type { Parts } from './parts.ts';
import { authRoutes } from './routes/auth.ts';
import { changeRoutes } from './routes/changes.ts';
import { draftRoutes } from './routes/drafts.ts';
import { lockRoutes } from './routes/locks.ts';
import { recordRoutes } from './routes/records.ts';
import { snapshotRoutes } from './routes/snapshots.ts';
import { systemRoutes } from './routes/system.ts';
import { isoTime } from './times.ts';

const MAX_BODY_BYTES = 10 * 1024 * 1024;

export function buildApi(parts: Parts): FastifyInstance {
  const api = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    // Longer than any record id, so that a handler and not the router refuses a long one.
    routerOptions: { maxParamLength: 1024 },
  });
  const guards = new Guards(parts.accounts, parts.sessions, parts.roles);

  // In the order in which a request meets them.
  api.addHook('onRequest', async (request, reply) => parts.rateLimits?.check(request, reply));
  readBodies(api);
  api.addHook('preHandler', async (request) => guards.refuseForgery(request));

  api.register(
    async (routes) => {
      systemRoutes(routes, parts, guards);
      authRoutes(routes, parts, guards);
      recordRoutes(routes, parts, guards);
      draftRoutes(routes, parts, guards);
      changeRoutes(routes, parts, guards);
      lockRoutes(routes, parts, guards);
      snapshotRoutes(routes, parts, guards);
    },
    { prefix: '/api/v1' },
  );

  api.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0] ?? '';
    throw refusals.unknownRoute(request.method, path, isoTime(parts.now()));
  });
  api.setErrorHandler((error, _request, reply) => {
    const refusal = refusalFor(error);
    return reply.code(refusal.status).send(refusal.body);
  });
  return api;
}

/** As Express reads them: JSON when it says so, an empty body and any other type as no fields at all. */
function readBodies(api: FastifyInstance): void {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (request: { id: string }, text: string) => {
      const body = parseJson(text === '' ? '{}' : text);
      if (typeof body !== 'object' || body === null) throw refusals.malformedJson(request.id);
      return body;
    },
  );
  api.addContentTypeParser('*', { parseAs: 'buffer' }, async () => ({}));
}

/** `undefined` for what is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Error && 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return refusals.bodyTooLarge();
  }
  reportFailure(error);
  return refusals.failure();
}
