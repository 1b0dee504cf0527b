/**
 * What the server asks of tracing: something that began, what it belongs to, and when it ended. OpenTelemetry stands behind
 * it (open-telemetry.ts) where a collector is configured; else there is none, and nothing of this is called.
 */

export interface Span {
  /** @param error why it came to nothing */
  end(at?: number, error?: unknown): void;
}

export interface SpanDetails {
  /** In ms since the epoch, with fractions; now when unset. */
  readonly startedAt?: number;
  /** Of which it is a part; one without begins a trace. */
  readonly parent?: Span;
  /** Of other traces, for what is done for several of them together. */
  readonly links?: readonly Span[];
  readonly attributes: Readonly<Record<string, string | number>>;
}

export interface Spans {
  begin(name: string, details: SpanDetails): Span;
  /** Sends what has not been sent, for a moment at most. */
  close(): Promise<void>;
}

/** In ms since the epoch, with fractions. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
