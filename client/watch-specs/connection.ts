/**
 * Keeps one link to the server alive: a WebSocket where that can be had, else server-sent events, and back.
 *
 * What was live last is tried first. While the stand-in is live, the WebSocket is tried again beside it now and then;
 * the stand-in goes only when the other one is live. Both may then bring the same events: each says where it stands in
 * the feed, so whoever listens passes over what it has.
 */
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { CloseLink, LinkEnd, LinkHandlers, WireMessage } from './link.ts';

export type Transport = 'websocket' | 'server-sent-events';

export type ConnectionState =
  | { readonly is: 'connecting'; readonly reason?: string }
  | { readonly is: 'live'; readonly transport: Transport }
  /** The server said no; only `close()` is left. */
  | { readonly is: 'refused'; readonly reason: string }
  | { readonly is: 'closed' };

export interface ConnectionOptions {
  /** Opens a link that brings everything behind what was heard so far. */
  readonly open: Readonly<Record<Transport, (handlers: LinkHandlers) => CloseLink>>;
  /** How long a link may take to become live. */
  readonly patienceMs: number;
  /** Pause between two looks at whether a WebSocket can be had again. */
  readonly probeEveryMs: number;
  readonly backoff: BackoffOptions;
  readonly onMessage: (message: WireMessage) => void;
  readonly onState: (state: ConnectionState) => void;
}

const other = { websocket: 'server-sent-events', 'server-sent-events': 'websocket' } as const;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #backoff: Backoff;
  #state: ConnectionState = { is: 'connecting' };
  /** The link that is live or about to be, and the one that is tried beside it. */
  #closeLink: CloseLink = () => undefined;
  #closeProbe: CloseLink = () => undefined;
  /** Until the next attempt, or the next probe. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #preferred: Transport = 'websocket';

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
    this.#try(this.#preferred, true);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  close(): void {
    this.#stop();
    this.#become({ is: 'closed' });
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#closeProbe();
    this.#closeLink();
  }

  #become(state: ConnectionState): void {
    if (this.#state.is === 'closed') return;
    this.#state = state;
    this.#options.onState(state);
  }

  /** @param isFirst whether the other transport has its turn when this one fails */
  #try(transport: Transport, isFirst: boolean): void {
    let wasLive = false;
    this.#closeLink = this.#open(transport, {
      onLive: () => {
        wasLive = true;
        this.#isLive(transport);
      },
      onEnd: (end) => {
        if (wasLive) this.#lost(end);
        else if (end.isRefusal) this.#become({ is: 'refused', reason: end.reason });
        else if (isFirst) this.#try(other[transport], false);
        else this.#failed(end);
      },
    });
  }

  #isLive(transport: Transport): void {
    this.#preferred = transport;
    this.#backoff.reset();
    this.#become({ is: 'live', transport });
    if (transport === 'server-sent-events') this.#probeLater();
  }

  #lost(end: LinkEnd): void {
    this.#stop();
    this.#become({ is: 'connecting', reason: end.reason });
    this.#tryLater(end);
  }

  /** Neither transport became live. */
  #failed(end: LinkEnd): void {
    this.#become({ is: 'connecting', reason: end.reason });
    this.#tryLater(end);
  }

  #tryLater({ retryAfterMs = 0 }: LinkEnd): void {
    const pauseMs = Math.max(retryAfterMs, this.#backoff.next());
    this.#timer = setTimeout(() => this.#try(this.#preferred, true), pauseMs);
  }

  #probeLater(): void {
    const { probeEveryMs } = this.#options;
    this.#timer = setTimeout(() => this.#probe(), probeEveryMs * (0.8 + Math.random() * 0.4));
  }

  #probe(): void {
    let isAdopted = false;
    const closeProbe = this.#open('websocket', {
      onLive: () => {
        isAdopted = true;
        this.#closeLink();
        this.#closeLink = closeProbe;
        this.#closeProbe = () => undefined;
        this.#isLive('websocket');
      },
      onEnd: (end) => {
        if (isAdopted) this.#lost(end);
        else this.#probeLater();
      },
    });
    this.#closeProbe = closeProbe;
  }

  /** Opens a link that ends by itself when it is not live in time. */
  #open(transport: Transport, { onLive, onEnd }: Omit<LinkHandlers, 'onMessage'>): CloseLink {
    const { open, patienceMs, onMessage } = this.#options;
    const impatience = setTimeout(() => {
      closeLink();
      onEnd({ reason: 'The server does not answer.', isRefusal: false });
    }, patienceMs);
    const closeLink = open[transport]({
      onMessage,
      onLive: () => {
        clearTimeout(impatience);
        onLive();
      },
      onEnd: (end) => {
        clearTimeout(impatience);
        onEnd(end);
      },
    });
    return () => {
      clearTimeout(impatience);
      closeLink();
    };
  }
}
