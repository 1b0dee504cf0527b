/**
 * The HTTP side: the routes that the composition adds, and what is answered beside them. WebSocket upgrades are the gateway's.
 */
import type { Server } from 'node:http';
import {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import { correlationId } from './correlation.ts';
import { asRealtimeError, RealtimeError } from './errors.ts';
import type { Logger } from './ports.ts';
import type { RequestPace } from './request-pace.ts';

export interface HttpOptions {
  /** The server that also carries the WebSockets; Fastify answers its requests. */
  readonly httpServer: Server;
  readonly plugins: readonly FastifyPluginAsync[];
  readonly pace: Pick<RequestPace, 'guard'>;
  readonly log: Logger;
}

/** Whoever shows an answer as a page by mistake runs nothing of it; what is a page says what it needs. */
const noPage = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

export function createHttp({ httpServer, plugins, pace, log }: HttpOptions): FastifyInstance {
  // Whoever reports an error can name its line in the log.
  const bodyOf = (error: Record<string, unknown>, { id }: Pick<FastifyRequest, 'id'>) => ({
    error: { ...error, correlationId: id },
  });
  const http = fastify({
    serverFactory: (handler) => httpServer.on('request', pace.guard(handler)),
    bodyLimit: 65_536,
    // A record id of 128 characters fits, and one that is too long is told so by us.
    routerOptions: { maxParamLength: 256 },
    forceCloseConnections: true,
    genReqId: correlationId,
    // Fastify would say the address again, with what is in its query.
    frameworkErrors: (_error, request, reply) => {
      const error = { code: 'bad-request', message: 'This is no valid address.' };
      void (reply as unknown as FastifyReply).code(400).headers(noPage).send(bodyOf(error, request));
    },
  });
  http.addHook('onRequest', async (_request, reply) => void reply.headers(noPage));
  http.setNotFoundHandler((request, reply) => {
    const error = { code: 'not-found', message: 'There is nothing at this address.' };
    void reply.code(404).send(bodyOf(error, request));
  });
  http.setErrorHandler((thrown: { statusCode?: number; message?: string }, request, reply) => {
    // What Fastify refuses (a body too large, not JSON) is safe to say; anything else is ours and stays inside.
    const isFastifys = !(thrown instanceof RealtimeError);
    if (isFastifys && thrown.statusCode !== undefined && thrown.statusCode < 500) {
      const error = { code: 'bad-request', message: thrown.message };
      return reply.code(thrown.statusCode).send(bodyOf(error, request));
    }
    const error = asRealtimeError(thrown);
    if (error.retryAfterMs !== undefined)
      reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1_000)));
    return reply.code(error.statusCode).send(bodyOf(error.toJSON(), request));
  });

  http.addHook('onError', async (request, reply, error) => {
    const fields = { request: request.id, route: request.routeOptions.url, status: reply.statusCode };
    if (error instanceof RealtimeError) {
      const { code, cause } = error;
      if (cause === undefined) log.debug({ ...fields, code }, 'a request was refused');
      else log.warn({ ...fields, code, cause: String(cause) }, 'a request failed');
    } else if (error.statusCode === undefined || error.statusCode >= 500) {
      log.error({ ...fields, cause: error.stack }, 'a request failed');
    }
  });

  // Fastify closes the port that it opened itself, and this one is opened by the composition.
  http.addHook('onClose', async () => {
    const closed = new Promise((resolve) => httpServer.close(resolve));
    httpServer.closeAllConnections();
    await closed;
  });

  for (const plugin of plugins) http.register(plugin);
  return http;
}
