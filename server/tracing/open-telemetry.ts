/**
 * Spans that go to a collector of OpenTelemetry, over OTLP and HTTP. Its packages are loaded here and nowhere else, when a
 * collector is configured.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Span as OtelSpan } from '@opentelemetry/api';
import type { Config } from '../config.ts';
import { version } from '../version.ts';
import type { Span, Spans } from './spans.ts';

/** What a stop waits for the collector. */
const closingMs = 2_000;

/** `null` where no collector is configured. */
export async function openSpans({ tracing }: Config): Promise<Spans | null> {
  if (tracing.otlp_url === undefined) return null;
  const { api, sdk, resources, exporter } = await packages();
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': 'civicpress-realtime',
      'service.version': version,
    }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({ exporter: new exporter.OTLPTraceExporter({ url: tracing.otlp_url }) }),
    ],
  });
  const tracer = provider.getTracer('civicpress-realtime', version);
  const known = new WeakMap<Span, OtelSpan>();
  const contextOf = (span: Span) => known.get(span)?.spanContext();
  return {
    begin(name, { startedAt, parent, links = [], attributes }) {
      const outer = parent && known.get(parent);
      const context = outer ? api.trace.setSpan(api.ROOT_CONTEXT, outer) : api.ROOT_CONTEXT;
      const linked = links.flatMap((link) => {
        const spanContext = contextOf(link);
        return spanContext ? { context: spanContext } : [];
      });
      const options = {
        attributes: { ...attributes },
        links: linked,
        ...(startedAt && { startTime: startedAt }),
      };
      const made = tracer.startSpan(name, options, context);
      const span: Span = {
        end(at, error) {
          if (error !== undefined)
            made.setStatus({ code: api.SpanStatusCode.ERROR, message: messageOf(error) });
          made.end(at);
        },
      };
      known.set(span, made);
      return span;
    },
    async close() {
      await Promise.race([provider.shutdown(), delay(closingMs, undefined, { ref: false })]).catch(
        () => undefined,
      );
    },
  };
}

/** The code of ours, else the name: the message of any error may hold anything. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'error';
  return 'code' in error ? String(error.code) : error.name;
}

async function packages() {
  const [api, sdk, resources, exporter] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  return { api, sdk, resources, exporter };
}
