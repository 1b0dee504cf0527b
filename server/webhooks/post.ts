/**
 * Posts one event to one address, signed, and says what became of it. Nothing of the answer is read but its status.
 */
import { createHmac } from 'node:crypto';
import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type Address, addressesFor } from './addresses.ts';
import type { Delivery } from './outbox.ts';

export interface PostOptions {
  readonly secret: string;
  readonly timeoutMs: number;
  readonly privateHosts: readonly string[];
}

/** `refused`: somebody answered, and not with 2xx. `unanswered`: nobody did. */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'refused'; readonly error: string; readonly retryAfterMs: number }
  | { readonly kind: 'unanswered'; readonly error: string };

/** Longer than any pause is not believed. */
const longestRetryAfterMs = 3_600_000;

/**
 * HMAC-SHA256 over the time of sending, a dot and the body, in hexadecimal.
 *
 * @param timestamp seconds since the epoch, as in the header
 */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

/** Never rejects. */
export async function post(
  target: string,
  delivery: Delivery,
  { secret, timeoutMs, privateHosts }: PostOptions,
  stopping: AbortSignal,
): Promise<Outcome> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(timeoutMs)]);
  try {
    const url = new URL(target);
    const addresses = await unlessAborted(addressesFor(url, privateHosts), signal);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(delivery.body),
      'user-agent': 'CivicPress-Realtime',
      'x-civicpress-event': delivery.event,
      'x-civicpress-delivery': delivery.eventId,
      'x-civicpress-sequence': String(delivery.id),
      'x-civicpress-timestamp': timestamp,
      'x-civicpress-signature': `sha256=${signatureOf(secret, timestamp, delivery.body)}`,
    };
    const { status, retryAfter } = await send(url, addresses, headers, delivery.body, signal);
    if (status >= 200 && status < 300) return { kind: 'delivered' };
    const retryAfterMs = /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : 0;
    return {
      kind: 'refused',
      error: `answered with ${status}`,
      retryAfterMs: Math.min(retryAfterMs, longestRetryAfterMs),
    };
  } catch (error) {
    return { kind: 'unanswered', error: error instanceof Error ? error.message : String(error) };
  }
}

/** A redirect is an answer like any other: nobody follows it. */
function send(
  url: URL,
  addresses: readonly Address[],
  headers: RequestOptions['headers'],
  body: string,
  signal: AbortSignal,
): Promise<{ status: number; retryAfter: string }> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const options = { method: 'POST', headers, signal, lookup: onlyAt(addresses), agent: false } as const;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      response.on('error', () => undefined);
      // A body that never ends is nothing to wait for.
      response.destroy();
      resolve({ status, retryAfter: answered['retry-after'] ?? '' });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function onlyAt(addresses: readonly Address[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** A look-up cannot be ended, only left behind. */
function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  return Promise.race([work, aborted]);
}
