/** Hocuspocus as its manual sets it up, with its database extension on SQLite. */
import { join } from 'node:path';
import { startBareHocuspocus } from '../../helpers/bare-hocuspocus.ts';
import type { ServerOptions } from '../server-handle.ts';
import type { Started } from '../server-process.ts';

export async function start({ kind, folder }: ServerOptions): Promise<Started> {
  const pauses = kind === 'eager' ? { debounce: 0 } : {};
  return { port: await startBareHocuspocus(join(folder, 'bare.sqlite'), pauses) };
}
