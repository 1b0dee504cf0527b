/** Puts the sample records into a folder that has none yet. */
import { cp, mkdir, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const SAMPLES = fileURLToPath(new URL('../records/', import.meta.url));

/** Copies the samples when the folder is missing or empty; a folder with anything in it is left alone. */
export async function installSampleRecords(recordsDir: string): Promise<void> {
  await mkdir(recordsDir, { recursive: true });
  if ((await readdir(recordsDir)).length > 0) return;
  await cp(SAMPLES, recordsDir, { recursive: true });
}
