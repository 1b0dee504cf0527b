/**
 * Every refusal and every failure, in one table.
 *
 * A refusal is expected and quiet: somebody asked for what they may not have.
 * A failure is ours or the outside's: it keeps its cause, and trying again usually helps.
 * `reason` is all that a client ever sees; causes, paths and stacks go to the log.
 */

interface ErrorEntry {
  /** What an editor may show, as it stands. */
  readonly reason: string;
  /** WebSocket close code (4000–4999). */
  readonly closeCode: number;
  readonly statusCode: number;
  /** Whether the same request can succeed later without anybody changing anything. */
  readonly retry: boolean;
}

export const errors = {
  'not-authenticated': {
    reason: 'Sign in to CivicPress: this session is unknown or has ended.',
    closeCode: 4001,
    statusCode: 401,
    retry: false,
  },
  'authentication-late': {
    reason: 'Nobody signed in on this connection in time. Trying again.',
    closeCode: 4001,
    statusCode: 401,
    retry: true,
  },
  'too-much-unauthenticated': {
    reason: 'Too much was sent before anybody had signed in. Trying again.',
    closeCode: 4029,
    statusCode: 429,
    retry: true,
  },
  'another-user': {
    reason: 'Somebody else has signed in here. Connecting anew.',
    closeCode: 4001,
    statusCode: 401,
    retry: true,
  },
  'too-many-unknown': {
    reason: 'Too many unknown sessions came from this address. Trying again in a while.',
    closeCode: 4029,
    statusCode: 429,
    retry: true,
  },
  'no-such-record': {
    reason: 'There is no such record, or you may not see it.',
    closeCode: 4004,
    statusCode: 404,
    retry: false,
  },
  'not-allowed': {
    reason: 'You may read this record, but not change it.',
    closeCode: 4003,
    statusCode: 403,
    retry: false,
  },
  'administrators-only': {
    reason: 'This is for administrators.',
    closeCode: 4003,
    statusCode: 403,
    retry: false,
  },
  'may-edit-now': {
    reason: 'You may edit this record now. Connecting anew.',
    closeCode: 4503,
    statusCode: 503,
    retry: true,
  },
  'invalid-document-name': {
    reason:
      'This is no document name. Valid: record:<id>, of 1 to 128 letters, digits, "_" or "-"; and spec-updates.',
    closeCode: 4004,
    statusCode: 400,
    retry: false,
  },
  'invalid-subscription': {
    reason:
      'No subscription to specs. It may have specIds, includeChildren, events, status, priority, maxPerSecond, from.',
    closeCode: 4400,
    statusCode: 400,
    retry: false,
  },
  'foreign-page': {
    reason: 'Pages of this host may not connect here.',
    closeCode: 4003,
    statusCode: 403,
    retry: false,
  },
  'too-many-connections': {
    reason: 'Too many connections at once. Close other editor windows and try again.',
    closeCode: 4029,
    statusCode: 429,
    retry: true,
  },
  'too-many-documents': {
    reason: 'Too many documents on one connection. Close some and try again.',
    closeCode: 4029,
    statusCode: 429,
    retry: true,
  },
  'room-full': {
    reason: 'Too many people have this document open. Try again in a while.',
    closeCode: 4029,
    statusCode: 429,
    retry: true,
  },
  'too-many-messages': {
    reason:
      'This editor sends far more than anybody types. Going on like that, it is kept out for some minutes.',
    closeCode: 4013,
    statusCode: 429,
    retry: true,
  },
  'too-many-refusals': {
    reason: 'Much of what this editor sent was refused. Reload the page to go on.',
    closeCode: 4400,
    statusCode: 429,
    retry: false,
  },
  'too-many-rooms': {
    reason: 'The server has as many records open as it may. Try again in a while.',
    closeCode: 4503,
    statusCode: 503,
    retry: true,
  },
  'civicpress-unavailable': {
    reason: 'CivicPress does not answer at the moment. Trying again.',
    closeCode: 4503,
    statusCode: 503,
    retry: true,
  },
  'civicpress-busy': {
    reason: 'CivicPress asks to slow down. Trying again in a while.',
    closeCode: 4503,
    statusCode: 503,
    retry: true,
  },
  'unreadable-record': {
    reason:
      'This record is not valid UTF-8, or its frontmatter is too large, so it stays closed and unchanged.',
    closeCode: 4422,
    statusCode: 422,
    retry: false,
  },
  'missing-features': {
    reason: 'This editor lacks something that the record may hold, and would delete it. Update the editor.',
    closeCode: 4406,
    statusCode: 406,
    retry: false,
  },
  'wrong-dialect': {
    reason:
      'This editor writes in another format than the others here, and would damage the record. Update the editor.',
    closeCode: 4406,
    statusCode: 406,
    retry: false,
  },
  'service-refused': {
    reason: 'CivicPress does not let this server work on the record. What was typed is kept.',
    closeCode: 4503,
    statusCode: 503,
    retry: true,
  },
  'document-replaced': {
    reason: 'The server has opened this record anew since you saw it. Reload the page to go on.',
    closeCode: 4409,
    statusCode: 409,
    retry: false,
  },
  'invalid-update': {
    reason: 'An edit could not be read and was not taken. Reload the page to go on.',
    closeCode: 4400,
    statusCode: 400,
    retry: false,
  },
  'too-intricate': {
    reason:
      'An edit was so intricate that it would have held up everybody, and was not taken. Reload the page.',
    closeCode: 4422,
    statusCode: 422,
    retry: false,
  },
  'foreign-edit': {
    reason: 'An edit bears the name of another editor and was not taken. Comparing anew.',
    closeCode: 4409,
    statusCode: 409,
    retry: true,
  },
  'foreign-history': {
    reason: 'This window holds edits of another editor that the server never had. Reload the page to go on.',
    closeCode: 4409,
    statusCode: 409,
    retry: false,
  },
  'forged-presence': {
    reason: 'This window speaks for somebody else. Reload the page to go on.',
    closeCode: 4003,
    statusCode: 403,
    retry: false,
  },
  'document-too-large': {
    reason:
      'This record has become too large to be edited together. The last edit was not taken; deleting is possible.',
    closeCode: 4413,
    statusCode: 413,
    retry: false,
  },
  'history-missing': {
    reason: 'An edit builds on another one that the server does not have. Comparing anew.',
    closeCode: 4500,
    statusCode: 409,
    retry: true,
  },
  'not-durable': {
    reason: 'Changes cannot be stored at the moment. They are kept, and storing is tried again.',
    closeCode: 4503,
    statusCode: 503,
    retry: true,
  },
  'too-much-unsaved': {
    reason:
      'So many changes wait to be stored that no more are taken. They are kept, and storing is tried again.',
    closeCode: 4503,
    statusCode: 503,
    retry: true,
  },
  'no-such-version': {
    reason: 'There is no such version of this record.',
    closeCode: 4004,
    statusCode: 404,
    retry: false,
  },
  'damaged-version': {
    reason: 'This version is damaged and cannot be read. The record and its other versions are not touched.',
    closeCode: 4422,
    statusCode: 422,
    retry: false,
  },
  'unknown-format': {
    reason: 'This version was stored by a newer server, which alone can read it.',
    closeCode: 4422,
    statusCode: 422,
    retry: false,
  },
  'not-a-document': {
    reason: 'This is no document of these editors: a node, a mark or a place for one is not known to them.',
    closeCode: 4422,
    statusCode: 422,
    retry: false,
  },
  'document-changed': {
    reason: 'The document was edited since this version of it. Read it again, and then change it.',
    closeCode: 4409,
    statusCode: 409,
    retry: false,
  },
  'version-missing': {
    reason: 'Say with If-Match which version of the document you saw: its ETag, or * for any.',
    closeCode: 4400,
    statusCode: 428,
    retry: false,
  },
  'not-converted': {
    reason: 'This text is too intricate to be shown as a document. Edit it as Markdown.',
    closeCode: 4422,
    statusCode: 422,
    retry: false,
  },
  'document-not-loaded': {
    reason: 'The document could not be opened. Trying again.',
    closeCode: 4500,
    statusCode: 500,
    retry: true,
  },
  'not-saved': {
    reason: 'The last changes could not be saved yet. They are kept, and saving is tried again.',
    closeCode: 4500,
    statusCode: 503,
    retry: true,
  },
  'record-archived': {
    reason:
      'This record is archived and is not to be changed any more. What was typed is kept in its versions.',
    closeCode: 4003,
    statusCode: 409,
    retry: false,
  },
  'room-closed': {
    reason: 'An administrator has closed this room. Opening it anew.',
    closeCode: 4503,
    statusCode: 503,
    retry: true,
  },
  'room-read-only': {
    reason: 'An administrator has made this room one for reading, for a while.',
    closeCode: 4003,
    statusCode: 409,
    retry: false,
  },
  'no-such-room': {
    reason: 'Nobody has this document open.',
    closeCode: 4004,
    statusCode: 404,
    retry: false,
  },
  'no-such-client': {
    reason: 'There is no such connection.',
    closeCode: 4004,
    statusCode: 404,
    retry: false,
  },
  'sent-away': {
    reason: 'An administrator has closed this connection. Connecting anew.',
    closeCode: 4503,
    statusCode: 503,
    retry: true,
  },
  'no-such-dead-letter': {
    reason: 'There is no such dead letter, or its address is not configured any more.',
    closeCode: 4004,
    statusCode: 404,
    retry: false,
  },
  'not-our-log': {
    reason: 'The log belongs to the program around the server: change its level there.',
    closeCode: 4400,
    statusCode: 409,
    retry: false,
  },
  'too-many-requests': {
    reason: 'Too many requests from this address. Try again in a while.',
    closeCode: 4029,
    statusCode: 429,
    retry: true,
  },
  'shutting-down': {
    reason: 'The server restarts. Trying again.',
    closeCode: 4503,
    statusCode: 503,
    retry: true,
  },
  internal: {
    reason: 'Something went wrong on the server. Trying again.',
    closeCode: 4500,
    statusCode: 500,
    retry: true,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errors;

interface ErrorDetails {
  /** What was going on, for the log: ids and numbers, never a token or a record's text. */
  context?: Record<string, unknown>;
  cause?: unknown;
  /** How long whoever tries again should wait, when the other side said so. */
  retryAfterMs?: number | undefined;
}

/**
 * The one error that this server throws on purpose; shaped like `CivicPressError`.
 *
 * @example throw new RealtimeError('no-such-record', { context: { recordId } });
 */
export class RealtimeError extends Error {
  readonly code: ErrorCode;
  readonly context: Record<string, unknown>;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(`${code}: ${errors[code].reason}`, { cause: details.cause });
    this.name = 'RealtimeError';
    this.code = code;
    this.context = details.context ?? {};
    this.retryAfterMs = details.retryAfterMs;
  }

  /** What the client may read. */
  get reason(): string {
    return errors[this.code].reason;
  }

  get closeCode(): number {
    return errors[this.code].closeCode;
  }

  get statusCode(): number {
    return errors[this.code].statusCode;
  }

  get isRetryable(): boolean {
    return errors[this.code].retry;
  }

  toJSON(): { code: ErrorCode; message: string; statusCode: number } {
    return { code: this.code, message: this.reason, statusCode: this.statusCode };
  }
}

/** Any thrown thing as a `RealtimeError`: what is unknown becomes `fallback` and keeps its cause. */
export function asRealtimeError(thrown: unknown, fallback: ErrorCode = 'internal'): RealtimeError {
  return thrown instanceof RealtimeError ? thrown : new RealtimeError(fallback, { cause: thrown });
}
