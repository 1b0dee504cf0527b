/**
 * The program as an operator runs it: `server/main.ts` in a process of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from './until.ts';

const root = join(import.meta.dirname, '../..');

export class Program {
  readonly #process: ChildProcess;
  /** Everything it has printed, errors included. */
  output = '';

  constructor(args: readonly string[], environment: Record<string, string> = {}, cwd: string = root) {
    this.#process = spawn(process.execPath, [join(root, 'server/main.ts'), ...args], {
      cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output += data.toString();
      });
    }
  }

  /** Starts it on a port that the system chooses, and resolves when it listens. */
  static async start(
    dataDir: string,
    args: readonly string[] = [],
    environment: Record<string, string> = {},
  ): Promise<Program> {
    const program = new Program(['--port', '0', '--data-dir', dataDir, ...args], environment);
    await until('the program listens', () => program.#url() || program.#process.exitCode !== null);
    if (!program.#url()) throw new Error(`the program ended: ${program.output}`);
    return program;
  }

  /** `http://127.0.0.1:<port>` */
  get url(): string {
    const url = this.#url();
    if (!url) throw new Error('the program does not listen');
    return url;
  }

  /** The token of somebody whom the demo knows. */
  async signIn(user: string): Promise<string> {
    const response = await fetch(`${this.url}/demo/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user }),
    });
    return ((await response.json()) as { token: string }).token;
  }

  /** Resolves with the exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode === null && signalCode === null) await once(this.#process, 'exit');
    return this.#process.exitCode ?? (this.#process.signalCode as NodeJS.Signals);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    this.#process.kill(signal);
    return this.ended();
  }

  #url(): string | undefined {
    return /http:\/\/127\.0\.0\.1:\d+/.exec(this.output)?.[0];
  }
}
