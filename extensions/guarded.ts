/**
 * The border between our extensions and Hocuspocus: what a hook throws becomes what Hocuspocus can bear.
 *
 * A rejected hook can end the process, print a stack, or tell a client the message of any error. So every
 * extension is wrapped here, once: failures are logged with fields, clients get a reason from the error table,
 * and hooks that only look on never reject.
 */
import { SkipFurtherHooksError } from '@hocuspocus/common';
import type { Extension } from '@hocuspocus/server';
import { asRealtimeError, type ErrorCode, type RealtimeError } from '../server/errors.ts';
import type { Logger } from '../server/ports.ts';
import type { ConnectionContext } from '../server/session.ts';

type Hook = (payload: HookPayload) => Promise<unknown>;

interface HookPayload {
  readonly documentName?: string;
  /** Empty when the server opens a document for itself. */
  readonly context?: Partial<ConnectionContext>;
}

/** Nobody awaits these: a rejection would end the process, or leave a document half closed. */
const onlookers = new Set([
  'onConfigure',
  'onChange',
  'onAwarenessUpdate',
  'onStateless',
  'beforeBroadcastStateless',
  'afterUnloadDocument',
  'onDisconnect',
  'onDestroy',
]);

/** A client waits for these to be let in. */
const entrances = new Set([
  'onConnect',
  'onAuthenticate',
  'onCreateDocument',
  'onLoadDocument',
  'afterLoadDocument',
  'connected',
]);

/** Thrown by a hook to say no, and nothing bad by it: keep the document, pass over the later hooks. */
export class Veto extends SkipFurtherHooksError {
  constructor() {
    super('');
  }
}

/** These stand before a message is taken in; rejecting one closes the document's connection, but no socket. */
const gates = new Set(['beforeHandleMessage', 'beforeHandleAwareness', 'beforeSync']);

/** The hooks that an extension may have, by Hocuspocus 4.7. */
export const hookNames = [
  ...onlookers,
  ...entrances,
  ...gates,
  'onStoreDocument',
  'beforeUnloadDocument',
  'afterHandleMessage',
  'onTokenSync',
  'afterStoreDocument',
] as (keyof Extension)[];

/** What Hocuspocus is given in place of our error: a number for `code`, a reason to pass on, no message to print. */
class HookRejection extends Error {
  readonly code: number;
  readonly reason: string;
  readonly #error: RealtimeError;

  constructor(error: RealtimeError) {
    super('');
    this.code = error.closeCode;
    this.reason = error.reason;
    this.#error = error;
  }

  static errorIn(thrown: unknown): unknown {
    return thrown instanceof HookRejection ? thrown.#error : thrown;
  }
}

/** What an extension threw, in place of what Hocuspocus was given for it; for whoever calls Hocuspocus directly. */
export function errorBehind(thrown: unknown): unknown {
  return HookRejection.errorIn(thrown);
}

/** Whether it stands for something that was refused, and logged. */
export function isRefusal(thrown: unknown): boolean {
  return thrown instanceof HookRejection;
}

/** @param onRefused hears the code of every refusal and failure */
export function guarded(
  extension: Extension,
  log: Logger,
  onRefused: (code: ErrorCode) => void = () => undefined,
): Extension {
  const wrapped: Record<string, Hook> = {};
  for (const name of hookNames) {
    const hook = extension[name];
    if (typeof hook !== 'function') continue;
    const call = hook.bind(extension) as Hook;
    wrapped[name] = (payload) =>
      call(payload).catch((thrown) => rejected(name, payload, thrown, { log, onRefused }));
  }
  return { ...wrapped, extensionName: extension.extensionName ?? extension.constructor.name };
}

/** What an extension threw that was asked past its hook: what Hocuspocus would be given, and the same is logged. */
export function rejectionOf(
  name: keyof Extension,
  payload: HookPayload,
  thrown: unknown,
  listeners: Listeners,
): { readonly code: number; readonly reason: string } {
  try {
    rejected(name, payload, thrown, listeners);
  } catch (rejection) {
    if (rejection instanceof HookRejection) return rejection;
  }
  throw thrown;
}

interface Listeners {
  readonly log: Logger;
  readonly onRefused: (code: ErrorCode) => void;
}

/** Logs and rethrows in a bearable form; returns for onlookers. */
function rejected(name: string, payload: HookPayload, thrown: unknown, { log, onRefused }: Listeners): void {
  if (thrown instanceof Veto) throw thrown;

  const error = asRealtimeError(thrown, entrances.has(name) ? 'document-not-loaded' : 'internal');
  onRefused(error.code);
  const { socket, session } = payload.context ?? {};
  const fields = {
    hook: name,
    socket: socket?.id,
    documentName: payload.documentName,
    userId: session?.user.id,
    code: error.code,
    ...error.context,
  };
  const isFailure = error.cause !== undefined;
  const what = isFailure ? 'failure' : gates.has(name) ? 'message' : 'entry';
  if (socket?.conduct.isNews(error.code, what) ?? true) {
    if (isFailure) log.warn({ ...fields, cause: String(error.cause) }, 'failed');
    else log.info(fields, 'refused');
  }
  if (onlookers.has(name)) return;

  if (error.isRetryable && entrances.has(name)) closeSocketSoon(payload, error);
  if (error.isRetryable && gates.has(name)) socket?.close(error.closeCode, error.reason);
  throw new HookRejection(error);
}

/**
 * After a refusal, and when the connection of one document is closed, a provider stays connected and never asks again.
 * When asking again helps, the socket is closed right behind the reason: the provider comes back within a second,
 * because the reason was a frame that it received. A socket that other documents use stays: they are in order.
 *
 * Not so at the gates: who is in the room already has typed something, and would never hear that it is saved.
 */
function closeSocketSoon({ documentName, context }: HookPayload, error: RealtimeError): void {
  const socket = context?.socket;
  if (!socket) return;
  const others = [...socket.openDocuments].filter((name) => name !== documentName);
  if (others.length === 0) setImmediate(() => socket.close(error.closeCode, error.reason));
}
