/** The rows of the bench, by the names that `--only` takes, each with the seconds that it needs to be worth something. */
import { acknowledgement } from './acknowledgement.ts';
import { awareness } from './awareness.ts';
import { cluster } from './cluster.ts';
import { compaction } from './compaction.ts';
import type { Comparison } from './comparison.ts';
import { disk } from './disk.ts';
import { fanOut } from './fan-out.ts';
import type { Finding } from './finding.ts';
import { idleMemory } from './idle-memory.ts';
import { joiningRow } from './joining.ts';
import { opening } from './opening.ts';
import { rooms } from './pairs.ts';
import { specTransports } from './spec-transports.ts';
import { specs } from './specs.ts';
import { specsSoak } from './specs-soak.ts';

export interface Scale {
  /** How often all are measured in turn. */
  readonly rounds: number;
  /** How long is typed in each of them. */
  readonly seconds: number;
}

export interface Row<Result> {
  readonly run: (scale: Scale) => Promise<Result[]>;
  /** How long it needs to be worth something. */
  readonly seconds: number;
}

/** In the order of docs/benchmarks.md. */
export const speedRows: Readonly<Record<string, Row<Comparison> & { title: string }>> = {
  'fan-out': { run: fanOut, seconds: 10, title: 'S1: one room, 5 writers of 10 characters a second' },
  rooms: { run: rooms, seconds: 5, title: 'S2: rooms of two, each typing 5 characters a second' },
  'idle-memory': { run: idleMemory, seconds: 0, title: 'S3: 1,000 idle connections' },
  opening: { run: opening, seconds: 0, title: 'S4: opening a document that nobody has open' },
  disk: { run: disk, seconds: 12, title: 'S5: storing 50 edits a second' },
  awareness: { run: awareness, seconds: 8, title: 'S6: 200 cursors, each moving 10 times a second' },
  joining: { run: joiningRow, seconds: 0, title: 'S7: 500 clients joining at once' },
  cluster: {
    run: cluster,
    seconds: 8,
    title: 'Two nodes, beside two of Hocuspocus with its extension for Redis',
  },
};
export const speedRowNames = Object.keys(speedRows);

export const otherRows: Readonly<Record<string, Row<Finding>>> = {
  acknowledgement: { run: acknowledgement, seconds: 10 },
  compaction: { run: compaction, seconds: 20 },
  specs: { run: specs, seconds: 0 },
  'spec-transports': { run: specTransports, seconds: 0 },
  'specs-soak': { run: specsSoak, seconds: 0 },
};
