/**
 * Opens the webhooks that the configuration names.
 */
import type { Config } from '../config.ts';
import { type EventName, eventNames } from '../events.ts';
import type { Logger } from '../ports.ts';
import { openOutbox } from './outbox.ts';
import { Webhooks } from './webhooks.ts';

const hourMs = 3_600_000;

/**
 * `null` when none are configured.
 *
 * @param file of the outbox
 */
export async function openWebhooks(
  { webhooks }: Config,
  file: string,
  log: Logger,
): Promise<Webhooks | null> {
  if (webhooks.urls.length === 0) return null;
  const opened = new Webhooks({
    outbox: await openOutbox(file),
    urls: [...new Set(webhooks.urls)],
    events: (webhooks.events as EventName[] | undefined) ?? eventNames,
    secret: webhooks.secret as string,
    privateHosts: webhooks.private_hosts,
    timeoutMs: webhooks.timeout_ms,
    retryMinMs: webhooks.retry_min_ms,
    retryMaxMs: webhooks.retry_max_ms,
    giveUpMs: webhooks.give_up_hours * hourMs,
    keepDeadMs: webhooks.keep_dead_days * 24 * hourMs,
    log,
  });
  await opened.start();
  return opened;
}
