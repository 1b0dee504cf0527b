/**
 * What the tests and the demo of several nodes need beside Node: there already, or installed from Debian's packages, or
 * said how.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';

interface Need {
  readonly isThere: () => boolean;
  /** Of Debian. */
  readonly packages: readonly string[];
  readonly why: string;
  readonly elsewhere: string;
}

const needs = {
  chromium: {
    isThere: () => existsSync(process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'),
    packages: ['chromium', 'fonts-dejavu-core'],
    why: 'The tests of the pages need Chromium',
    elsewhere: 'install it and set CHROMIUM_PATH to its program',
  },
  postgres: {
    isThere: () => process.env.PGHOST !== undefined || hasPostgres(),
    packages: ['postgresql'],
    why: 'The tests of the snapshot store in PostgreSQL need a server of their own',
    elsewhere: 'install it with pg_config on the PATH, or set PGHOST to one where schemas may be made',
  },
  redis: {
    isThere: () => spawnSync('redis-server', ['--version']).status === 0,
    packages: ['redis-server'],
    why: 'Several nodes need a Redis',
    elsewhere: 'install it with redis-server on the PATH',
  },
} satisfies Record<string, Need>;

/** Debian's package, when it is missing and we may install it; else a sentence that says how, and the end. */
export function ensure(name: keyof typeof needs): void {
  const { isThere, packages, why, elsewhere } = needs[name];
  if (isThere()) return;
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

export function runOrExit(command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch {
    process.stderr.write(`"${command} ${args.join(' ')}" failed\n`);
    process.exit(1);
  }
}

/** Where `test/helpers/postgres.ts` looks for it. */
function hasPostgres(): boolean {
  const isDebians = globSync('/usr/lib/postgresql/*/bin/initdb').length > 0;
  return isDebians || spawnSync('pg_config', ['--bindir']).status === 0;
}
