/**
 * What operators and their machines ask: is it alive, may it be sent visitors, what does it count?
 */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { bearerTokenOf, isSame } from '../admin-token.ts';
import { RealtimeError } from '../errors.ts';
import { version } from '../version.ts';
import type { Dependencies } from './dependencies.ts';
import type { Metrics } from './metrics.ts';

export interface OperationsOptions {
  readonly dependencies: Dependencies;
  readonly metrics: Metrics;
  /** Numbers only: the route is open to everybody. */
  readonly counts: () => Readonly<Record<string, unknown>>;
  readonly isStopping: () => boolean;
  /** Who has it may read the metrics from anywhere; unset: whoever is on this machine may. */
  readonly metricsToken: string | undefined;
}

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

export function operationsRoutes(options: OperationsOptions): FastifyPluginAsync {
  return async (app) => {
    app.get('/health', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return { ...processReport(), ...options.counts() };
    });

    app.get('/ready', async (_request, reply) => {
      await options.dependencies.ask();
      const isReady = options.dependencies.areAllUp && !options.isStopping();
      const status = options.isStopping() ? 'stopping' : isReady ? 'ready' : 'not-ready';
      reply.code(isReady ? 200 : 503).header('cache-control', 'no-store');
      return { status, dependencies: options.dependencies.reports() };
    });

    app.get('/metrics', async (request, reply) => {
      const { metricsToken, metrics } = options;
      if (!mayRead(request, metricsToken)) throw new RealtimeError('not-authenticated');
      return reply
        .type(metrics.contentType)
        .header('cache-control', 'no-store')
        .send(await metrics.text());
    });
  };
}

/** What a process says of itself. */
export function processReport() {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    status: 'ok',
    version,
    uptimeSeconds: Math.round(process.uptime()),
    memory: { rssBytes: rss, heapUsedBytes: heapUsed },
  };
}

function mayRead(request: FastifyRequest, metricsToken: string | undefined): boolean {
  const token = bearerTokenOf(request);
  if (metricsToken !== undefined) return token !== undefined && isSame(token, metricsToken);
  // A proxy on this machine brings visitors from elsewhere.
  const isFromProxy = 'x-forwarded-for' in request.headers || 'forwarded' in request.headers;
  return loopback.has(request.socket.remoteAddress ?? '') && !isFromProxy;
}
