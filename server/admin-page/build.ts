/**
 * Builds the page of administrators: one bundle, one style sheet, and the HTML as it is.
 */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { modifiedAt, pageBundle } from '../page-bundle.ts';

const sources = import.meta.dirname;
const shared = join(sources, '../demo/pages');
const built = ['page.js', 'page.css', 'page.html', 'icon.svg'];

export async function buildAdminPage(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true });
  await build({
    entryPoints: ['page.ts', 'page.css'].map((name) => join(sources, name)),
    outdir: outDir,
    ...pageBundle,
  });
  await copyFile(join(sources, 'page.html'), join(outDir, 'page.html'));
  await copyFile(join(shared, 'icon.svg'), join(outDir, 'icon.svg'));
}

/** When it is missing or older than its sources. */
export async function buildAdminPageWhenStale(outDir: string): Promise<void> {
  const own = (await readdir(sources)).map((name) => join(sources, name));
  const used = [join(shared, 'dom.ts'), join(shared, 'styles/base.css'), join(shared, 'icon.svg')];
  const newestSource = Math.max(...(await Promise.all([...own, ...used].map(modifiedAt))));
  const oldestBuilt = Math.min(...(await Promise.all(built.map((name) => modifiedAt(join(outDir, name))))));
  if (oldestBuilt <= newestSource) await buildAdminPage(outDir);
}
