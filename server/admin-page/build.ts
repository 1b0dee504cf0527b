/**
 * Builds the page of administrators: one bundle, one style sheet, and the HTML as it is.
 */
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const sources = import.meta.dirname;
const shared = join(sources, '../demo/pages');
const built = ['page.js', 'page.css', 'page.html', 'icon.svg'];

export async function buildAdminPage(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true });
  await build({
    entryPoints: ['page.ts', 'page.css'].map((name) => join(sources, name)),
    outdir: outDir,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
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

/** Milliseconds since the epoch; 0 for a file that does not exist. */
async function modifiedAt(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? 0;
}
