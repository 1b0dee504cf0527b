/** The CivicPress that ours asks, in a process of its own. */
import { join } from 'node:path';
import { startEmbeddedCivicPress } from '../../../server/demo/civicpress/index.ts';
import type { ServerOptions } from '../server-handle.ts';
import type { Started } from '../server-process.ts';
import { service } from './service.ts';

export async function start({ folder }: ServerOptions): Promise<Started> {
  return startEmbeddedCivicPress({
    recordsDir: join(folder, 'records'),
    dataDir: join(folder, 'civicpress'),
    users: [{ ...service, role: 'clerk' }],
  });
}
