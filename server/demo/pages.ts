/**
 * Serves the demo: a welcome page, the editor, the dashboards of open rooms and of specs, and the small API behind them.
 *
 * The pages are built by `build-pages.ts`. They hold no secrets: an editor asks for its token by POST,
 * and gives it to the provider.
 */
import { createHash } from 'node:crypto';
import { fastifyStatic } from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CivicPressClient } from '../civicpress/client.ts';
import type { RoomSummary } from '../compose.ts';
import { documentNameOf, recordIdOf } from '../document-name.ts';
import { errors, RealtimeError } from '../errors.ts';
import { DemoRecords } from './pages/api/demo-records.ts';
import { DemoSessions, demoUserNames, isDemoUser } from './pages/api/demo-sessions.ts';

export interface DemoPagesOptions {
  /** Base URL of the embedded CivicPress API, without `/api/v1`. */
  civicpressUrl: string;
  /** Path of the Hocuspocus WebSocket on the same origin. */
  realtimePath: string;
  /** The open rooms of this moment, for the dashboard. */
  rooms: () => RoomSummary[];
  /** Folder that `buildPages` filled. */
  assetsDir: string;
}

const CIVICPRESS_TIMEOUT_MS = 5_000;

const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'self'",
    "connect-src 'self' ws: wss:",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** A Fastify plugin; all its routes begin with `/demo`. */
export async function demoPages(app: FastifyInstance, options: DemoPagesOptions): Promise<void> {
  await app.register(demoRoutes, { ...options, prefix: '/demo' });
}

async function demoRoutes(app: FastifyInstance, options: DemoPagesOptions): Promise<void> {
  const client = new CivicPressClient({ url: options.civicpressUrl, timeoutMs: CIVICPRESS_TIMEOUT_MS });
  const sessions = new DemoSessions(client);
  const records = new DemoRecords(client, sessions);

  app.addHook('onSend', async (_request, reply) => {
    reply.headers(SECURITY_HEADERS);
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((_request, reply) => answer(reply, 404, 'no-such-page', 'There is no such page.'));
  await app.register(fastifyStatic, { root: options.assetsDir, prefix: '/assets/' });

  app.get('/', (_request, reply) => reply.sendFile('welcome-page.html'));
  app.get('/rooms', (_request, reply) => reply.sendFile('rooms-page.html'));
  app.get('/specs', (_request, reply) => reply.sendFile('specs-page.html'));
  app.get('/records/:id', (_request, reply) => reply.sendFile('editor-page.html'));

  app.post<{ Body: { user?: unknown } | null }>('/api/session', async (request, reply) => {
    const user = request.body?.user;
    if (!isDemoUser(user)) {
      const known = `There is no such demo user. There are: ${demoUserNames.join(', ')}.`;
      return answer(reply, 400, 'unknown-demo-user', known);
    }
    reply.header('cache-control', 'no-store');
    return { ...(await sessions.of(user)), realtimePath: options.realtimePath };
  });

  app.get('/api/records', async () => ({ records: await records.list() }));

  app.get<{ Params: { id: string } }>('/api/records/:id', async (request, reply) => {
    const recordId = recordIdOf(documentNameOf(request.params.id));
    return sendWithEtag(request, reply, await records.read(recordId));
  });

  app.get('/api/rooms', (request, reply) => sendWithEtag(request, reply, { rooms: options.rooms() }));
}

/** Answers 304 to whoever has this version already: the pages ask each second. */
function sendWithEtag(request: FastifyRequest, reply: FastifyReply, answer: object): FastifyReply {
  const body = JSON.stringify(answer);
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  reply.headers({ etag, 'cache-control': 'no-cache' });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(body);
}

function answerError(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof RealtimeError) {
    const { reason, statusCode } = errors[error.code];
    return answer(reply, statusCode, error.code, reason);
  }
  const statusCode = (error as { statusCode?: number }).statusCode ?? 500;
  if (statusCode < 500) return answer(reply, statusCode, 'bad-request', 'The request is not valid.');
  return answer(reply, 500, 'internal', errors.internal.reason);
}

function answer(reply: FastifyReply, statusCode: number, code: string, message: string): FastifyReply {
  return reply.code(statusCode).send({ error: { code, message } });
}
