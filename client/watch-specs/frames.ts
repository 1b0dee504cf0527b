/**
 * As much of Hocuspocus' protocol as it takes to hear stateless messages: sign in, say something, be told something.
 *
 * A whole provider would bring Yjs along and keep a copy of a document that nobody here reads.
 */
import { createDecoder, readVarString, readVarUint } from 'lib0/decoding';
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding';

/** Types of frames, by Hocuspocus 4. */
const auth = 2;
const stateless = 5;

/** What an auth frame says. */
const token = 0;
const denied = 1;
const authenticated = 2;

export type ServerFrame =
  | { readonly is: 'authenticated' }
  | { readonly is: 'denied'; readonly reason: string }
  /** The server asks for the token as it is now. */
  | { readonly is: 'token-wanted' }
  | { readonly is: 'message'; readonly payload: string }
  /** What concerns the document itself. */
  | { readonly is: 'other' };

export function signInFrame(documentName: string, tokenText: string): Uint8Array<ArrayBuffer> {
  const encoder = createEncoder();
  writeVarString(encoder, documentName);
  writeVarUint(encoder, auth);
  writeVarUint(encoder, token);
  writeVarString(encoder, tokenText);
  return toUint8Array(encoder) as Uint8Array<ArrayBuffer>;
}

export function messageFrame(documentName: string, payload: string): Uint8Array<ArrayBuffer> {
  const encoder = createEncoder();
  writeVarString(encoder, documentName);
  writeVarUint(encoder, stateless);
  writeVarString(encoder, payload);
  return toUint8Array(encoder) as Uint8Array<ArrayBuffer>;
}

/** @throws for bytes that are no frame */
export function readFrame(bytes: Uint8Array): ServerFrame {
  const decoder = createDecoder(bytes);
  readVarString(decoder);
  const type = readVarUint(decoder);
  if (type === stateless) return { is: 'message', payload: readVarString(decoder) };
  if (type !== auth) return { is: 'other' };
  const says = readVarUint(decoder);
  if (says === authenticated) return { is: 'authenticated' };
  if (says === denied) return { is: 'denied', reason: readVarString(decoder) };
  return says === token ? { is: 'token-wanted' } : { is: 'other' };
}
