/**
 * Runs every check and every test: `npm test`. What they need and the machine lacks is installed first.
 *
 * The last line is `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensure, runOrExit } from './install.ts';

ensure('chromium');
ensure('postgres');
ensure('redis');
runOrExit('npm', ['run', '--silent', 'check']);

const folder = await mkdtemp(join(tmpdir(), 'realtime-test-'));
const report = join(folder, 'report.json');
const { status } = spawnSync(
  'vitest',
  ['run', '--coverage', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  { stdio: 'inherit' },
);
if (existsSync(report)) {
  const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report, 'utf8'));
  process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed\n`);
}
await rm(folder, { recursive: true, force: true });
process.exit(status ?? 1);
