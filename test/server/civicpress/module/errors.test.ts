import { expect, it } from 'vitest';
import { toCivicPress } from '../../../../server/civicpress/module/errors.ts';
import * as module from '../../../../server/civicpress/module.ts';
import { type ErrorCode, errors, RealtimeError } from '../../../../server/errors.ts';

it.each([
  ['RoomNotFoundError', new module.RoomNotFoundError('record:a'), 'ROOM_NOT_FOUND', 404],
  [
    'ConnectionLimitExceededError',
    new module.ConnectionLimitExceededError('Too many.'),
    'CONNECTION_LIMIT_EXCEEDED',
    429,
  ],
  ['InvalidYjsUpdateError', new module.InvalidYjsUpdateError('Not readable.'), 'INVALID_YJS_UPDATE', 400],
  ['AuthenticationFailedError', new module.AuthenticationFailedError(), 'AUTH_FAILED', 401],
  ['PermissionDeniedError', new module.PermissionDeniedError('No.'), 'PERMISSION_DENIED', 403],
  ['RealtimeError', new module.RealtimeError('Oh.', { roomId: 'a' }), 'REALTIME_ERROR', 500],
])("[I7] %s has CivicPress' shape", (name, error, code, statusCode) => {
  expect(error).toBeInstanceOf(module.RealtimeError);
  const { message, context, correlationId } = error;
  expect(error.toJSON()).toEqual({ name, code, message, statusCode, context, correlationId });
  expect(correlationId).toMatch(/^err_[0-9a-f-]{36}$/);
  expect(error.getOutputDetails()).toMatchObject({ code, message, context: { errorType: name, statusCode } });
});

it('[I7] every error of the table has one, with its reason and status', () => {
  for (const code of Object.keys(errors) as ErrorCode[]) {
    const cause = new Error('/secret/path');
    const error = toCivicPress(new RealtimeError(code, { context: { recordId: 'a' }, cause }));
    expect(error).toBeInstanceOf(module.RealtimeError);
    expect(error.code).toMatch(/^[A-Z_]+$/);
    expect(error.statusCode).toBeGreaterThanOrEqual(400);
    expect(error.context).toMatchObject({ recordId: 'a' });
    expect(JSON.stringify(error)).not.toContain('secret');
  }
  const known = new module.PermissionDeniedError('No.');
  expect(toCivicPress(known)).toBe(known);
  expect(toCivicPress(new TypeError('x is undefined'))).toMatchObject({ code: 'INTERNAL', statusCode: 500 });
});
