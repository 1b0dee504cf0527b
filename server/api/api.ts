/**
 * The API for operators and other programs, below `/api/v1/realtime`: routes put together, who may use them, and the
 * OpenAPI document of all of them.
 */
import { fastifySwagger } from '@fastify/swagger';
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Entrance } from '../entrance.ts';
import { networkOf } from '../network.ts';
import type { Logger } from '../ports.ts';
import { version } from '../version.ts';
import { type AccessOptions, ApiAccess, documentOf, RequestRate } from './access.ts';
import { auditing, calledBy, concerning } from './audit.ts';
import { type ConversionRoutesOptions, conversionRoutes } from './conversion-routes.ts';
import { type DocumentRoutesOptions, documentRoutes } from './document-routes.ts';
import { boundLargeAnswers } from './large-answers.ts';
import { type OperationRoutesOptions, operationRoutes } from './operation-routes.ts';
import { type RecordRoutesOptions, recordRoutes } from './record-routes.ts';
import { type RoomRoutesOptions, roomRoutes } from './room-routes.ts';
import { asOpenApi, withSchemas } from './schemas.ts';

export interface ApiOptions
  extends AccessOptions,
    RecordRoutesOptions,
    DocumentRoutesOptions,
    ConversionRoutesOptions,
    RoomRoutesOptions,
    OperationRoutesOptions {
  readonly entrance: Pick<Entrance, 'addressOf'>;
  readonly log: Logger;
}

export const apiPrefix = '/api/v1/realtime';

export function apiRoutes(options: ApiOptions): FastifyPluginAsync {
  return async (app) => {
    await app.register((api) => everyRoute(api, options), { prefix: apiPrefix });
  };
}

async function everyRoute(app: FastifyInstance, options: ApiOptions): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'CivicPress Realtime',
        version,
        description: 'What operators and other programs ask of the server. Times are in ms since the epoch.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: '`admin.token`, or a token of CivicPress.' },
        },
      },
      security: [{ token: [] }],
    },
    transform: ({ schema, url }) => ({ schema: asOpenApi(schema ?? {}), url }),
  });

  const access = new ApiAccess(options);
  const rate = new RequestRate();
  const senderOf = ({ raw }: FastifyRequest) => networkOf(options.entrance.addressOf(raw));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    await rate.count(senderOf(request));
  });
  boundLargeAnswers(app, { senderOf });
  auditing(app, options.log);

  withSchemas(app).get(
    '/openapi.json',
    {
      schema: {
        tags: ['server'],
        operationId: 'readOpenApi',
        summary: 'This document.',
        security: [],
        response: { 200: z.record(z.string(), z.unknown()) },
      },
    },
    async () => app.swagger() as unknown as Record<string, unknown>,
  );

  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request: FastifyRequest) => {
      const documentName = documentOf((request.params as { recordId: string }).recordId);
      calledBy(request, await access.editorOf(request, documentName.slice('record:'.length)));
      concerning(request, { documentName });
    });
    recordRoutes(withSchemas(scope), options);
    documentRoutes(scope, options);
  });

  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request: FastifyRequest) => {
      calledBy(request, await access.administrator(request));
    });
    const api = withSchemas(scope);
    roomRoutes(api, options);
    operationRoutes(api, options);
    conversionRoutes(api, options);
  });
}
