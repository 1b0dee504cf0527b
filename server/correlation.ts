/**
 * What belongs together in the log: a short name for each socket and each request, which says nothing about either.
 */
import { randomBytes } from 'node:crypto';

/** Such as `k3J9_x2Q`: eight characters. */
export function correlationId(): string {
  return randomBytes(6).toString('base64url');
}
