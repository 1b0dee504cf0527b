/** Puts the samples, records and specs, into folders that have none yet. */
import { cp, mkdir, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const samples = (name: 'records' | 'specs') => fileURLToPath(new URL(`../${name}/`, import.meta.url));

/** Copies the samples when the folder is missing or empty; a folder with anything in it is left alone. */
export function installSampleRecords(recordsDir: string): Promise<void> {
  return install(samples('records'), recordsDir);
}

/** The same with spec files. */
export function installSampleSpecs(specsDir: string): Promise<void> {
  return install(samples('specs'), specsDir);
}

async function install(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  if ((await readdir(to)).length > 0) return;
  await cp(from, to, { recursive: true });
}
