/**
 * Somebody at an editor: a real HocuspocusProvider, and words for what clerks do.
 */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { createEncoder, toUint8Array, writeVarString, writeVarUint, writeVarUint8Array } from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { announceFeatures } from '../../client/index.ts';
import type { Feature } from '../../markdown/index.ts';
import { until } from './until.ts';

/** `ws` without a listener for errors would end the test's process when a server goes away while connecting. */
class ClientWebSocket extends WebSocket {
  constructor(url: string) {
    super(url);
    this.on('error', () => undefined);
  }
}

export interface ClerkOptions {
  /** `http://…` of the realtime server, without a path. */
  readonly serverUrl: string;
  readonly documentName: string;
  readonly token: string;
  /** The socket of somebody else, to share. */
  readonly socket?: HocuspocusProviderWebsocket;
  /** What the editor announces to know; nothing when unset. */
  readonly features?: readonly Feature[];
}

export class Clerk {
  readonly document = new Y.Doc();
  readonly provider: HocuspocusProvider;
  /** What the server said when it refused, in order. */
  readonly refusals: string[] = [];
  /** Codes with which the socket was closed, in order. */
  readonly closeCodes: number[] = [];
  /** Stateless messages of the server, in order. */
  readonly notices: { event: string; data: Record<string, unknown> }[] = [];
  /** `read-write` or `readonly`, once the server has let us in. */
  scope: string | undefined;
  readonly socket: HocuspocusProviderWebsocket;

  constructor({ serverUrl, documentName, token, socket, features }: ClerkOptions) {
    const url = `${serverUrl.replace('http', 'ws')}/realtime`;
    this.socket =
      socket ??
      new HocuspocusProviderWebsocket({
        url: features ? announceFeatures(url, features) : url,
        WebSocketPolyfill: ClientWebSocket,
      });
    this.provider = new HocuspocusProvider({
      websocketProvider: this.socket,
      name: documentName,
      document: this.document,
      token,
      onAuthenticated: ({ scope }) => {
        this.scope = scope;
      },
      onAuthenticationFailed: ({ reason }) => void this.refusals.push(reason),
      onStateless: ({ payload }) => void this.notices.push(JSON.parse(payload)),
      onClose: ({ event }) => void this.closeCodes.push(event.code),
    });
    this.provider.attach();
  }

  get fragment(): Y.XmlFragment {
    return this.document.getXmlFragment('default');
  }

  /** Begins with what another editor has, as one does that was offline. */
  holds(other: Clerk): void {
    Y.applyUpdate(this.document, Y.encodeStateAsUpdate(other.document));
  }

  /** The whole text, block after block. */
  get text(): string {
    return this.fragment.toString().replace(/<[^>]+>/g, '');
  }

  async synced(withinMs?: number): Promise<this> {
    await until('the clerk sees the document', () => this.provider.isSynced, withinMs);
    return this;
  }

  /** Resolves when the server has acknowledged everything that was typed. */
  async saved(): Promise<void> {
    await until('everything is acknowledged', () => this.provider.unsyncedChanges === 0);
  }

  async refused(): Promise<string> {
    return until('the server refuses', () => this.refusals.at(-1));
  }

  async noticed(event: string): Promise<Record<string, unknown>> {
    const notice = await until(`the notice "${event}" comes`, () =>
      this.notices.find((known) => known.event === event),
    );
    return notice.data;
  }

  async sees(text: string, withinMs?: number): Promise<void> {
    await until(`the clerk sees "${text}"`, () => this.text.includes(text), withinMs);
  }

  /** Types `text` behind the first place where the document says `after`, in one keystroke each. */
  type(after: string, text: string): void {
    const { node, offset } = this.#find(after);
    for (const [index, character] of [...text].entries())
      node.insert(offset + after.length + index, character);
  }

  /** Replaces the first `word` as an editor does: in one transaction. */
  replace(word: string, replacement: string): void {
    const { node, offset } = this.#find(word);
    this.document.transact(() => {
      node.delete(offset, word.length);
      node.insert(offset, replacement);
    });
  }

  /** Deletes the first `text`, in one transaction. */
  erase(text: string): void {
    const { node, offset } = this.#find(text);
    node.delete(offset, text.length);
  }

  /** Sends a sync message as no provider would. */
  sendRaw(type: number, payload: Uint8Array): void {
    const encoder = createEncoder();
    writeVarString(encoder, this.provider.configuration.name);
    writeVarUint(encoder, 0);
    writeVarUint(encoder, type);
    writeVarUint8Array(encoder, payload);
    this.socket.webSocket?.send(toUint8Array(encoder));
  }

  /** Sends a message of this type as no provider would. */
  sendRawOfType(type: number, payload: Uint8Array): void {
    const encoder = createEncoder();
    writeVarString(encoder, this.provider.configuration.name);
    writeVarUint(encoder, type);
    writeVarUint8Array(encoder, payload);
    this.socket.webSocket?.send(toUint8Array(encoder));
  }

  /** Closes the window. */
  leave(): void {
    this.provider.destroy();
    this.socket.destroy();
  }

  #find(text: string): { node: Y.XmlText; offset: number } {
    for (const node of textsIn(this.fragment)) {
      const plain = node
        .toDelta()
        .map((part: { insert: unknown }) => (typeof part.insert === 'string' ? part.insert : '\uFFFC'))
        .join('');
      const offset = plain.indexOf(text);
      if (offset >= 0) return { node, offset };
    }
    throw new Error(`the document does not say "${text}"`);
  }
}

function textsIn(node: Y.XmlFragment | Y.XmlElement): Y.XmlText[] {
  return node.toArray().flatMap((child) => {
    if (child instanceof Y.XmlText) return [child];
    return child instanceof Y.XmlElement ? textsIn(child) : [];
  });
}
