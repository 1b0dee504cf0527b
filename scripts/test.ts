/**
 * Runs every check and every test: `npm test`. What they need and the machine lacks is installed first.
 *
 * The last line is `N passed, N failed`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

ensureChromium();
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

/** Debian's package, when we may install it; else a sentence that says how. */
function ensureChromium(): void {
  if (existsSync(process.env.CHROMIUM_PATH ?? '/usr/bin/chromium')) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stderr.write(
      'The tests of the pages need Chromium. On Debian: "sudo apt-get update && sudo apt-get install -y chromium". ' +
        'Elsewhere install it and set CHROMIUM_PATH to its program.\n',
    );
    process.exit(1);
  }
  process.stdout.write("Installing Chromium from Debian's packages …\n");
  runOrExit('apt-get', ['update', '-qq']);
  runOrExit('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core']);
}

function runOrExit(command: string, args: string[]): void {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch {
    process.stderr.write(`"${command} ${args.join(' ')}" failed\n`);
    process.exit(1);
  }
}
