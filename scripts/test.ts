/**
 * Runs every check and every test: `npm test`. What they need and the machine lacks is installed first.
 *
 * The last line is `N passed, N failed`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

ensure({
  isThere: existsSync(process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'),
  packages: ['chromium', 'fonts-dejavu-core'],
  why: 'The tests of the pages need Chromium',
  elsewhere: 'install it and set CHROMIUM_PATH to its program',
});
ensure({
  isThere: process.env.PGHOST !== undefined || hasPostgres(),
  packages: ['postgresql'],
  why: 'The tests of the snapshot store in PostgreSQL need a server of their own',
  elsewhere: 'install it with pg_config on the PATH, or set PGHOST to one where schemas may be made',
});
ensure({
  isThere: spawnSync('redis-server', ['--version']).status === 0,
  packages: ['redis-server'],
  why: 'The tests of several nodes need a Redis of their own',
  elsewhere: 'install it with redis-server on the PATH',
});
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

interface Need {
  readonly isThere: boolean;
  /** Of Debian. */
  readonly packages: string[];
  readonly why: string;
  readonly elsewhere: string;
}

/** Debian's package, when we may install it; else a sentence that says how. */
function ensure({ isThere, packages, why, elsewhere }: Need): void {
  if (isThere) return;
  const names = packages.join(' ');
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stderr.write(
      `${why}. On Debian: "sudo apt-get update && sudo apt-get install -y ${names}". Elsewhere ${elsewhere}.\n`,
    );
    process.exit(1);
  }
  process.stdout.write(`Installing ${names} from Debian's packages …\n`);
  runOrExit('apt-get', ['update', '-qq']);
  runOrExit('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** Where `test/helpers/postgres.ts` looks for it. */
function hasPostgres(): boolean {
  const isDebians = globSync('/usr/lib/postgresql/*/bin/initdb').length > 0;
  return isDebians || spawnSync('pg_config', ['--bindir']).status === 0;
}

function runOrExit(command: string, args: string[]): void {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch {
    process.stderr.write(`"${command} ${args.join(' ')}" failed\n`);
    process.exit(1);
  }
}
