/**
 * One socket's pace, with the real lane and without a network.
 */
import { createEncoder, toUint8Array, writeVarString, writeVarUint, writeVarUint8Array } from 'lib0/encoding';
import { expect, it } from 'vitest';
import { Lane } from '../../server/lane.ts';
import { Pace, type PaceOptions } from '../../server/pace.ts';
import { until } from '../helpers/until.ts';

/** A frame for a document, as a client sends it. */
function frameOf(type: number, ...rest: number[]): Buffer {
  const encoder = createEncoder();
  writeVarString(encoder, 'record:a');
  writeVarUint(encoder, type);
  for (const number of rest) writeVarUint(encoder, number);
  return Buffer.from(toUint8Array(encoder));
}

const edit = (number: number) => frameOf(0, 2, number);
const question = (number: number) => frameOf(0, 0, number);
const cursor = (number: number) => frameOf(1, number);

function largeEdit(bytes: number): Buffer {
  const encoder = createEncoder();
  writeVarString(encoder, 'record:a');
  writeVarUint(encoder, 0);
  writeVarUint(encoder, 2);
  writeVarUint8Array(encoder, new Uint8Array(bytes));
  return Buffer.from(toUint8Array(encoder));
}

function open(options: Partial<PaceOptions> = {}) {
  const seen = { handled: [] as Buffer[], pauses: 0, resumes: 0, excess: 0 };
  const pace = new Pace({
    messagesPerSecond: 10,
    lane: new Lane(),
    isReady: () => true,
    handle: (frame) => void seen.handled.push(frame),
    mayBeFromOffline: () => true,
    source: {
      pause: () => {
        seen.pauses += 1;
      },
      resume: () => {
        seen.resumes += 1;
      },
    },
    onExcess: (weight) => {
      seen.excess += weight;
    },
    ...options,
  });
  const send = (frames: readonly Buffer[]) => {
    for (const frame of frames) pace.take(frame);
  };
  return { pace, seen, send };
}

const many = (count: number, make: (number: number) => Buffer) =>
  Array.from({ length: count }, (_, number) => make(number));

it('[R3] handles at once what comes at its rate, and never stops reading for it', () => {
  const { seen, send } = open();
  send(many(10, edit));
  expect(seen.handled).toHaveLength(10);
  expect(seen).toMatchObject({ pauses: 0, excess: 0 });
});

it('[R4] holds nothing against what a bad line brings together', async () => {
  const { pace, seen, send } = open();
  send(many(40, cursor));
  await until('all are handled', () => !pace.isWaiting);
  expect(seen).toMatchObject({ pauses: 1, excess: 0 });
});

it('[R3] reads no more while something waits, and loses nothing of it, in order', async () => {
  const { pace, seen, send } = open();
  const frames = many(1_000, edit);
  send(frames);
  expect(seen.handled.length).toBeLessThan(100);
  expect(seen).toMatchObject({ pauses: 1, resumes: 0 });
  await until('all are handled', () => !pace.isWaiting);
  expect(seen.handled).toEqual(frames);
  expect(seen).toMatchObject({ pauses: 1, resumes: 1 });
  expect(seen.excess).toBeGreaterThan(900);
});

it('[R3] counts a long message as several', async () => {
  const { pace, seen, send } = open();
  send([largeEdit(300_000), edit(1)]);
  expect(seen.handled).toHaveLength(0);
  await until('both are handled', () => !pace.isWaiting);
  expect(seen.handled).toHaveLength(2);
});

it('[R3] handles the edits that a peer sent before it left, and answers nobody', async () => {
  const { pace, seen, send } = open();
  send([...many(200, edit), ...many(200, question)]);
  let isDone = false;
  pace.finish(() => {
    isDone = true;
  });
  expect(isDone).toBe(false);
  await until('it is done', () => isDone);
  expect(seen.handled).toHaveLength(200);
});

it('[R3] waits while documents are being opened that hold enough', async () => {
  let isReady = false;
  const { pace, seen, send } = open({ isReady: () => isReady });
  send([edit(1)]);
  expect(seen.handled).toHaveLength(0);
  isReady = true;
  await until('it is handled', () => !pace.isWaiting);
});

it('forgets what waits when it is stopped, and takes nothing more', () => {
  const { pace, seen, send } = open();
  send(many(200, edit));
  const { length } = seen.handled;
  pace.stop();
  pace.stop();
  send([edit(1)]);
  expect(seen.handled).toHaveLength(length);
  expect(seen.resumes).toBe(1);
});

it('reads on when handling the only one that waited has stopped it, so that the closing is seen', async () => {
  const stopping = open({ handle: () => stopping.pace.stop() });
  stopping.send([largeEdit(3_000_000)]);
  await until('it reads on', () => stopping.seen.resumes === 1);
});

it('[R6] answers few questions a second, and one that is asked twice in a row once', async () => {
  const { pace, seen, send } = open({ messagesPerSecond: 1_000 });
  send(many(55, question));
  send([question(54), question(54)]);
  expect(seen.handled).toHaveLength(2);
  const startedAt = performance.now();
  await until('all are answered', () => !pace.isWaiting);
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  expect(seen.handled).toHaveLength(55);
  expect(seen.excess).toBe(5_000);
});

it('[R4] counts what is no edit for more', async () => {
  const { pace, seen, send } = open();
  send(many(150, cursor));
  await until('all are handled', () => !pace.isWaiting);
  expect(seen.excess).toBeGreaterThan(1_900);
});

it('[R4] counts an edit that was typed just now for more than one from offline', async () => {
  const excessOf = async (mayBeFromOffline: () => boolean) => {
    const { pace, seen, send } = open({ mayBeFromOffline });
    send(many(200, edit));
    await until('all are handled', () => !pace.isWaiting);
    return seen.excess;
  };
  expect(await excessOf(() => true)).toBeLessThanOrEqual(150);
  expect(await excessOf(() => false)).toBeGreaterThan(500);
});

it('[R3] gives one whose messages take long a part of the time', async () => {
  let busyMs = 0;
  const busy = open({
    handle: () => {
      const startedAt = performance.now();
      while (performance.now() < startedAt + 20);
      busyMs += performance.now() - startedAt;
    },
  });
  busy.send(many(200, edit));
  const startedAt = performance.now();
  const busyBefore = busyMs;
  await until('it has gone on for a while', () => performance.now() - startedAt > 500);
  busy.pace.stop();
  expect((busyMs - busyBefore) / (performance.now() - startedAt)).toBeLessThan(0.5);
});

it('[R3] has one that comes back at once in the lane no more often than others', async () => {
  const lane = new Lane();
  const frames = many(12, edit);
  const source = { pause: () => undefined, resume: () => process.nextTick(() => flood.send(frames)) };
  const flood = open({ lane, source });
  flood.send(frames);
  const startedAt = performance.now();
  await until('it has gone on for a while', () => performance.now() - startedAt > 500);
  const other = open({ lane });
  other.send(many(60, edit));
  const turnsBefore = flood.seen.handled.length;
  await until('the other is through', () => !other.pace.isWaiting);
  expect(flood.seen.handled.length - turnsBefore).toBeLessThan(1_000);
  flood.pace.stop();
});

it('[R3] lets one that goes too fast hold up no other in the lane', async () => {
  const lane = new Lane();
  const [flood, other] = [open({ lane }), open({ lane })];
  flood.send(many(20_000, edit));
  other.send(many(60, edit));
  await until('the other is through', () => !other.pace.isWaiting);
  expect(flood.seen.handled.length).toBeLessThan(2_000);
  flood.pace.stop();
});
