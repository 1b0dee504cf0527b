/**
 * Receives webhooks: believes only what is signed and fresh, and takes each event once.
 *
 * An example to copy; `test/examples.test.ts` runs it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';

export interface RealtimeEvent {
  /** The same when an event comes again. */
  readonly id: string;
  readonly event: string;
  readonly timestamp: string;
  readonly correlationId: string;
  readonly data: { readonly roomId: string; readonly recordId: string | null } & Record<string, unknown>;
}

/** Longer ago, or further ahead, a request was sent by somebody who has listened. */
const longestSeconds = 300;

const longestBody = 1_048_576;

/**
 * @param secret the one in `webhooks.secret`
 * @param onEvent when it rejects, the event comes again later
 */
export function createReceiver(secret: string, onEvent: (event: RealtimeEvent) => Promise<void>): Server {
  /** Keep these in your database, for a day and more, and write them together with what the event changes there. */
  const seen = new Set<string>();

  return createServer(async (request, response) => {
    const answer = (status: number) => void response.writeHead(status).end();
    try {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) {
        body += chunk;
        if (body.length > longestBody) return answer(413);
      }
      const timestamp = String(request.headers['x-civicpress-timestamp']);
      const signature = String(request.headers['x-civicpress-signature']);
      if (!isSigned(secret, timestamp, body, signature) || !isFresh(timestamp)) return answer(401);

      const event = JSON.parse(body) as RealtimeEvent;
      if (!seen.has(event.id)) {
        await onEvent(event);
        seen.add(event.id);
      }
      answer(204);
    } catch {
      answer(500);
    }
  });
}

function isSigned(secret: string, timestamp: string, body: string, signature: string): boolean {
  const expected = Buffer.from(
    `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`,
  );
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function isFresh(timestamp: string): boolean {
  return Math.abs(Date.now() / 1_000 - Number(timestamp)) <= longestSeconds;
}
