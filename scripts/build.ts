/**
 * Builds the package into `dist/`: JavaScript with its types, the pages, and the demo's sample records and specs.
 */
import { execFileSync } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildAdminPage } from '../server/admin-page/build.ts';
import { buildPages } from '../server/demo/build-pages.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

await rm(dist, { recursive: true, force: true });
execFileSync('tsc', ['-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' });
await buildAdminPage(join(dist, 'server/built-admin-page'));
await buildPages(join(dist, 'server/demo/built-pages'));
for (const samples of ['server/demo/records', 'server/demo/specs']) {
  await cp(join(root, samples), join(dist, samples), { recursive: true });
}
