/**
 * What waits for webhooks, and what was given up: for whoever has `admin.token`.
 */
import type { FastifyInstance } from 'fastify';
import { onlyForAdministrators } from '../admin-token.ts';
import type { Webhooks } from './webhooks.ts';

export interface WebhookRoutesOptions {
  /** Unset: none are configured, so nothing waits. */
  readonly webhooks: Pick<Webhooks, 'status' | 'deadLetters' | 'resend'> | undefined;
  /** Unset: nobody may see them. */
  readonly token: string | undefined;
}

export async function webhookRoutes(
  app: FastifyInstance,
  { webhooks, token }: WebhookRoutesOptions,
): Promise<void> {
  app.addHook('onRequest', onlyForAdministrators(token));

  app.get('/', async () => (await webhooks?.status()) ?? { pending: 0, dead: 0, failing: [] });

  app.get('/dead-letters', async () => ({ deadLetters: (await webhooks?.deadLetters()) ?? [] }));

  app.post<{ Params: { id: string } }>('/dead-letters/:id/resend', async ({ params }, reply) => {
    const isNumber = /^[1-9]\d{0,14}$/.test(params.id);
    if (isNumber && (await webhooks?.resend(Number(params.id))))
      return reply.code(202).send({ resent: Number(params.id) });
    const message = 'There is no such dead letter, or its address is not configured any more.';
    return reply.code(404).send({ error: { code: 'not-found', message } });
  });
}
