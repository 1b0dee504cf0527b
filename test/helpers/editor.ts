/**
 * Somebody at CivicPress' own editor: the real provider of y-websocket 3, on the URL of a record.
 */
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { until } from './until.ts';

export interface EditorOptions {
  /** `http://…` of the realtime server, without a path. */
  readonly serverUrl: string;
  readonly recordId: string;
  readonly token?: string;
  /** How the token travels. */
  readonly by?: 'header' | 'subprotocol' | 'query';
  /** `records`, or `record`. */
  readonly collection?: string;
}

export class Editor {
  readonly document = new Y.Doc();
  readonly provider: WebsocketProvider;
  readonly closes: { code: number; reason: string }[] = [];

  constructor({ serverUrl, recordId, token, by = 'subprotocol', collection = 'records' }: EditorOptions) {
    const headers = by === 'header' && token ? { authorization: `Bearer ${token}` } : {};
    class ClientWebSocket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers });
        this.on('error', () => undefined);
      }
    }
    this.provider = new WebsocketProvider(
      `${serverUrl.replace('http', 'ws')}/realtime/${collection}`,
      recordId,
      this.document,
      {
        WebSocketPolyfill: ClientWebSocket as never,
        protocols: by === 'subprotocol' && token ? [`auth.${token}`] : [],
        params: by === 'query' && token ? { token } : {},
        disableBc: true,
      },
    );
    this.provider.on('connection-close', (event) => {
      if (event) this.closes.push({ code: event.code, reason: event.reason });
    });
  }

  get fragment(): Y.XmlFragment {
    return this.document.getXmlFragment('default');
  }

  get text(): string {
    return this.fragment.toString().replace(/<[^>]+>/g, '');
  }

  get isSynced(): boolean {
    return this.provider.synced;
  }

  async synced(): Promise<this> {
    await until('the editor sees the document', () => this.provider.synced);
    return this;
  }

  async closed(): Promise<{ code: number; reason: string }> {
    return until('the socket is closed', () => this.closes[0]);
  }

  async sees(text: string): Promise<void> {
    await until(`the editor sees "${text}"`, () => this.text.includes(text));
  }

  /** Types behind the first place where the document says `after`. */
  type(after: string, text: string): void {
    for (const node of textsIn(this.fragment)) {
      const offset = node.toString().indexOf(after);
      if (offset >= 0) return node.insert(offset + after.length, text);
    }
    throw new Error(`the document does not say "${after}"`);
  }

  leave(): void {
    this.provider.destroy();
  }
}

function textsIn(node: Y.XmlFragment | Y.XmlElement): Y.XmlText[] {
  return node.toArray().flatMap((child) => {
    if (child instanceof Y.XmlText) return [child];
    return child instanceof Y.XmlElement ? textsIn(child) : [];
  });
}
