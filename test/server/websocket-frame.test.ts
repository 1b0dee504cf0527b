/**
 * The frames that sockets are sent, read by another implementation.
 */
import { expect, it } from 'vitest';
import * as ws from 'ws';
import { emptyPayload, frameOf } from '../../server/websocket-frame.ts';

interface Receiving {
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void;
  write(frame: Uint8Array): void;
}

/** Its types leave this out. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Receiving };

/** What a client receives of these frames. */
function received(...frames: readonly Uint8Array[]): Buffer[] {
  const messages: Buffer[] = [];
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true });
  receiver.on('message', (data: Buffer, isBinary: boolean) => {
    expect(isBinary).toBe(true);
    messages.push(data);
  });
  for (const frame of frames) receiver.write(frame);
  return messages;
}

const payloadOf = (byteLength: number) => Uint8Array.from({ length: byteLength }, (_, at) => at % 251);

it.each([0, 1, 125, 126, 1_024, 1_025, 65_535, 65_536, 200_000])('hold %i bytes', (byteLength) => {
  const payload = payloadOf(byteLength);
  expect(received(frameOf(payload))).toEqual([Buffer.from(payload)]);
});

it.each([100, 2_000])('are built once for everybody who is sent the same %i bytes', (byteLength) => {
  const payload = payloadOf(byteLength);
  expect(frameOf(payload)).toBe(frameOf(payload));
});

it('of several payloads in turn are each their own', () => {
  const payloads = [payloadOf(10), payloadOf(11), payloadOf(3_000), payloadOf(12)];
  const twice = [...payloads, ...payloads];
  expect(received(...twice.map(frameOf))).toEqual(twice.map((payload) => Buffer.from(payload)));
});

it.each([10, 3_000])('hold what %i bytes were filled with in their frame', (byteLength) => {
  const payload = emptyPayload(byteLength);
  payload.set(payloadOf(byteLength));
  expect(received(frameOf(payload))).toEqual([Buffer.from(payload)]);
});
