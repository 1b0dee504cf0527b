/**
 * A journal that fails or stalls on demand, in front of a real one.
 */
import type { Journal, Ledger, NewJournalEntry, Position } from '../../server/ports.ts';

export class FlakyJournal implements Journal, Ledger {
  readonly isShared = false;
  readonly #real: Journal & Ledger;

  /** While set, appending fails like a full disk. */
  isFull = false;

  /** While set, an append waits. */
  #stalled: Promise<void> | undefined;
  #goOn: () => void = () => undefined;

  /** What was asked to be appended. */
  readonly appended: { documentName: string; entry: NewJournalEntry }[] = [];

  constructor(real: Journal & Ledger) {
    this.#real = real;
  }

  stall(): void {
    this.#stalled = new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  goOn(): void {
    this.#goOn();
    this.#stalled = undefined;
  }

  async append(documentName: string, entries: readonly NewJournalEntry[]): Promise<Position> {
    for (const entry of entries) this.appended.push({ documentName, entry });
    await this.#stalled;
    if (this.isFull) throw new Error('SQLITE_FULL: database or disk is full, /secret/path');
    return this.#real.append(documentName, entries);
  }

  read: Journal['read'] = (...args) => this.#real.read(...args);
  trim: Journal['trim'] = (...args) => this.#real.trim(...args);
  follow: Journal['follow'] = (...args) => this.#real.follow(...args);
  recall: Ledger['recall'] = (...args) => this.#real.recall(...args);
  sending: Ledger['sending'] = (...args) => this.#real.sending(...args);
  settle: Ledger['settle'] = (...args) => this.#real.settle(...args);
  owing: Ledger['owing'] = () => this.#real.owing();
  close: Journal['close'] = () => this.#real.close();
}

/** A journal for `TownHall.open({ journal })`, and the handle that makes it fail. */
export function flakyJournal(): {
  journal: (real: Journal & Ledger) => Journal & Ledger;
  handle: () => FlakyJournal;
} {
  let flaky: FlakyJournal | undefined;
  return {
    journal: (real) => {
      flaky = new FlakyJournal(real);
      return flaky;
    },
    handle: () => {
      if (!flaky) throw new Error('the town hall is not open yet');
      return flaky;
    },
  };
}
