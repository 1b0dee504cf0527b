/**
 * What every row of the bench needs: servers in processes of their own, light clients, and medians.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createEncoder, type Encoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding';
import { WebSocket } from 'ws';
import { writeSyncStep1, writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';

export type ServerKind = 'bare' | 'ours' | 'civicpress';

export interface Stats {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(kind: ServerKind, folder: string, civicpressUrl = ''): Promise<ServerProcess> {
    const child = fork(join(import.meta.dirname, 'server-process.ts'), [kind, folder, civicpressUrl], {
      execArgv: ['--expose-gc'],
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new ServerProcess(child, port);
  }

  /** CPU used since the start, and memory held after a collection of garbage. */
  async stats(): Promise<Stats> {
    this.#child.send('stats');
    const [stats] = (await once(this.#child, 'message')) as [Stats];
    return stats;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

const messageType = { sync: 0, auth: 2 } as const;

/** As little of a provider as it takes to be served: cheap enough to run a thousand of them. */
export class LightClient {
  readonly #socket: WebSocket;
  readonly #documentName: string;
  /** Called with every frame from the server. */
  onFrame: (frame: Buffer) => void = () => undefined;

  private constructor(socket: WebSocket, documentName: string) {
    this.#socket = socket;
    this.#documentName = documentName;
    socket.on('message', (frame: Buffer) => this.onFrame(frame));
  }

  /** Resolves once the server has sent the document. */
  static async join(port: number, documentName: string, token: string): Promise<LightClient> {
    const path = '/realtime';
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
    await once(socket, 'open');
    const client = new LightClient(socket, documentName);
    const synced = new Promise<void>((resolve) => {
      client.onFrame = (frame) => {
        // [address][type sync][step 2 …]
        const typeAt = 1 + Buffer.byteLength(documentName);
        if (frame[typeAt] === messageType.sync && frame[typeAt + 1] === 1) resolve();
      };
    });
    client.#send(messageType.auth, (encoder) => {
      writeVarUint(encoder, 0);
      writeVarString(encoder, token);
    });
    client.#send(messageType.sync, (encoder) => writeSyncStep1(encoder, new Y.Doc()));
    await synced;
    client.onFrame = () => undefined;
    return client;
  }

  sendUpdate(update: Uint8Array): void {
    this.#send(messageType.sync, (encoder) => writeUpdate(encoder, update));
  }

  leave(): void {
    this.#socket.terminate();
  }

  #send(type: number, write: (encoder: Encoder) => void): void {
    const encoder = createEncoder();
    writeVarString(encoder, this.#documentName);
    writeVarUint(encoder, type);
    write(encoder);
    this.#socket.send(toUint8Array(encoder));
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
