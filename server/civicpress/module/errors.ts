/**
 * The errors that CivicPress sees of us, shaped like its `CivicPressError`: code, status, context, correlation id.
 *
 * Inside the server there is one error with a code from the table in server/errors.ts; at this border it becomes one
 * of these.
 */
import { randomUUID } from 'node:crypto';
import { asRealtimeError, type ErrorCode } from '../../errors.ts';

export interface RealtimeErrorOptions {
  /** In capitals, such as `ROOM_NOT_FOUND`. */
  readonly code?: string;
  readonly statusCode?: number;
  readonly cause?: unknown;
}

type Context = Readonly<Record<string, unknown>>;

export class RealtimeError extends Error {
  readonly code: string;
  readonly statusCode: number;
  readonly context: Context;
  /** Find it in the log by this. */
  readonly correlationId = `err_${randomUUID()}`;

  constructor(message: string, context: Context = {}, options: RealtimeErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.context = context;
    this.code = options.code ?? 'REALTIME_ERROR';
    this.statusCode = options.statusCode ?? 500;
  }

  toJSON() {
    const { name, code, message, statusCode, context, correlationId } = this;
    return { name, code, message, statusCode, context, correlationId };
  }

  /** What CivicPress' `coreError()` and `handleApiError()` take. */
  getOutputDetails() {
    const { name: errorType, code, message, statusCode, context, correlationId } = this;
    return { message, code, details: context, context: { ...context, correlationId, errorType, statusCode } };
  }
}

export class RoomNotFoundError extends RealtimeError {
  constructor(roomId: string, context: Context = {}) {
    super(
      `There is no room "${roomId}".`,
      { roomId, ...context },
      { code: 'ROOM_NOT_FOUND', statusCode: 404 },
    );
  }
}

export class ConnectionLimitExceededError extends RealtimeError {
  constructor(message: string, context: Context = {}) {
    super(message, context, { code: 'CONNECTION_LIMIT_EXCEEDED', statusCode: 429 });
  }
}

export class InvalidYjsUpdateError extends RealtimeError {
  constructor(message: string, context: Context = {}) {
    super(message, context, { code: 'INVALID_YJS_UPDATE', statusCode: 400 });
  }
}

export class AuthenticationFailedError extends RealtimeError {
  constructor(message = 'Authentication failed.', context: Context = {}) {
    super(message, context, { code: 'AUTH_FAILED', statusCode: 401 });
  }
}

export class PermissionDeniedError extends RealtimeError {
  constructor(message: string, context: Context = {}) {
    super(message, context, { code: 'PERMISSION_DENIED', statusCode: 403 });
  }
}

type Kind = new (message: string, context: Context) => RealtimeError;

/** Codes of the table that have a class of their own here. */
const kinds: Partial<Record<ErrorCode, Kind>> = {
  'not-authenticated': AuthenticationFailedError,
  'authentication-late': AuthenticationFailedError,
  'not-allowed': PermissionDeniedError,
  'service-refused': PermissionDeniedError,
  'too-many-connections': ConnectionLimitExceededError,
  'too-many-rooms': ConnectionLimitExceededError,
  'too-much-unauthenticated': ConnectionLimitExceededError,
  'invalid-update': InvalidYjsUpdateError,
  'history-missing': InvalidYjsUpdateError,
  'document-too-large': InvalidYjsUpdateError,
};

/** Anything that the server throws, as CivicPress knows it. The cause stays with it, for the log. */
export function toCivicPress(thrown: unknown): RealtimeError {
  if (thrown instanceof RealtimeError) return thrown;
  const { code, reason, statusCode, context, cause } = asRealtimeError(thrown);
  if (code === 'no-such-record' || code === 'invalid-document-name') {
    return new RoomNotFoundError(String(context.documentName ?? context.recordId ?? ''), context);
  }
  const Known = kinds[code];
  if (Known) return new Known(reason, context);
  const ours = { code: code.toUpperCase().replaceAll('-', '_'), statusCode, cause };
  return new RealtimeError(reason, context, ours);
}
