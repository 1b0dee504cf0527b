/**
 * The demo: an embedded CivicPress over sample records, its service user, and the pages that show it all.
 *
 * With it `npm start` needs no configuration and no other service. It lets anybody sign in as anybody,
 * so it listens on the loopback address and never runs in production.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyPluginAsync } from 'fastify';
import type { ServiceCredentials } from '../civicpress/service-session.ts';
import type { RoomSummary } from '../compose.ts';
import { installSampleRecords, installSampleSpecs, startEmbeddedCivicPress } from './civicpress/index.ts';
import { demoPages } from './pages.ts';

export interface Demo {
  /** Base URL of the embedded CivicPress. */
  readonly civicpressUrl: string;
  /** Folder of sample specs. */
  readonly specsDir: string;
  /** The user that the realtime server signs in as; its password is new at every start. */
  readonly service: ServiceCredentials;
  readonly pages: DemoPages;
  close(): Promise<void>;
}

export type DemoPages = (rooms: () => RoomSummary[]) => FastifyPluginAsync;

export interface DemoOptions {
  /** Records, drafts and sessions live below it. */
  readonly folder: string;
  readonly realtimePath: string;
}

export async function startDemo({ folder, realtimePath }: DemoOptions): Promise<Demo> {
  const recordsDir = join(folder, 'records');
  await installSampleRecords(recordsDir);
  const specsDir = join(folder, 'specs');
  await installSampleSpecs(specsDir);
  const service = { username: 'realtime', password: randomBytes(24).toString('base64url') };
  const civicpress = await startEmbeddedCivicPress({
    recordsDir,
    dataDir: join(folder, 'civicpress'),
    users: [{ ...service, role: 'clerk' }],
  });
  return {
    civicpressUrl: civicpress.url,
    specsDir,
    service,
    pages: await openDemoPages(civicpress.url, realtimePath),
    close: () => civicpress.close(),
  };
}

/** The pages, for whichever CivicPress lets somebody sign in by their name. */
export async function openDemoPages(civicpressUrl: string, realtimePath: string): Promise<DemoPages> {
  const assetsDir = await builtPages();
  return (rooms) => async (app) => {
    await app.register(demoPages, { civicpressUrl, realtimePath, rooms, assetsDir });
  };
}

/** The built package brings its pages along; from the sources they are built when they are out of date. */
async function builtPages(): Promise<string> {
  if (import.meta.filename.endsWith('.js')) return join(import.meta.dirname, 'built-pages');
  const { buildPagesWhenStale } = await import('./build-pages.ts');
  const assetsDir = join(import.meta.dirname, '../../dist/server/demo/built-pages');
  await buildPagesWhenStale(assetsDir);
  return assetsDir;
}
