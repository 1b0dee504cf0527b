/**
 * A link over server-sent events, for where a proxy lets no WebSocket through.
 *
 * It reads the stream with `fetch` rather than `EventSource`: that is there in Node as in browsers, sends the token in
 * a header, sees the server's keep-alive, and learns why it was refused.
 */
import { createParser } from 'eventsource-parser';
import { type CloseLink, type LinkEnd, type LinkHandlers, type LinkOptions, SilenceWatch } from './link.ts';

export interface EventStreamLinkOptions extends LinkOptions {
  /** `https://…/api/events/specs` */
  readonly url: string;
}

/** A snapshot of very many specs is one event. */
const maxEventCharacters = 64 * 1_048_576;

export function openEventStreamLink(options: EventStreamLinkOptions, handlers: LinkHandlers): CloseLink {
  const { url, token, filter, from, silenceMs } = options;
  const abort = new AbortController();
  const silence = new SilenceWatch(silenceMs, () => end({ reason: 'The server fell silent.' }));
  let retryAfterMs: number | undefined;

  function close(): void {
    silence.stop();
    abort.abort();
  }

  function end({ reason, isRefusal = false }: Partial<LinkEnd> & Pick<LinkEnd, 'reason'>): void {
    if (abort.signal.aborted) return;
    close();
    handlers.onEnd({ reason, isRefusal, retryAfterMs });
  }

  const parser = createParser({
    maxBufferSize: maxEventCharacters,
    onEvent: ({ event = '', data }) => {
      // What was read together with the end is not to come behind it.
      if (!abort.signal.aborted) handlers.onMessage({ event, data: JSON.parse(data) });
    },
    onRetry: (ms) => {
      retryAfterMs = ms;
    },
  });

  async function read(): Promise<void> {
    const response = await fetch(addressOf(url, filter), {
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${await token()}`,
        ...(from !== null && { 'last-event-id': from }),
      },
      cache: 'no-store',
      signal: abort.signal,
    });
    if (!response.ok || !response.body) {
      const seconds = Number(response.headers.get('retry-after'));
      if (seconds > 0) retryAfterMs = seconds * 1_000;
      return end(await refusalIn(response));
    }
    handlers.onLive();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return end({ reason: 'The server ended the stream.' });
      silence.heard();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  }

  read().catch((error: unknown) => end({ reason: error instanceof Error ? error.message : String(error) }));
  return close;
}

/** Several values of one name are one parameter, with commas between. */
function addressOf(url: string, filter: EventStreamLinkOptions['filter']): URL {
  const address = new URL(url);
  for (const [name, value] of Object.entries(filter)) address.searchParams.set(name, String(value));
  return address;
}

async function refusalIn(response: Response): Promise<Pick<LinkEnd, 'reason' | 'isRefusal'>> {
  const body = (await response.json().catch(() => null)) as { error?: { message?: unknown } } | null;
  const reason = String(body?.error?.message ?? `The server answered ${response.status}.`);
  return { reason, isRefusal: [400, 401, 403, 404].includes(response.status) };
}
