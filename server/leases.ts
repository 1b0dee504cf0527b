/**
 * Which process does what must be done by one alone: keep a document's snapshots and its record in step, sweep.
 *
 * A lease is held for a short time and renewed; when its holder dies another one gets it. Each time that one changes
 * hands it has a new token, by which whatever a former holder still writes is refused.
 */

export interface Leases {
  /** Begins to renew what is held. @param onOrphans what a document's keeper left behind that died; it is held now */
  start(onOrphans: (documentNames: readonly string[]) => void): void;
  /**
   * Wants this lease until `leave`. `onGained` is called each time that it was got; once that has resolved it is held.
   */
  want(name: string, onGained: () => Promise<void>): void;
  /** Gives it to whoever wants it. */
  leave(name: string): void;
  /** Whether this process holds it now. */
  holds(name: string): boolean;
  /** Asks whoever holds it to hand it over to this process, which wants it; resolves with whether it holds it now. */
  claim(name: string): Promise<boolean>;
  /** Of the lease, while this process has it or is about to hold it. */
  tokenOf(name: string): string | null;
  /** Takes those that nobody has; resolves with their names. Each is kept until it is wanted and left. */
  take(names: readonly string[]): Promise<string[]>;
  /** Gives everything back. What is unfinished is somebody else's to take up, whether they want it or not. */
  close(unfinished: readonly string[]): Promise<void>;
}

/** Where this process is the only one. */
export class LocalLeases implements Leases {
  start(): void {}

  want(_name: string, onGained: () => Promise<void>): void {
    void onGained();
  }

  leave(): void {}

  holds(): boolean {
    return true;
  }

  async claim(): Promise<boolean> {
    return true;
  }

  tokenOf(): string {
    return '';
  }

  async take(names: readonly string[]): Promise<string[]> {
    return [...names];
  }

  async close(): Promise<void> {}
}
