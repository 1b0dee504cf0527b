/**
 * A server in a process of its own, as the bench holds it: started, asked what it has used, and ended.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `bare` is Hocuspocus alone, `eager` the same storing every edit, without a pause. */
export type Side = 'bare' | 'eager' | 'y-websocket' | 'relay' | 'ours';

export type ServerKind = Side | 'civicpress';

export interface ServerOptions {
  readonly kind: ServerKind;
  /** Of its databases, or of the records. */
  readonly folder: string;
  readonly civicpressUrl?: string;
  /** Of the Redis that it shares with another node. */
  readonly redisPort?: number;
  /** Of ours, by their names in the environment. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Stats {
  /** Of all threads, since the start. */
  readonly cpuMs: number;
  /** The longest that the event loop stood still since it is watched. */
  readonly stallMs: number;
  /** Snapshots and drafts that ours has written. */
  readonly snapshots: number;
  readonly drafts: number;
}

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(options: ServerOptions): Promise<ServerProcess> {
    const child = fork(join(import.meta.dirname, 'server-process.ts'), [JSON.stringify(options)], {
      execArgv: ['--expose-gc'],
    });
    const died = once(child, 'exit').then(() => {
      throw new Error(`the ${options.kind} server ended before it listened`);
    });
    const [{ port }] = (await Promise.race([once(child, 'message'), died])) as [{ port: number }];
    died.catch(() => undefined);
    return new ServerProcess(child, port);
  }

  stats(): Promise<Stats> {
    return this.#ask('stats');
  }

  /** Memory that is held after a thorough collection of garbage. */
  memory(): Promise<NodeJS.MemoryUsage> {
    return this.#ask('memory');
  }

  async rssBytes(): Promise<number> {
    return (await this.memory()).rss;
  }

  /** What all threads of the process gave to the file system to write; `null` where the kernel does not say. */
  async writtenBytes(): Promise<number | null> {
    const account = await readFile(`/proc/${this.#child.pid}/io`, 'utf8').catch(() => '');
    const bytes = /^write_bytes: (\d+)/m.exec(account)?.[1];
    return bytes === undefined ? null : Number(bytes);
  }

  /** Looks for stalls of its event loop from now on. */
  watchStalls(): void {
    this.#child.send('stalls');
  }

  /** Something else has its event loop, nine tenths of the time from now on. */
  keepBusy(): void {
    this.#child.send('busy');
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  async #ask<Answer>(what: string): Promise<Answer> {
    this.#child.send(what);
    const [answer] = (await once(this.#child, 'message')) as [Answer];
    return answer;
  }
}
