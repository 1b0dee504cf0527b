/**
 * The docs' commands: what each of them names is there. Those in a block `console run` are run, and print what stands
 * below them.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { commands } from '../../server/cli/commands.ts';
import { type Block, root } from './blocks.ts';

const ownCommands = ['start', ...Object.keys(commands)];

/** Of the operating system, of Redis and of PostgreSQL. */
const others = new Set(
  'cat cp curl echo git journalctl kill mkdir pg_dump psql redis-cli rsync sudo systemctl tar'.split(' '),
);

/** Whether the server has something at `/api/revoke` for `POST`. */
export type IsRoute = (method: string, path: string) => Promise<boolean>;

/** What is wrong with the commands of a block, each as a sentence. */
export async function faultsOf({ text, language }: Block, isRoute: IsRoute): Promise<string[]> {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  const typed =
    language === 'console'
      ? lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
      : lines;
  const single = typed
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
    .flatMap((line) => line.split(/&&|\||;/))
    .map((command) => command.trim())
    .filter((command) => command !== '');
  const faults = await Promise.all(single.map((command) => faultOf(command, isRoute)));
  return faults.filter((fault) => fault !== null);
}

async function faultOf(command: string, isRoute: IsRoute): Promise<string | null> {
  const words = command.split(/\s+/).filter((word) => !/^\w+=/.test(word) && word !== 'sudo');
  const [program = '', first = '', second = ''] = words.filter(
    (word) => !/^--?(silent|omit=dev)$/.test(word),
  );
  const fault = (what: string) => `"${command}": ${what}`;
  switch (program) {
    // Settings for what follows, and nothing else.
    case '':
      return null;
    case 'npm': {
      const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
      const script = first === 'run' ? second : first;
      return script in scripts || ['ci', 'install'].includes(script) ? null : fault('no such script');
    }
    case 'npx':
      return first === 'civicpress-realtime' && ownCommands.includes(second)
        ? null
        : fault('no such command');
    case 'node':
      return existsSync(join(root, first)) ? null : fault('no such file');
    case 'docker':
      return dockerFault(words, fault);
    case 'curl': {
      const path = /https?:\/\/[^/\s]+(\/[^\s?']*)/.exec(command)?.[1] ?? '';
      const method = /-X\s*(\w+)/.exec(command)?.[1] ?? 'GET';
      return (await isRoute(method, path)) ? null : fault('no such route');
    }
    default:
      return others.has(program) ? null : fault('nobody knows this program');
  }
}

async function dockerFault(
  words: readonly string[],
  fault: (what: string) => string,
): Promise<string | null> {
  const file = words[words.indexOf('-f') + 1] ?? '';
  if (words[1] !== 'compose') return words[1] === 'build' ? null : fault('nobody knows this');
  if (!existsSync(join(root, file))) return fault('no such file');
  const { services } = parse(await readFile(join(root, file), 'utf8'), { merge: true });
  const [, ...named] = words
    .slice(words.indexOf('-f') + 2)
    .filter((word) => !word.startsWith('-'))
    .map((word) => word.replace(/[<>].*/, ''))
    .filter((word) => word !== '');
  // What follows is a command inside the service.
  const isInside = words.includes('exec');
  const unknown = (isInside ? named.slice(0, 1) : named).filter((name) => !(name in services));
  return unknown.length === 0 ? null : fault(`no service ${unknown.join()}`);
}

/** What the commands of a block print that they should not, as a difference; `null` when all is as it says. */
export async function differenceOf({ text }: Block): Promise<{ printed: string; expected: string } | null> {
  const folder = await mkdtemp(join(tmpdir(), 'docs-commands-'));
  try {
    const program = `exec '${process.execPath}' '${join(root, 'server/main.ts')}'`;
    await writeFile(join(folder, 'npx'), `#!/bin/sh\nshift\n${program} "$@"\n`, { mode: 0o755 });
    const env = { PATH: `${folder}${delimiter}${process.env.PATH}`, HOME: folder };
    const steps = text
      .split(/^\$ /m)
      .slice(1)
      .map((step) => step.replaceAll('\\\n', ''));
    for (const step of steps) {
      const [command = '', ...expected] = step.trimEnd().split('\n');
      const run = promisify(execFile)('sh', ['-c', command], { cwd: folder, env });
      const { stdout, stderr } = await run.catch((failed: { stdout: string; stderr: string }) => failed);
      const printed = `${stdout}${stderr}`.trimEnd();
      const wanted = expected.join('\n');
      const pattern = wanted.split('…').map(RegExp.escape).join('[\\s\\S]*');
      if (!new RegExp(`^${pattern}$`).test(printed)) return { printed, expected: wanted };
    }
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
