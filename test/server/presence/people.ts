/**
 * Windows with a real awareness of y-protocols, over lines that are as slow as the test says, in front of `Presence`.
 */
import { type Connection, Document } from '@hocuspocus/server';
import { createDecoder, readVarString, readVarUint, readVarUint8Array } from 'lib0/decoding';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { Presence } from '../../../extensions/presence.ts';
import { ClientOwners } from '../../../server/client-owners.ts';
import { awarenessFrame } from '../../../server/presence/frames.ts';
import { RecordedLog } from '../../helpers/recorded-log.ts';

const documentName = 'record:room';

/** One node of the server, with one document. */
export class Node {
  readonly presence: Presence;
  readonly document = new Document(documentName);
  readonly log = new RecordedLog();

  constructor(options: { updatesPerSecond?: number; idleMs?: number } = {}) {
    const owners = new ClientOwners();
    const { updatesPerSecond = 20, idleMs = 120_000 } = options;
    this.presence = new Presence({ updatesPerSecond, idleMs, owners, log: this.log });
    void this.presence.afterLoadDocument({ document: this.document } as never);
  }

  async close(): Promise<void> {
    await this.presence.onDestroy();
    this.document.destroy();
  }
}

export class Window {
  readonly document = new Y.Doc();
  readonly awareness = new Awareness(this.document);
  readonly userId: string;
  /** What is on its way, in order. */
  readonly toServer: Uint8Array[] = [];
  readonly fromServer: Uint8Array[] = [];
  /** How much waits for it to read. */
  bufferedBytes = 0;
  #newest: Connection | undefined;
  #line: { node: Node; connection: Connection; closed: () => void } | undefined;

  constructor(userId: string) {
    this.userId = userId;
    this.awareness.on('update', ({ added, updated, removed }: Record<string, number[]>, origin: unknown) => {
      if (origin === 'server' || !this.#line) return;
      this.#say([...(added ?? []), ...(updated ?? []), ...(removed ?? [])]);
    });
  }

  get id(): number {
    return this.document.clientID;
  }

  get isConnected(): boolean {
    return this.#line !== undefined;
  }

  /** What it sees of another. */
  sees(other: Window): Record<string, unknown> | undefined {
    return this.awareness.getStates().get(other.id);
  }

  async connect(node: Node): Promise<void> {
    const window = this;
    let closed: () => void = () => undefined;
    const socket = {
      get bufferedBytes() {
        return window.bufferedBytes;
      },
      close: () => undefined,
    };
    const context = { socket, session: { user: { id: this.userId, name: this.userId }, access: 'edit' } };
    const connection = {
      document: node.document,
      messageAddress: documentName,
      context,
      // Nothing comes over a line that is gone, also when the server does not know yet.
      send: (frame: Uint8Array) => {
        if (this.#newest === connection) this.fromServer.push(frame);
      },
      sendStateless: () => undefined,
      onClose: (callBack: () => void) => {
        closed = callBack;
      },
    } as unknown as Connection;
    this.#newest = connection;
    this.fromServer.length = 0;
    this.toServer.length = 0;
    // A provider says it right behind its token.
    if (this.awareness.getLocalState() !== null) {
      const update = encodeAwarenessUpdate(this.awareness, [this.id]);
      node.presence.take(socket as never, awarenessFrame(documentName, update));
    }
    node.document.addConnection(connection);
    await node.presence.connected({ connection, context } as never);
    this.#line = { node, connection, closed: () => closed() };
  }

  /** The server notices that the socket is closed; what was on its way is lost. */
  disconnect(): void {
    if (!this.#line) return;
    const { node, connection, closed } = this.#line;
    this.forget();
    node.document.removeConnection(connection);
    closed();
  }

  /** As when the network is gone, and the server does not know yet. */
  forget(): (() => void) | undefined {
    if (!this.#line) return undefined;
    const { node, connection, closed } = this.#line;
    this.#line = undefined;
    this.#newest = undefined;
    const others = [...this.awareness.getStates().keys()].filter((id) => id !== this.id);
    for (const id of others) this.awareness.getStates().delete(id);
    return () => {
      node.document.removeConnection(connection);
      closed();
    };
  }

  deliverToServer(): void {
    const update = this.toServer.shift();
    if (!update || !this.#line) return;
    const { node, connection } = this.#line;
    node.presence.take(connection.context.socket, awarenessFrame(documentName, update));
  }

  deliverToWindow(): void {
    const frame = this.fromServer.shift();
    if (frame) applyAwarenessUpdate(this.awareness, updateIn(frame), 'server');
  }

  deliverAll(): void {
    while (this.toServer.length > 0 || this.fromServer.length > 0) {
      this.deliverToServer();
      this.deliverToWindow();
    }
  }

  #say(clientIds: number[]): void {
    this.toServer.push(encodeAwarenessUpdate(this.awareness, clientIds));
  }
}

function updateIn(frame: Uint8Array): Uint8Array {
  const decoder = createDecoder(frame);
  readVarString(decoder);
  readVarUint(decoder);
  return readVarUint8Array(decoder);
}
