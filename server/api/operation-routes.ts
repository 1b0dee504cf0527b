/**
 * The server itself: what it counts, whose rights it is to ask about, what waits for webhooks, and how much it logs. For
 * administrators.
 */
import { z } from 'zod';
import type { RecheckResult } from '../../extensions/rights.ts';
import { RealtimeError } from '../errors.ts';
import { type LogLevels, logLevelNames } from '../log-levels.ts';
import type { Operators } from '../operators.ts';
import type { Revocation } from '../ports.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { documentOf } from './access.ts';
import { concerning } from './audit.ts';
import type { ApiInstance } from './schemas.ts';
import { next, pageQuery, time } from './shapes.ts';

export interface OperationRoutesOptions {
  readonly operators: Operators;
  readonly statistics: () => Promise<Statistics>;
  readonly revoke: (revocation: Revocation) => Promise<RecheckResult>;
  /** Unset: none are configured, so nothing waits. */
  readonly webhooks: Pick<Webhooks, 'status' | 'deadLetters' | 'resend'> | undefined;
  /** `null`: the level is not ours to change. */
  readonly logLevels: LogLevels | null;
}

const counts = z.object({ messages: z.int(), bytes: z.int() });

const statistics = z.object({
  node: z.string().describe('The one that answers; the numbers are of this node alone.'),
  version: z.string(),
  uptimeSeconds: z.int(),
  memory: z.object({ rssBytes: z.int(), heapUsedBytes: z.int() }),
  sockets: z.int(),
  rooms: z.int(),
  connections: z.int(),
  users: z.int(),
  addresses: z.int(),
  unsavedRooms: z.int(),
  traffic: z.array(counts.extend({ direction: z.enum(['in', 'out']), kind: z.string() })),
  dependencies: z.record(
    z.string(),
    z.object({
      state: z.enum(['up', 'down', 'unknown']),
      lastSuccess: z.string().nullable(),
      lastFailure: z.string().nullable(),
      latencyMs: z.number().nullable(),
      reason: z.string().nullable(),
    }),
  ),
});

export type Statistics = z.input<typeof statistics>;

const text = z.string().min(1).max(1_024);

const logLevel = z.object({
  level: z.enum(logLevelNames),
  configured: z.enum(logLevelNames),
  until: time.nullable().describe('When it goes back, in ms since the epoch; null when it stays.'),
});

export function operationRoutes(app: ApiInstance, options: OperationRoutesOptions): void {
  const { operators, revoke, webhooks, logLevels } = options;

  app.get(
    '/statistics',
    {
      schema: {
        tags: ['server'],
        operationId: 'readStatistics',
        summary: 'How many there are, what came and went, and how the dependencies do.',
        response: { 200: statistics },
      },
    },
    () => options.statistics(),
  );

  app.post(
    '/revoke',
    {
      schema: {
        tags: ['server'],
        operationId: 'revoke',
        summary:
          'Somebody’s rights have changed: CivicPress is asked at once about everybody whom it concerns.',
        body: z.union(
          [
            z.strictObject({ userId: text }),
            z.strictObject({ token: text }),
            z.strictObject({ recordId: text }),
          ],
          { error: 'must be one of {"userId": …}, {"token": …} and {"recordId": …}, with a text' },
        ),
        response: {
          200: z
            .object({
              checked: z.int(),
              demoted: z.int(),
              promoted: z.int(),
              closed: z.int(),
              unanswered: z.int(),
            })
            .describe('In connections of this node; the others do the same.'),
        },
      },
    },
    async (request) => {
      const revocation = request.body;
      if ('recordId' in revocation) concerning(request, { documentName: documentOf(revocation.recordId) });
      if ('userId' in revocation) concerning(request, { of: revocation.userId });
      return revoke(revocation);
    },
  );

  app.get(
    '/webhooks',
    {
      schema: {
        tags: ['webhooks'],
        operationId: 'readWebhooks',
        summary: 'How many events wait and how many were given up, and the addresses that do not answer.',
        response: {
          200: z.object({ pending: z.int(), dead: z.int(), failing: z.array(z.string()) }),
        },
      },
    },
    async () => (await webhooks?.status()) ?? { pending: 0, dead: 0, failing: [] },
  );

  app.get(
    '/webhooks/dead-letters',
    {
      schema: {
        tags: ['webhooks'],
        operationId: 'listDeadLetters',
        summary: 'Events that were given up, the oldest first.',
        querystring: pageQuery.extend({ after: z.coerce.number().int().min(0).default(0) }),
        response: {
          200: z.object({
            deadLetters: z.array(
              z.object({
                id: z.int(),
                eventId: z.string(),
                event: z.string(),
                target: z.string(),
                room: z.string(),
                body: z.string(),
                createdAt: time,
                deadAt: time,
                error: z.string(),
              }),
            ),
            next,
          }),
        },
      },
    },
    async ({ query: { after, limit } }) => {
      const found = (await webhooks?.deadLetters(after, limit + 1)) ?? [];
      const deadLetters = found.slice(0, limit);
      return { deadLetters, next: found.length > limit ? String(deadLetters.at(-1)?.id) : null };
    },
  );

  app.post(
    '/webhooks/dead-letters/:id/resend',
    {
      schema: {
        tags: ['webhooks'],
        operationId: 'resendDeadLetter',
        summary: 'Sends it again: it has another `webhooks.give_up_hours`.',
        params: z.object({ id: z.string().max(32) }),
        response: { 202: z.object({ resent: z.int() }) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const isNumber = /^[1-9]\d{0,14}$/.test(id);
      if (!isNumber || !(await webhooks?.resend(Number(id)))) throw new RealtimeError('no-such-dead-letter');
      concerning(request, { deadLetter: Number(id) });
      return reply.code(202).send({ resent: Number(id) });
    },
  );

  app.get(
    '/log-level',
    {
      schema: {
        tags: ['server'],
        operationId: 'readLogLevel',
        summary: 'How much this node logs.',
        response: { 200: logLevel },
      },
    },
    async () => levelsOf(logLevels).state,
  );

  app.put(
    '/log-level',
    {
      schema: {
        tags: ['server'],
        operationId: 'setLogLevel',
        summary:
          'Changes how much all nodes log; for a time, after which it is again what it was configured to be.',
        body: z.strictObject({
          level: z.enum(logLevelNames),
          seconds: z.int().min(1).max(86_400).optional(),
        }),
        response: { 200: logLevel },
      },
    },
    async (request) => {
      const { level, seconds = null } = request.body;
      const levels = levelsOf(logLevels);
      concerning(request, { level, seconds });
      await operators.setLogLevel(level, seconds);
      return levels.state;
    },
  );
}

/** @throws RealtimeError `not-our-log` */
function levelsOf(logLevels: LogLevels | null): LogLevels {
  if (!logLevels) throw new RealtimeError('not-our-log');
  return logLevels;
}
