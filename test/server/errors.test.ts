import { describe, expect, it } from 'vitest';
import { asRealtimeError, errors, RealtimeError } from '../../server/errors.ts';

describe.each(Object.entries(errors))('the error %s', (_code, { reason, closeCode, statusCode }) => {
  it('has a reason that fits into a close frame', () => {
    expect(reason).toMatch(/^[\x20-\x7e]{10,123}$/);
  });

  it('has a close code for applications and an HTTP status for errors', () => {
    expect(closeCode).toSatisfy((code: number) => code >= 4_000 && code <= 4_999);
    expect(statusCode).toSatisfy((status: number) => status >= 400 && status <= 599);
  });
});

describe('a RealtimeError', () => {
  const cause = new Error('SQLITE_FULL in /var/lib/secret');
  const error = new RealtimeError('not-saved', { context: { recordId: 'a' }, cause, retryAfterMs: 5 });

  it('[C4] shows its reason, and keeps cause and context to itself', () => {
    const { reason, statusCode } = errors['not-saved'];
    expect(JSON.parse(JSON.stringify(error))).toEqual({ code: 'not-saved', message: reason, statusCode });
    expect(error).toMatchObject({ cause, context: { recordId: 'a' }, retryAfterMs: 5, isRetryable: true });
  });

  it('stays itself when it is caught as one', () => {
    expect(asRealtimeError(error)).toBe(error);
  });

  it('is what any other thrown thing becomes', () => {
    expect(asRealtimeError('oops')).toMatchObject({ code: 'internal', cause: 'oops' });
    expect(asRealtimeError(cause, 'not-saved')).toMatchObject({ code: 'not-saved', cause });
  });
});
