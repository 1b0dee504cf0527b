/** Whom ours signs in as at the CivicPress beside it. */
export const service = { username: 'realtime', password: 'of the bench' };
