/**
 * Every refusal of the API, in the four shapes that CivicPress has for them.
 *
 * The shapes differ on purpose: they come from different layers of CivicPress, and a client has to read them all.
 */

import type { RecordAction } from './roles.ts';

/** A request that is answered with an error: the status and the exact body. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, message: string, body: object) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.body = body;
  }
}

/** One wrong field, as CivicPress' validator words it. */
export interface InvalidField {
  path: string;
  location: 'body' | 'query';
  value?: unknown;
  msg?: string | undefined;
}

/** Who was refused, as a 403 repeats it. */
export interface RefusedUser {
  id: number;
  username: string;
  role: string;
}

/** From a handler: an error object with a code. */
const handler = (status: number, message: string, code: string, more: object = {}) =>
  new Refusal(status, message, { success: false, error: { message, code, ...more } });

/** From the authentication middleware: the error is a string. */
const middleware = (status: number, error: string, message: string) =>
  new Refusal(status, message, { success: false, error, message });

export const refusals = {
  missingAuthHeader: () => handler(401, 'Authorization header required', 'MISSING_AUTH'),
  invalidMeToken: () => handler(401, 'Invalid or expired token', 'INVALID_TOKEN'),
  missingUsername: () => handler(400, 'Username is required', 'MISSING_USERNAME'),
  invalidUsername: () => handler(400, 'Invalid username', 'INVALID_USERNAME'),
  passwordAccount: () => handler(409, 'This account signs in with its password', 'PASSWORD_ACCOUNT'),
  invalidRole: (role: unknown, availableRoles: readonly string[]) =>
    handler(400, `Invalid role: ${role}`, 'INVALID_ROLE', { details: { role, availableRoles } }),
  wrongPassword: () => handler(401, 'Invalid username or password', 'API_ERROR'),
  /** `POST /auth/password` takes a wrong password for a fault of its own. */
  wrongPasswordAsFault: () =>
    handler(500, 'Password authentication failed', 'INTERNAL_ERROR', {
      details: 'Invalid username or password',
    }),

  noAuthorization: () => middleware(401, 'Authentication required', 'No authorization header provided'),
  wrongScheme: () => middleware(401, 'Invalid authorization scheme', 'Use Bearer token authentication'),
  invalidToken: () => middleware(401, 'Invalid token', 'The provided token is invalid or expired'),
  csrf: () => handler(403, 'CSRF token required', 'CSRF_TOKEN_MISSING'),

  notPermitted: (action: RecordAction, user: RefusedUser, recordType?: string) =>
    handler(
      403,
      `Permission denied: Cannot ${action} records${recordType ? ` of type '${recordType}'` : ''}`,
      'INSUFFICIENT_PERMISSIONS',
      {
        required: `records:${action}`,
        ...(recordType ? { recordType } : {}),
        user: { id: user.id, username: user.username, role: user.role },
      },
    ),

  notAdministrator: ({ id, username, role }: RefusedUser) =>
    handler(403, 'Permission denied: system:admin', 'INSUFFICIENT_PERMISSIONS', {
      required: 'system:admin',
      user: { id, username, role },
    }),

  recordNotFound: () => handler(404, 'Record not found', 'RECORD_NOT_FOUND'),
  notUtf8: () => handler(422, 'The file of this record is not valid UTF-8', 'RECORD_NOT_UTF8'),
  frontmatterTooLarge: (limits: object) =>
    handler(422, 'The frontmatter of this record is too large', 'FRONTMATTER_TOO_LARGE', { details: limits }),
  snapshotNotFound: () => handler(404, 'No snapshot found for this record', 'SNAPSHOT_NOT_FOUND'),
  snapshotVersionTaken: () =>
    handler(409, 'This version of the snapshot, or a newer one, is there already', 'SNAPSHOT_VERSION_TAKEN'),
  draftNeedsTitleAndType: () => handler(400, 'Title and type are required for new drafts', 'API_ERROR'),
  statusNotAllowed: (from: string, to: string, allowed: readonly string[]) =>
    handler(
      403,
      `Transition from '${from}' to '${to}' is not allowed. Allowed transitions: ${allowed.join(', ') || 'none (final status)'}.`,
      'INVALID_STATUS_TRANSITION',
    ),
  draftNotFound: () => handler(404, 'Draft not found', 'DRAFT_NOT_FOUND'),
  notYourDraft: () => handler(403, 'Permission denied: You can only delete your own drafts', 'API_ERROR'),
  nothingToPublish: (id: string) =>
    handler(500, 'Failed to publish record', 'INTERNAL_ERROR', { details: `Draft not found: ${id}` }),
  locked: (lockedBy: string, expiresAt: string) =>
    handler(409, `Record is locked by ${lockedBy}`, 'RECORD_LOCKED', { details: { lockedBy, expiresAt } }),

  /** From the validator: no code. */
  invalidRecordData: (fields: readonly InvalidField[]) =>
    new Refusal(400, 'Invalid record data', {
      success: false,
      error: {
        message: 'Invalid record data',
        details: fields.map(({ value, msg, path, location }) => ({
          type: 'field',
          value,
          msg: msg ?? 'Invalid value',
          path,
          location,
        })),
      },
    }),

  malformedJson: (requestId: string) => handler(400, 'Malformed JSON', 'MALFORMED_JSON', { requestId }),
  bodyTooLarge: () => handler(413, 'Request body too large', 'PAYLOAD_TOO_LARGE'),
  failure: () => handler(500, 'Internal server error', 'INTERNAL_ERROR'),

  /** From the router: no `success`. */
  unknownRoute: (method: string, path: string, timestamp: string) =>
    new Refusal(404, 'Route not found', {
      error: { message: `Route ${method} ${path} not found`, code: 'NOT_FOUND' },
      timestamp,
      path,
      method,
      availableEndpoints: Object.fromEntries(ADVERTISED.map((name) => [name, `/api/v1/${name}`])),
    }),
};

/** What CivicPress lists for an unknown route; this server has only some of them. */
const ADVERTISED = [
  'records',
  'templates',
  'workflows',
  'hooks',
  'export',
  'import',
  'search',
  'config',
  'storage',
  'system',
  'health',
];

/** A fault of this server goes to standard error: it has no log of its own, and no client may see the cause. */
export function reportFailure(cause: unknown): void {
  process.emitWarning(cause instanceof Error ? cause : String(cause), 'EmbeddedCivicPressWarning');
}
