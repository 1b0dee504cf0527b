/**
 * What a command needs of the process that it runs in; tests have one of their own.
 */

export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Everything on standard input. */
  input(): Promise<Uint8Array>;
  /** To standard output, as it stands. */
  write(content: string | Uint8Array): void;
  /** To standard error. */
  complain(text: string): void;
}

/** Something is wrong with what was asked; said in one line, and the command ends with 2. */
export class UsageError extends Error {}

/** Resolves with the exit code. @throws UsageError */
export type Command = (args: readonly string[], terminal: Terminal) => Promise<number>;

export const success = 0;
export const failure = 1;
export const wrongUsage = 2;
