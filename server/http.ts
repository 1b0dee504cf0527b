/**
 * The HTTP side: health, and whatever pages the composition adds. WebSocket upgrades are the gateway's.
 */
import type { Server } from 'node:http';
import { type FastifyInstance, type FastifyPluginAsync, fastify } from 'fastify';
import { asRealtimeError } from './errors.ts';

export interface HttpOptions {
  /** The server that also carries the WebSockets; Fastify answers its requests. */
  readonly httpServer: Server;
  readonly pages: FastifyPluginAsync | undefined;
}

export function createHttp({ httpServer, pages }: HttpOptions): FastifyInstance {
  const http = fastify({
    serverFactory: (handler) => httpServer.on('request', handler),
    bodyLimit: 65_536,
    forceCloseConnections: true,
  });

  http.get('/health', async () => ({ status: 'ok' }));

  http.setNotFoundHandler((_request, reply) => {
    void reply.code(404).send({ error: { code: 'not-found', message: 'There is nothing at this address.' } });
  });
  http.setErrorHandler((thrown: { statusCode?: number; message?: string }, _request, reply) => {
    // What Fastify refuses (a body too large, not JSON) is safe to say; anything else is ours and stays inside.
    if (thrown.statusCode !== undefined && thrown.statusCode < 500) {
      return reply.code(thrown.statusCode).send({ error: { code: 'bad-request', message: thrown.message } });
    }
    const error = asRealtimeError(thrown);
    return reply.code(error.statusCode).send({ error: error.toJSON() });
  });

  if (pages) http.register(pages);
  return http;
}
