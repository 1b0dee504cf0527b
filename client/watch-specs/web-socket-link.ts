/**
 * A link over the WebSocket of the realtime server: the stateless messages of its document `spec-updates`.
 */
import { messageFrame, readFrame, signInFrame } from './frames.ts';
import { type CloseLink, type LinkHandlers, type LinkOptions, SilenceWatch } from './link.ts';

export interface WebSocketLinkOptions extends LinkOptions {
  /** `wss://…/realtime` */
  readonly url: string;
  /** Nothing where there is none, as in Node 20. */
  readonly WebSocket: typeof WebSocket | null | undefined;
}

const documentName = 'spec-updates';

export function openWebSocketLink(options: WebSocketLinkOptions, handlers: LinkHandlers): CloseLink {
  const { url, token, filter, from, silenceMs, WebSocket } = options;
  let isOver = false;
  let isLive = false;
  let socket: WebSocket | undefined;

  // A browser hides the pings of the server, so we ask for something now and then.
  const asking = setInterval(() => say('subscriptions'), silenceMs / 2);
  const silence = new SilenceWatch(silenceMs, () => end('The server fell silent.'));

  function close(): void {
    isOver = true;
    clearInterval(asking);
    silence.stop();
    if (socket && socket.readyState <= 1) socket.close();
  }

  function end(reason: string): void {
    if (isOver) return;
    close();
    // Whether a refusal is for good is known to whoever asks by HTTP.
    handlers.onEnd({ reason, isRefusal: false });
  }

  function say(event: string, data?: unknown): void {
    if (isLive) socket?.send(messageFrame(documentName, JSON.stringify({ event, data })));
  }

  async function signIn(): Promise<void> {
    const tokenText = await token();
    if (isOver) return;
    socket?.send(signInFrame(documentName, tokenText));
  }

  function take(payload: string): void {
    const message = JSON.parse(payload) as { event: string; data: { message?: string } };
    if (message.event === 'error') return end(String(message.data.message));
    if (message.event === 'subscriptions') {
      if (!isLive) handlers.onLive();
      isLive = true;
      return;
    }
    handlers.onMessage(message);
  }

  function read(data: unknown): void {
    if (isOver) return;
    silence.heard();
    const frame = readFrame(new Uint8Array(data as ArrayBuffer));
    if (frame.is === 'message') take(frame.payload);
    else if (frame.is === 'denied') end(frame.reason);
    else if (frame.is === 'token-wanted') void signIn();
    else if (frame.is === 'authenticated') {
      socket?.send(
        messageFrame(documentName, JSON.stringify({ event: 'subscribe', data: { ...filter, from } })),
      );
    }
  }

  try {
    if (!WebSocket) throw new Error('There is no WebSocket here.');
    socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => void signIn().catch((error: unknown) => end(String(error)));
    socket.onmessage = ({ data }) => read(data);
    socket.onclose = ({ reason }) => end(reason || 'The connection is closed.');
    socket.onerror = () => end('The connection failed.');
  } catch (error) {
    // Not at once: whoever opens a link has it in hand only when this returns.
    setTimeout(() => end(error instanceof Error ? error.message : String(error)));
  }
  return close;
}
