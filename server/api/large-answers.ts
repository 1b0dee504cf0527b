/**
 * Bounds what waits for those who do not read their answers: a document is some MB, and whoever asks for it again and
 * again and reads nothing would fill the memory with it.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RealtimeError } from '../errors.ts';

export interface LargeAnswersOptions {
  /** Whom a request counts for. */
  readonly senderOf: (request: FastifyRequest) => string;
  /** Who takes nothing of an answer for so long is cut off, in ms. */
  readonly patienceMs?: number;
}

/** Smaller ones are not counted: they are asked for no more often than `RequestRate` says. */
const largeBytes = 65_536;

/** So much may wait for one sender, and for all of them; an answer may be larger when nothing else waits. */
const mostBytesOfOne = 33_554_432;
const mostBytesInAll = 134_217_728;

const patienceMs = 20_000;
const retryMs = 5_000;

export function boundLargeAnswers(app: FastifyInstance, options: LargeAnswersOptions): void {
  /** By whom they were asked for. */
  const underWay = new Map<ServerResponse, string>();

  const isTooMuch = (sender: string, size: number) => {
    let [ofOne, inAll] = [0, 0];
    for (const [{ writableLength }, other] of underWay) {
      inAll += writableLength;
      if (other === sender) ofOne += writableLength;
    }
    return (ofOne > 0 && ofOne + size > mostBytesOfOne) || (inAll > 0 && inAll + size > mostBytesInAll);
  };

  app.addHook('onSend', async (request, reply, payload: unknown) => {
    const size =
      typeof payload === 'string' || payload instanceof Uint8Array ? Buffer.byteLength(payload) : 0;
    if (size < largeBytes) return;
    const sender = options.senderOf(request);
    if (isTooMuch(sender, size)) throw new RealtimeError('too-many-requests', { retryAfterMs: retryMs });
    const { raw } = reply;
    underWay.set(raw, sender);
    raw.once('close', () => underWay.delete(raw));
    raw.setTimeout(options.patienceMs ?? patienceMs, () => raw.destroy());
  });
}
