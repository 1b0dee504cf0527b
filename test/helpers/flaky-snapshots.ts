/**
 * A snapshot store that fails on demand, in front of a real one.
 */
import type { Snapshot, SnapshotStore } from '../../server/ports.ts';

export class FlakySnapshots implements SnapshotStore {
  readonly #real: SnapshotStore;

  /** While set, writing fails like a full disk. */
  isFull = false;

  /** While set, reading fails. */
  isUnreadable = false;

  /** How many writes and reads were asked for. */
  writes = 0;
  reads = 0;

  constructor(real: SnapshotStore) {
    this.#real = real;
  }

  async read(documentName: string) {
    this.reads += 1;
    if (this.isUnreadable) throw new Error('EIO: i/o error, read /secret/path');
    return this.#real.read(documentName);
  }

  async write(documentName: string, snapshot: Snapshot) {
    this.writes += 1;
    if (this.isFull) throw new Error('ENOSPC: no space left on device');
    return this.#real.write(documentName, snapshot);
  }

  sending: SnapshotStore['sending'] = (...args) => this.#real.sending(...args);
  settle: SnapshotStore['settle'] = (...args) => this.#real.settle(...args);
  owing: SnapshotStore['owing'] = () => this.#real.owing();
  close: SnapshotStore['close'] = () => this.#real.close();
}

/** A store for `TownHall.open({ snapshots })`, and the handle that makes it fail. */
export function flakySnapshots(initial: { isUnreadable?: boolean } = {}): {
  snapshots: (real: SnapshotStore) => SnapshotStore;
  store: () => FlakySnapshots;
} {
  let flaky: FlakySnapshots | undefined;
  return {
    snapshots: (real) => {
      flaky = Object.assign(new FlakySnapshots(real), initial);
      return flaky;
    },
    store: () => {
      if (!flaky) throw new Error('the town hall is not open yet');
      return flaky;
    },
  };
}
