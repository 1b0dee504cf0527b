/**
 * Speaks plain y-websocket with one client, and Hocuspocus with everything behind it.
 *
 * CivicPress' own editor names its document in the URL and signs in with the upgrade; its frames are those of Hocuspocus
 * without an address in front. So the address is put in here and taken out again, the token becomes the first frame,
 * and what Hocuspocus says in frames that y-websocket has no word for becomes the closing of the socket, with a code.
 */
import type { IncomingMessage } from 'node:http';
import { AuthMessageType } from '@hocuspocus/common';
import { createDecoder, readVarString, readVarUint } from 'lib0/decoding';
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding';
import { documentNameOf } from './document-name.ts';
import { type ErrorCode, errors } from './errors.ts';
import { frameTypes } from './frame-address.ts';
import { TokenBucket } from './token-bucket.ts';

/** What a client of y-websocket sends. */
const plainTypes: ReadonlySet<number | undefined> = new Set([
  frameTypes.sync,
  frameTypes.awareness,
  frameTypes.queryAwareness,
]);

/** An awareness update about nobody: y-websocket comes back anew when it has heard nothing for 30 s. */
export const signOfLife = Uint8Array.of(frameTypes.awareness, 1, 0);

/** Shorter than that, and than the time in which it looks. */
export const signOfLifeMs = 12_000;

/** A text that is longer is no ping. */
const longestText = 256;

/** Pings that come faster are not answered; who goes on for so many is sent away. */
const pingsPerSecond = 2;
const mostPings = 200;

/** By what a client is told. */
const codes = new Map(
  Object.entries(errors).map(([code, { reason }]) => [reason as string, code as ErrorCode]),
);

/** What goes out without its address, by the frame with it: the same one goes to everybody in the room. */
const stripped = new WeakMap<Uint8Array, Uint8Array>();

/**
 * The id of the record that a path names below the path of the gateway, as it stands there; `null` for other paths.
 *
 * @example recordIdIn('/realtime/records/noise-bylaw', '/realtime') // 'noise-bylaw'
 */
export function recordIdIn(path: string, gatewayPath: string): string | null {
  if (!path.startsWith(`${gatewayPath}/`)) return null;
  return /^records?\/([^/]*)$/.exec(path.slice(gatewayPath.length + 1))?.[1] ?? null;
}

export interface PlainToken {
  readonly token: string;
  /** Proxies and browsers keep addresses: a token has no place there. */
  readonly isInQuery: boolean;
}

/** The token in the header `Authorization`, in the subprotocol `auth.<token>`, or in the query where that is allowed. */
export function tokenIn({ headers, url = '' }: IncomingMessage, mayBeInQuery: boolean): PlainToken | null {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const offered = headers['sec-websocket-protocol']?.split(',').map((protocol) => protocol.trim());
  const subprotocol = offered?.find((protocol) => protocol.startsWith('auth.'))?.slice('auth.'.length);
  const token = bearer ?? subprotocol;
  if (token) return { token, isInQuery: false };
  const query = mayBeInQuery ? new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('token') : null;
  return query ? { token: query, isInQuery: true } : null;
}

export class PlainClient {
  readonly #address: string;
  readonly #beginning: Buffer;
  readonly #refuse: (code: ErrorCode) => void;

  readonly #answers = new TokenBucket(pingsPerSecond, 1);
  readonly #pings = new TokenBucket(pingsPerSecond, mostPings);

  /** @param refuse closes the socket for this reason */
  constructor(recordId: string, refuse: (code: ErrorCode) => void) {
    this.#address = documentNameOf(recordId);
    const encoder = createEncoder();
    writeVarString(encoder, this.#address);
    this.#beginning = Buffer.from(toUint8Array(encoder));
    this.#refuse = refuse;
  }

  /** The frame with which a provider of Hocuspocus signs in. */
  signIn(token: string): Buffer {
    const encoder = createEncoder();
    writeVarUint(encoder, frameTypes.auth);
    writeVarUint(encoder, AuthMessageType.Token);
    writeVarString(encoder, token);
    return Buffer.concat([this.#beginning, toUint8Array(encoder)]);
  }

  /** A frame of the client as Hocuspocus knows it; `null` for what no client of y-websocket sends. */
  incoming(frame: Buffer): Buffer | null {
    return plainTypes.has(frame[0]) ? Buffer.concat([this.#beginning, frame]) : null;
  }

  /** A frame as the client knows it; `null` for what it cannot know. */
  outgoing(frame: Uint8Array): Uint8Array | null {
    const type = frame[this.#beginning.length];
    switch (type) {
      case frameTypes.sync:
      case frameTypes.awareness:
      case frameTypes.queryAwareness:
        return this.#strip(frame);
      case frameTypes.syncReply:
        return asSync(this.#strip(frame));
      case frameTypes.auth:
      case frameTypes.close:
        this.#told(type, frame);
        return null;
      case frameTypes.syncStatus:
        // Somebody types who may only read: they would go on, and nobody would ever see it.
        if (frame[this.#beginning.length + 1] === 0) this.#refuse('not-allowed');
        return null;
      default:
        return null;
    }
  }

  /** The answer to a text, empty when it comes too soon; `null` for any but the ping of CivicPress' editor. */
  answerTo(text: Buffer): string | null {
    if (!isPing(text)) return null;
    if (!this.#pings.take(1)) this.#refuse('too-many-messages');
    if (!this.#answers.take(1)) return '';
    return JSON.stringify({ type: 'pong', timestamp: Date.now() });
  }

  #strip(frame: Uint8Array): Uint8Array {
    const known = stripped.get(frame);
    if (known) return known;
    const bare = frame.subarray(this.#beginning.length);
    stripped.set(frame, bare);
    return bare;
  }

  /** That it was let in needs no word; that it was not, or is to go, is said with a code. */
  #told(type: number, frame: Uint8Array): void {
    const decoder = createDecoder(frame.subarray(this.#beginning.length + 1));
    if (type === frameTypes.auth && readVarUint(decoder) !== AuthMessageType.PermissionDenied) return;
    this.#refuse(codes.get(readVarString(decoder)) ?? 'internal');
  }
}

/** Without the type that y-websocket does not know; it is a question as well, and answered as one. */
function asSync(reply: Uint8Array): Uint8Array {
  const sync = Uint8Array.from(reply);
  sync[0] = frameTypes.sync;
  return sync;
}

function isPing(text: Buffer): boolean {
  if (text.byteLength > longestText) return false;
  try {
    return (JSON.parse(text.toString()) as { type?: unknown } | null)?.type === 'ping';
  } catch {
    return false;
  }
}
