import { mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPages, buildPagesWhenStale } from '../../server/demo/build-pages.ts';

const KILOBYTE = 1_024;
/** Tiptap, ProseMirror, Yjs and the provider; a jump means that something came in twice, or that need not be there. */
const EDITOR_LIMIT_BYTES = 230 * KILOBYTE;

let folder: string;
const built = (name: string) => readFile(join(folder, name), 'utf8');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'built-pages-'));
  await buildPages(folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the built pages', () => {
  it('are everything that their HTML asks for', async () => {
    const files = await readdir(folder);
    for (const page of files.filter((name) => name.endsWith('.html'))) {
      const assets = [...(await built(page)).matchAll(/(?:src|href)="\/demo\/assets\/([^"]+)"/g)].map(
        ([, name]) => name,
      );
      expect(assets.length, page).toBe(3);
      for (const asset of assets) expect(files, page).toContain(asset);
    }
  });

  it('have no inline script, style or handler, and nothing from elsewhere', async () => {
    for (const page of (await readdir(folder)).filter((name) => name.endsWith('.html'))) {
      const html = await built(page);
      expect(html, page).not.toMatch(/<script(?![^>]* src=)/);
      expect(html, page).not.toMatch(/<style|\sstyle=|\son\w+=/);
      expect(html, page).not.toMatch(/(?:src|href)="(?!\/demo)/);
    }
    for (const sheet of (await readdir(folder)).filter((name) => name.endsWith('.css'))) {
      expect(await built(sheet), sheet).not.toMatch(/@import|url\(/);
    }
  });

  it('hold one copy of Yjs', async () => {
    // Yjs marks its presence under this key, and warns when it finds the mark of another copy.
    expect((await built('editor-page.js')).match(/__ \$YJS\$ __/g)).toHaveLength(1);
  });

  it('have a small editor', async () => {
    expect(gzipSync(await built('editor-page.js')).length).toBeLessThan(EDITOR_LIMIT_BYTES);
  });
});

describe('buildPagesWhenStale', () => {
  it('builds only what is missing or older than its sources', async () => {
    expect(await buildPagesWhenStale(folder)).toBe('fresh');
    const script = join(folder, 'editor-page.js');
    await utimes(script, 0, 0);
    expect(await buildPagesWhenStale(folder)).toBe('built');
    expect((await stat(script)).mtimeMs).toBeGreaterThan(0);
    await rm(join(folder, 'rooms-page.html'));
    expect(await buildPagesWhenStale(folder)).toBe('built');
    expect(await readdir(folder)).toContain('rooms-page.html');
  });
});
