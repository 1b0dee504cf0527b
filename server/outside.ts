/**
 * All that the server is handed from outside. Each port states its contract where it is defined.
 */
import type { SpecArchive } from '../extensions/spec-updates/archive.ts';
import type { Leases } from './leases.ts';
import type { NodeBus, NoticeBoard } from './node-bus.ts';
import type { Events, Identity, Journal, Ledger, Logger, Records, SnapshotStore } from './ports.ts';
import type { SharedLimits } from './shared-limits.ts';
import type { Spans } from './tracing/spans.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

export interface Ports {
  readonly identity: Identity;
  readonly records: Records;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly snapshots: SnapshotStore;
  /** Of documents, and of what one process does for all; without them this process is the only one. */
  readonly leases?: Leases;
  /** To the other nodes, when there are some. */
  readonly bus?: NodeBus;
  /** What they know of the spec files together. */
  readonly specs?: SpecArchive;
  /** On which they tell each other whose rights have changed. */
  readonly revocations?: NoticeBoard;
  /** Counted over all of them; without it this one counts by itself. */
  readonly limits?: SharedLimits;
  /** Nobody hears them when there is none. */
  readonly events?: Events;
  /** What the API shows of them; none are configured when unset. */
  readonly webhooks?: Pick<Webhooks, 'status' | 'deadLetters' | 'resend'>;
  /** Where traces go; without it there are none. */
  readonly spans?: Spans;
  readonly log: Logger;
}
