/**
 * What the server counts, in the format of Prometheus. Labels are bounded: never the name of a document or a user.
 *
 * On the way of an edit only numbers are added up; everything that can be looked up is looked up when somebody asks.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { SpecStatistics } from '../../extensions/spec-updates/statistics.ts';
import { parseDocumentName } from '../document-name.ts';
import type { ErrorCode } from '../errors.ts';
import type { EventName } from '../events.ts';
import type { Dependencies } from './dependencies.ts';
import { Distribution } from './distribution.ts';
import type { Traffic } from './traffic.ts';

/** What is looked up when somebody asks. */
export interface Sights {
  sockets(): number;
  rooms(): readonly Room[];
  readonly traffic: Traffic;
  readonly dependencies: Dependencies;
}

interface Room {
  readonly documentName: string;
  readonly connections: number;
  /** In ms since the epoch. */
  readonly unsavedSince: number | null;
}

/** A call of a port that is timed. */
export type TimedCall = 'append' | 'snapshot' | 'draft';

const fastSeconds = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const slowSeconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const kilobytes = [1, 10, 100, 1_000, 10_000].map((size) => size * 1_024);

export class Metrics {
  readonly #registry = new Registry();
  readonly #register = [this.#registry];

  readonly #acknowledgements = new Distribution({
    name: 'realtime_acknowledgement_seconds',
    help: 'From an edit in memory to its acknowledgement, durable.',
    buckets: fastSeconds,
    registers: this.#register,
  });

  readonly #calls: Readonly<Record<TimedCall, Distribution>> = {
    append: new Distribution({
      name: 'realtime_journal_append_seconds',
      help: 'From handing edits to the journal to their being durable.',
      buckets: fastSeconds,
      registers: this.#register,
    }),
    snapshot: new Distribution({
      name: 'realtime_snapshot_write_seconds',
      help: 'How long storing a snapshot took.',
      buckets: slowSeconds,
      registers: this.#register,
    }),
    draft: new Distribution({
      name: 'realtime_draft_write_seconds',
      help: 'How long CivicPress took to store a draft.',
      buckets: slowSeconds,
      registers: this.#register,
    }),
  };

  readonly #batches = new Distribution({
    name: 'realtime_journal_append_entries',
    help: 'Edits of one document that were handed to the journal at once.',
    buckets: [1, 2, 5, 10, 25, 100, 1_000],
    registers: this.#register,
  });

  readonly #snapshotBytes = new Distribution({
    name: 'realtime_snapshot_bytes',
    help: 'Size of a snapshot as it is stored.',
    buckets: kilobytes,
    registers: this.#register,
  });

  readonly #removedSnapshots = new Counter({
    name: 'realtime_snapshots_removed_total',
    help: 'Versions that were removed because they need not stay.',
    registers: this.#register,
  });

  readonly #failures = new Counter({
    name: 'realtime_failures_total',
    help: 'Calls that a dependency did not answer, or answered with a failure.',
    labelNames: ['dependency'],
    registers: this.#register,
  });

  readonly #refusals = new Counter({
    name: 'realtime_refused_total',
    help: 'What clients were refused, by the code of the reason.',
    labelNames: ['code'],
    registers: this.#register,
  });

  readonly #events = new Counter({
    name: 'realtime_events_total',
    help: 'What happened, by the name of the event: rooms, clients, snapshots, conflicts.',
    labelNames: ['event'],
    registers: this.#register,
  });

  constructor(sights: Sights) {
    this.#lookUp('realtime_sockets', 'Open WebSockets.', () => sights.sockets());
    this.#lookUpByType('realtime_rooms', 'Open documents, by the type of room.', sights, () => 1);
    this.#lookUpByType(
      'realtime_connections',
      'Who is in a room, by its type.',
      sights,
      (room) => room.connections,
    );
    const unsaved = () => sights.rooms().flatMap(({ unsavedSince }) => unsavedSince ?? []);
    this.#lookUp(
      'realtime_unsaved_rooms',
      'Documents with edits that are not in their draft yet.',
      () => unsaved().length,
    );
    this.#lookUp('realtime_unsaved_seconds', 'Age of the oldest such edit.', () => {
      const oldest = Math.min(...unsaved());
      return Number.isFinite(oldest) ? Math.max(0, (Date.now() - oldest) / 1_000) : 0;
    });
    this.#lookUpTraffic('realtime_messages_total', 'WebSocket messages.', sights, ({ messages }) => messages);
    this.#lookUpTraffic('realtime_message_bytes_total', 'Their bytes.', sights, ({ bytes }) => bytes);
    new Gauge({
      name: 'realtime_dependency_up',
      help: 'Whether what the server depends on answered last time it was asked.',
      labelNames: ['dependency'],
      registers: this.#register,
      async collect() {
        await sights.dependencies.ask();
        for (const [dependency, { state }] of Object.entries(sights.dependencies.reports())) {
          this.set({ dependency }, state === 'up' ? 1 : 0);
        }
      },
    });
  }

  /** Adds what Node says of the process: memory, CPU, event-loop lag. Once in a process: its observers stay. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Adds what the spec feed has done. */
  watchSpecs(statistics: SpecStatistics): void {
    new Gauge({
      name: 'realtime_spec_connections',
      help: 'Who is connected to follow specs, by transport.',
      labelNames: ['transport'],
      registers: this.#register,
      collect() {
        for (const [transport, count] of Object.entries(statistics.toJSON().connections)) {
          this.set({ transport }, count);
        }
      },
    });
    this.#lookUp('realtime_specs', 'Specs in the watched folder.', () => statistics.specs);
    this.#lookUp('realtime_spec_subscriptions', 'Subscriptions to specs.', () => statistics.subscriptions);
    this.#lookUp(
      'realtime_spec_lag_seconds',
      'From noticing the last change of a spec to telling it.',
      () => statistics.lagMs / 1_000,
    );
    new Counter({
      name: 'realtime_spec_events_total',
      help: 'Events of specs: published, delivered to subscribers, changes that became one with a newer one, readers cut off.',
      labelNames: ['what'],
      registers: this.#register,
      collect() {
        this.reset();
        const { events, delivered, coalesced, cutOff } = statistics;
        for (const [what, count] of Object.entries({ published: events, delivered, coalesced, cutOff })) {
          this.inc({ what }, count);
        }
      },
    });
  }

  acknowledged(afterMs: number): void {
    this.#acknowledgements.observe(afterMs / 1_000);
  }

  timed(call: TimedCall, tookMs: number): void {
    this.#calls[call].observe(tookMs / 1_000);
  }

  appended(entries: number): void {
    this.#batches.observe(entries);
  }

  stored(snapshotBytes: number): void {
    this.#snapshotBytes.observe(snapshotBytes);
  }

  removed(versions: number): void {
    this.#removedSnapshots.inc(versions);
  }

  failed(dependency: string): void {
    this.#failures.inc({ dependency });
  }

  refused(code: ErrorCode): void {
    this.#refusals.inc({ code });
  }

  happened(event: EventName): void {
    this.#events.inc({ event });
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #lookUp(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: this.#register,
      collect() {
        this.set(value());
      },
    });
  }

  #lookUpByType(name: string, help: string, sights: Sights, count: (room: Room) => number): void {
    new Gauge({
      name,
      help,
      labelNames: ['type'],
      registers: this.#register,
      collect() {
        this.reset();
        for (const room of sights.rooms())
          this.inc({ type: parseDocumentName(room.documentName).type }, count(room));
      },
    });
  }

  #lookUpTraffic(
    name: string,
    help: string,
    { traffic }: Sights,
    count: (counted: { messages: number; bytes: number }) => number,
  ): void {
    new Counter({
      name,
      help,
      labelNames: ['direction', 'kind'],
      registers: this.#register,
      collect() {
        this.reset();
        for (const { direction, kind, ...counted } of traffic.counted())
          this.inc({ direction, kind }, count(counted));
      },
    });
  }
}
