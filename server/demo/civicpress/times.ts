/** The three ways in which CivicPress writes a time; all are UTC. */

/** `2026-11-21T05:38:59.141Z`: sessions, published records, the expiry of locks. */
export const isoTime = (ms: number) => new Date(ms).toISOString();

/** `2026-11-21T05:38:59Z`: drafts. */
export const isoSeconds = (ms: number) => `${isoTime(ms).slice(0, 19)}Z`;

/** `2026-11-21 05:38:59`: when a lock was taken. */
export const sqlTime = (ms: number) => isoTime(ms).slice(0, 19).replace('T', ' ');
