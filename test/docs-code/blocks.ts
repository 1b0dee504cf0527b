/**
 * The code blocks of the README and of docs/: where each stands, and what its first line says of it.
 *
 * Behind the language a word may stand that says what kind of thing it is (`json notice`), `run` where it is executed, or
 * `unchecked="why"` where nothing can be known of it.
 */
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface Block {
  /** Such as `docs/webhooks.md`. */
  readonly page: string;
  /** `docs/webhooks.md:19`, for whoever has to find it. */
  readonly place: string;
  /** Empty for text. */
  readonly language: string;
  readonly words: readonly string[];
  /** Why it is not looked at. */
  readonly unchecked: string | undefined;
  readonly text: string;
}

export async function codeBlocks(): Promise<Block[]> {
  const pages = ['README.md', ...(await Array.fromAsync(glob('docs/**/*.md', { cwd: root }))).sort()];
  const blocks = await Promise.all(
    pages.map(async (page) => blocksIn(page, await readFile(join(root, page), 'utf8'))),
  );
  return blocks.flat();
}

export function blocksIn(page: string, markdown: string): Block[] {
  return [...markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(
    ({ 1: info = '', 2: text = '', index }) => {
      const line = markdown.slice(0, index).split('\n').length;
      const unchecked = /unchecked="([^"]+)"/.exec(info)?.[1];
      const [language = '', ...words] = info
        .replace(/unchecked=".*"/, '')
        .trim()
        .split(/\s+/);
      return { page, place: `${page}:${line}`, language, words, unchecked, text };
    },
  );
}
