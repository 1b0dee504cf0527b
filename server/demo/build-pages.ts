/**
 * Builds the demo's pages: one small bundle per page, its style sheet, and the HTML as it is.
 * Nothing comes from elsewhere, so the pages work under `default-src 'self'` and without a network.
 */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { modifiedAt, pageBundle } from '../page-bundle.ts';

const SOURCES = join(import.meta.dirname, 'pages');
const ENTRIES = [
  'welcome-page.ts',
  'rooms-page.ts',
  'specs-page.ts',
  'editor-page.ts',
  'pages.css',
  'editor-page.css',
];
const COPIED = ['welcome-page.html', 'rooms-page.html', 'specs-page.html', 'editor-page.html', 'icon.svg'];

/** Builds all pages into a folder, which is made when it is missing. */
export async function buildPages(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true });
  const { metafile } = await build({
    entryPoints: ENTRIES.map((name) => join(SOURCES, name)),
    outdir: outDir,
    ...pageBundle,
    metafile: true,
  });
  assertOneYjs(metafile);
  await Promise.all(COPIED.map((name) => copyFile(join(SOURCES, name), join(outDir, name))));
}

/** Builds when a page is missing or older than its sources; otherwise costs a few milliseconds. */
export async function buildPagesWhenStale(outDir: string): Promise<'built' | 'fresh'> {
  const built = [...ENTRIES.map((name) => name.replace(/\.ts$/, '.js')), ...COPIED];
  const [oldestBuilt, newestSource] = await Promise.all([
    Promise.all(built.map((name) => modifiedAt(join(outDir, name)))).then((times) => Math.min(...times)),
    newestIn(SOURCES),
  ]);
  if (oldestBuilt > newestSource) return 'fresh';
  await buildPages(outDir);
  return 'built';
}

/** Two copies of Yjs in one page do not know each other's types, and documents break without an error. */
function assertOneYjs(metafile: Metafile): void {
  const copies = Object.keys(metafile.inputs).filter((path) => /(?:^|\/)yjs\/dist\/yjs\.[cm]?js$/.test(path));
  if (copies.length !== 1) throw new Error(`The editor page must hold one copy of yjs: ${copies.join(', ')}`);
}

async function newestIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  return Math.max(...(await Promise.all(names.map((name) => modifiedAt(join(folder, name))))));
}
