/**
 * One connection over which events come, whatever it is made of. A link is opened once, lives, and ends once.
 */

/** An event as it came. */
export interface WireMessage {
  readonly event: string;
  readonly data: unknown;
}

export interface LinkEnd {
  /** A sentence. */
  readonly reason: string;
  /** Whether the server said no, and trying again does not help. Streams of events know: a status answers them. */
  readonly isRefusal: boolean;
  /** How long the server asks to wait. */
  readonly retryAfterMs?: number | undefined;
}

export interface LinkHandlers {
  /** From now on events come. */
  onLive(): void;
  onMessage(message: WireMessage): void;
  /** Once, unless we closed it ourselves. */
  onEnd(end: LinkEnd): void;
}

export interface LinkOptions {
  readonly token: () => string | Promise<string>;
  /** What is to be heard of, as the server's filter has it. */
  readonly filter: Readonly<Record<string, unknown>>;
  /** Everything behind this, `<epoch>:<number>`; everything that there is, when `null`. */
  readonly from: string | null;
  /** How long nothing at all may come until the link is taken for dead. */
  readonly silenceMs: number;
}

/** Closes it; nothing is handed over any more. */
export type CloseLink = () => void;

/** Runs `onSilence` when nobody has called `heard` for so long. */
export class SilenceWatch {
  readonly #silenceMs: number;
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(silenceMs: number, onSilence: () => void) {
    this.#silenceMs = silenceMs;
    this.#onSilence = onSilence;
    this.heard();
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onSilence, this.#silenceMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
