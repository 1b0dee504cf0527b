/**
 * What hooks find in `context`: the socket from the first frame on, the session once somebody is known.
 *
 * Hocuspocus copies the context whenever a hook adds to it, so what may change lives in these objects,
 * of which there is one.
 */
import type { Acknowledgements } from './acknowledgements.ts';
import type { Conduct } from './conduct.ts';
import type { Access, User } from './ports.ts';

/** The part of a client's socket that hooks may use. */
export interface ClientSocket {
  /** In every line of the log that concerns it. */
  readonly id: string;
  /** What it was refused. */
  readonly conduct: Conduct;
  /** IP address of the peer. */
  readonly address: string;
  /** What the editor behind it has announced to know; `null` when it announced nothing. */
  readonly features: ReadonlySet<string> | null;
  /** Whether somebody is known on it; set by `Auth`. */
  isAuthenticated: boolean;
  /** Who signed in on it first; set by `Limits`. */
  userId: string | undefined;
  /** Names of the documents that this socket is in; kept by `Auth`. */
  readonly openDocuments: Set<string>;
  /** How much waits for the peer to read it, in bytes. */
  readonly bufferedBytes: number;
  /** Says when this editor hears that an edit is saved. */
  readonly acknowledgements: Acknowledgements;
  /** Called when it is closed. */
  readonly whenClosed: (() => void)[];
  /** Closes with a code and a reason that the client may read; what was sent before still arrives. */
  close(code: number, reason: string): void;
}

/** One user on one document: one object for as long as they are in, changed by `Rights` alone. */
export interface Session {
  /** Always the same one; what else is known of them may change. */
  user: User;
  access: Exclude<Access, 'none'>;
}

export interface ConnectionContext {
  readonly socket: ClientSocket;
  /** Set by `Auth`. */
  session?: Session;
}
