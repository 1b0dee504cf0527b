/**
 * What an acknowledged edit is worth, as far as Redis tells how it is configured.
 */
import type { RedisClient } from '../../server/redis/connections.ts';

/** One sentence for the log. */
export async function durabilityOf(redis: RedisClient): Promise<string> {
  const configured = async (name: string) => String(((await redis.config('GET', name)) as string[])[1]);
  try {
    const isLogged = (await configured('appendonly')) === 'yes';
    if (!isLogged) {
      return 'Redis keeps no append-only file: an acknowledged edit is lost when Redis stops before its next snapshot';
    }
    const synced = await configured('appendfsync');
    if (synced === 'always') return 'Redis syncs each write: an acknowledged edit survives a power failure';
    if (synced === 'everysec') {
      return 'Redis syncs each second: an acknowledged edit survives a crash of Redis, and a power failure but for the last second';
    }
    return 'Redis leaves syncing to the system: an acknowledged edit survives a crash of Redis, but not a power failure';
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return `Redis does not tell how it keeps data (${cause}): what an acknowledged edit is worth is for its operator to know`;
  }
}
