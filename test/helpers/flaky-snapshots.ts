/**
 * A snapshot store that fails on demand, in front of a real one.
 */
import type { SnapshotInfo, SnapshotStore } from '../../server/ports.ts';

export class FlakySnapshots implements SnapshotStore {
  readonly #real: SnapshotStore;

  /** While set, writing fails like a full disk. */
  isFull = false;

  /** While set, listing and reading fail. */
  isUnreadable = false;

  /** While set, writing waits for it. */
  held: Promise<void> | undefined;

  /** How many writes were asked for, and how often the versions of a document. */
  writes = 0;
  reads = 0;

  constructor(real: SnapshotStore) {
    this.#real = real;
  }

  get keepsVersions() {
    return this.#real.keepsVersions;
  }

  async list(documentName: string) {
    this.reads += 1;
    this.#refuseWhenUnreadable();
    return this.#real.list(documentName);
  }

  async newest(documentName: string) {
    this.reads += 1;
    this.#refuseWhenUnreadable();
    return this.#real.newest(documentName);
  }

  async read(documentName: string, revision: number) {
    this.#refuseWhenUnreadable();
    return this.#real.read(documentName, revision);
  }

  async write(documentName: string, info: SnapshotInfo, bytes: Uint8Array) {
    this.writes += 1;
    await this.held;
    if (this.isFull) throw new Error('ENOSPC: no space left on device');
    return this.#real.write(documentName, info, bytes);
  }

  rename: SnapshotStore['rename'] = (...args) => this.#real.rename(...args);
  remove: SnapshotStore['remove'] = (...args) => this.#real.remove(...args);
  documents: SnapshotStore['documents'] = () => this.#real.documents();
  close: SnapshotStore['close'] = () => this.#real.close();

  #refuseWhenUnreadable(): void {
    if (this.isUnreadable) throw new Error('EIO: i/o error, read /secret/path');
  }
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
