/** Hocuspocus as its manual sets it up, with its database extension on SQLite. */
import { join } from 'node:path';
import { startBareHocuspocus } from '../../helpers/bare-hocuspocus.ts';
import type { ServerOptions } from '../server-handle.ts';
import type { Started } from '../server-process.ts';

export async function start({ kind, folder, redisPort }: ServerOptions): Promise<Started> {
  const pauses = kind === 'eager' ? { debounce: 0 } : {};
  // With others: as the manual of its extension says.
  const extensions = redisPort === undefined ? [] : [await joinedAt(redisPort)];
  return { port: await startBareHocuspocus(join(folder, 'bare.sqlite'), { ...pauses, extensions }) };
}

async function joinedAt(port: number) {
  const { Redis } = await import('@hocuspocus/extension-redis');
  return new Redis({ host: '127.0.0.1', port });
}
