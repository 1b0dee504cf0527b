/** How pages are bundled: those of the demo, and that of administrators. */
import { stat } from 'node:fs/promises';
import type { BuildOptions } from 'esbuild';

export const pageBundle = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** Milliseconds since the epoch; 0 for a file that does not exist. */
export async function modifiedAt(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  return found?.mtimeMs ?? 0;
}
