/**
 * Says in the log who changed what by the API, and who tried: one line for each request, by its correlation id. Never what
 * was written, nor a token.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger, User } from '../ports.ts';

interface Facts {
  caller: User | null;
  readonly about: Record<string, unknown>;
}

const facts = new WeakMap<FastifyRequest, Facts>();

/** Who asks; set before a route is reached. */
export function calledBy(request: FastifyRequest, caller: User): void {
  factsOf(request).caller = caller;
}

/** @throws Error when nobody was asked who it is: our mistake */
export function callerOf(request: FastifyRequest): User {
  const { caller } = factsOf(request);
  if (!caller) throw new Error('no caller is known');
  return caller;
}

/** What the line names beside it: ids and numbers, once they are known to be some. */
export function concerning(request: FastifyRequest, about: Record<string, unknown>): void {
  Object.assign(factsOf(request).about, about);
}

/** Reading leaves no line; nor does a route whose `config.changesNothing` says that it does none. */
export function auditing(app: FastifyInstance, log: Logger): void {
  app.addHook('onResponse', async (request, reply) => {
    const { caller, about } = factsOf(request);
    const { config, schema } = request.routeOptions;
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    if (isReading || caller === null || (config as { changesNothing?: boolean }).changesNothing) return;
    const { operationId: action } = (schema ?? {}) as { operationId?: string };
    const { statusCode: status } = reply;
    const fields = { request: request.id, userId: caller.id, action, ...about, status };
    log.info(fields, status < 400 ? 'changed by the API' : 'a change by the API was refused');
  });
}

function factsOf(request: FastifyRequest): Facts {
  const known = facts.get(request) ?? { caller: null, about: {} };
  facts.set(request, known);
  return known;
}
