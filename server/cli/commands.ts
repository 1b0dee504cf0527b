/**
 * The commands of `civicpress-realtime`, by name. Without a name the server starts.
 */
import { ConfigError } from '../config.ts';
import { RealtimeError } from '../errors.ts';
import { type Command, failure, type Terminal, UsageError, wrongUsage } from './terminal.ts';

interface Entry {
  readonly synopsis: string;
  readonly summary: string;
  /** Each loads what it needs when it is called. */
  readonly load: () => Promise<Command>;
}

export const commands: Readonly<Record<string, Entry>> = {
  'check-config': {
    synopsis: 'check-config [--config FILE]',
    summary: 'says what is wrong with the settings, or what differs from the defaults',
    load: async () => (await import('./check-config.ts')).checkConfig,
  },
  convert: {
    synopsis: 'convert [--to markdown|json|yjs] [--dialect NAME] [--features A,B]',
    summary: 'reads Markdown on standard input and writes what the editor’s document would write back, or is',
    load: async () => (await import('./convert.ts')).convert,
  },
  snapshots: {
    synopsis: 'snapshots list|show|export|restore RECORD [VERSION] [--to markdown|yjs] [--url URL]',
    summary: 'the versions of a record; restoring one needs the running server and admin.token',
    load: async () => (await import('./snapshots.ts')).snapshots,
  },
  doctor: {
    synopsis: 'doctor [--config FILE]',
    summary: 'looks at settings, data folder and CivicPress, and says what to do about what is wrong',
    load: async () => (await import('./doctor.ts')).doctor,
  },
};

/** For the help of the program. */
export function commandsHelp(): string {
  return Object.values(commands)
    .map(({ synopsis, summary }) => `  ${synopsis}\n      ${summary}`)
    .join('\n');
}

/** Resolves with the exit code; what was foreseen is said in one line. */
export async function runCommand(name: string, args: readonly string[], terminal: Terminal): Promise<number> {
  const entry = commands[name];
  if (!entry) {
    const names = ['start', ...Object.keys(commands)].join(', ');
    terminal.complain(`There is no command "${name}". There are ${names}.\n`);
    return wrongUsage;
  }
  try {
    const command = await entry.load();
    return await command(args, terminal);
  } catch (error) {
    const isUsage = error instanceof UsageError || codeOf(error)?.startsWith('ERR_PARSE_ARGS') === true;
    if (isUsage) terminal.complain(`${messageOf(error)}\nUsage: ${entry.synopsis}\n`);
    else if (isForeseen(error)) terminal.complain(`${messageOf(error)}\n`);
    else throw error;
    return isUsage ? wrongUsage : failure;
  }
}

function isForeseen(error: unknown): boolean {
  return error instanceof ConfigError || error instanceof RealtimeError || codeOf(error) !== undefined;
}

function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
