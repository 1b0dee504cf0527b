/**
 * Watches specs change, in browsers and in Node: over a WebSocket, and by itself over server-sent events where that
 * cannot be had. Nothing is lost and nothing told twice when the connection or the transport changes.
 */
import type { SpecMetadata } from '../../extensions/spec-updates/events.ts';
import type { SpecFilter } from '../../extensions/spec-updates/filter.ts';
import { Connection, type ConnectionState } from './connection.ts';
import { openEventStreamLink } from './event-stream-link.ts';
import type { WireMessage } from './link.ts';
import { Sequence, type SpecChangeEvent } from './sequence.ts';
import { openWebSocketLink } from './web-socket-link.ts';

export interface WatchSpecsOptions extends SpecFilter {
  /** Of the realtime server, such as `https://records.example.org`. */
  readonly url: string;
  /** CivicPress' token, or what gives the one of now: it is asked for each connection. */
  readonly token: string | (() => string | Promise<string>);
  /** Events a second that you can take for long; more changes come in fewer events. */
  readonly maxPerSecond?: number;
  /** One change, or several that came together. */
  readonly onEvent: (event: SpecChangeEvent) => void;
  /** Everything as it is now: at the beginning, and when what was missed is too long ago to be told. */
  readonly onReset?: (specs: SpecMetadata[]) => void;
  /** How things stand with the connection. */
  readonly onState?: (state: ConnectionState) => void;
  /** Path of the WebSocket, by the server's setting `path`. */
  readonly path?: string;
  /** How long a transport may take until the other one is tried, in ms. */
  readonly patienceMs?: number;
  /** Pause between two looks at whether a WebSocket can be had again, in ms. */
  readonly probeEveryMs?: number;
  /** How long the server may say nothing at all, in ms. */
  readonly silenceMs?: number;
  /** The first and the longest pause between attempts, in ms. */
  readonly backoff?: { readonly minMs: number; readonly maxMs: number };
  /** For Node 20, which has none: that of the package `ws`. `null` for none: events come as server-sent events. */
  readonly WebSocket?: typeof globalThis.WebSocket | null;
}

export interface SpecsWatch {
  readonly state: ConnectionState;
  /** Of the last event that has one. */
  readonly lastEventId: string | null;
  close(): void;
}

/**
 * @example
 * const watch = watchSpecs({
 *   url: 'https://records.example.org',
 *   token: () => civicpressToken(),
 *   specIds: ['E13-*'],
 *   includeChildren: true,
 *   onReset: (specs) => show(specs),
 *   onEvent: ({ event, data }) => console.log(event, data),
 * });
 * // …
 * watch.close();
 */
export function watchSpecs(options: WatchSpecsOptions): SpecsWatch {
  const { specIds, includeChildren, events, status, priority, maxPerSecond, onEvent, onReset } = options;
  const asked = { specIds, includeChildren, events, status, priority, maxPerSecond };
  const filter = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const sequence = new Sequence();
  const token = async () => (typeof options.token === 'function' ? options.token() : options.token);
  const linkOptions = () => ({
    token,
    filter,
    from: sequence.lastEventId,
    silenceMs: options.silenceMs ?? 50_000,
  });

  function take({ event, data }: WireMessage): void {
    if (event === 'specs.reset') {
      const { eventId, specs } = data as { eventId: string; specs: SpecMetadata[] };
      sequence.begin(eventId);
      onReset?.(specs);
    } else if (event.startsWith('spec')) {
      const unknown = sequence.newIn({ event, data } as SpecChangeEvent);
      if (unknown) onEvent(unknown);
    }
  }

  const base = options.url.replace(/\/$/, '');
  const connection = new Connection({
    open: {
      websocket: (handlers) =>
        openWebSocketLink(
          {
            ...linkOptions(),
            url: `${base.replace(/^http/, 'ws')}${options.path ?? '/realtime'}`,
            WebSocket: options.WebSocket === undefined ? globalThis.WebSocket : options.WebSocket,
          },
          handlers,
        ),
      'server-sent-events': (handlers) =>
        openEventStreamLink({ ...linkOptions(), url: `${base}/api/events/specs` }, handlers),
    },
    patienceMs: options.patienceMs ?? 4_000,
    probeEveryMs: options.probeEveryMs ?? 30_000,
    backoff: options.backoff ?? { minMs: 500, maxMs: 30_000 },
    onMessage: take,
    onState: (state) => options.onState?.(state),
  });
  return {
    get state() {
      return connection.state;
    },
    get lastEventId() {
      return sequence.lastEventId;
    },
    close: () => connection.close(),
  };
}
