/**
 * A server in a process of its own that is killed and started again, at the same address and over the same data.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from '../helpers/until.ts';

export interface Launch {
  readonly script: string;
  /** @param port 0 lets the system choose */
  readonly args: (port: number) => readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export class KillableServer {
  readonly #launch: Launch;
  #child: ChildProcess | undefined;
  /** Errors included. */
  #output = '';
  /** Chosen by the system at the first start; where the clients come back to. */
  #port = 0;

  /** When the present process was started, in monotonic ms. */
  startedAt = 0;

  constructor(launch: Launch) {
    this.#launch = launch;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when it answers, with how long that took in ms. */
  async start(): Promise<number> {
    const { script, args, environment } = this.#launch;
    this.#output = '';
    this.startedAt = performance.now();
    const child = spawn(process.execPath, [script, ...args(this.#port)], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    process.once('exit', killAtExit(child));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        this.#output += data.toString();
      });
    }
    await until('the server answers', () => this.hasEnded || this.#answers());
    if (this.hasEnded) throw new Error(`the server ended by itself: ${this.lastWords}`);
    return performance.now() - this.startedAt;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child?.exitCode !== null || this.#child?.signalCode !== null;
  }

  /** What the present process has printed. */
  get output(): string {
    return this.#output;
  }

  /** The end of it. */
  get lastWords(): string {
    return this.#output.slice(-2_000);
  }

  /** Its last warnings and errors: what an operator would look at first. */
  get complaints(): string {
    const lines = this.#output.split('\n').filter((line) => /^\{"level":[456]0/.test(line));
    return lines.slice(-3).join(' ') || 'nothing';
  }

  /** At once: nothing that the process wanted to do is done. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** `SIGTERM` stops it in order, `SIGSTOP` and `SIGCONT` let it sleep. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async ended(): Promise<void> {
    if (this.#child && !this.hasEnded) await once(this.#child, 'exit');
  }

  async end(): Promise<void> {
    this.kill();
    await this.ended();
  }

  async #answers(): Promise<boolean> {
    this.#port ||= Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(this.#output)?.[1] ?? 0);
    if (this.#port === 0) return false;
    return fetch(`${this.url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

/** One listener for each process that was started, gone with it. */
function killAtExit(child: ChildProcess): () => void {
  const kill = () => void child.kill('SIGKILL');
  child.once('exit', () => process.off('exit', kill));
  return kill;
}
