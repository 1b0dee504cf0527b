import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type EventData, eventNames } from '../../../server/events.ts';
import { openOutbox } from '../../../server/webhooks/outbox.ts';
import { Webhooks, type WebhooksOptions } from '../../../server/webhooks/webhooks.ts';
import { Receiver } from '../../helpers/receiver.ts';
import { RecordedLog } from '../../helpers/recorded-log.ts';
import { until } from '../../helpers/until.ts';

const secret = 'a secret of at least thirty-two characters';

async function folderOf(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'webhooks-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function open(urls: readonly string[], options: Partial<WebhooksOptions> & { folder?: string } = {}) {
  const log = new RecordedLog();
  const webhooks = new Webhooks({
    outbox: await openOutbox(join(options.folder ?? (await folderOf()), 'webhooks.sqlite')),
    urls,
    events: eventNames,
    secret,
    privateHosts: ['127.0.0.1'],
    timeoutMs: 5_000,
    retryMinMs: 10,
    retryMaxMs: 50,
    giveUpMs: 3_600_000,
    keepDeadMs: 3_600_000,
    log,
    ...options,
  });
  await webhooks.start();
  onTestFinished(() => webhooks.stop());
  return { webhooks, log };
}

let counter = 0;

/** Something that happened in this room; the number tells it from others. */
function created(room: string): EventData {
  counter += 1;
  return {
    roomId: `record:${room}`,
    roomType: 'record',
    recordId: room,
    timestamp: new Date().toISOString(),
    correlationId: String(counter),
  };
}

const numbersOf = (receiver: Receiver, room: string) =>
  receiver.taken
    .filter(({ event }) => event.data.recordId === room)
    .map(({ event }) => Number(event.data.correlationId));

const inOrder = (numbers: number[]) => numbers.toSorted((one, other) => one - other);

describe('an event', () => {
  it('[H3] arrives with its headers, and signed', async () => {
    const receiver = await Receiver.start();
    const { webhooks } = await open([receiver.url]);
    const data = created('plan');
    webhooks.emit('realtime:room:created', data);
    const { headers, body, event } = await until('it arrives', () => receiver.taken[0]);
    const { id, ...said } = event;
    expect(said).toEqual({
      event: 'realtime:room:created',
      timestamp: data.timestamp,
      correlationId: data.correlationId,
      data,
    });
    expect(headers['x-civicpress-event']).toBe('realtime:room:created');
    expect(headers['x-civicpress-delivery']).toBe(id);
    expect(headers['x-civicpress-sequence']).toBe('1');
    const timestamp = String(headers['x-civicpress-timestamp']);
    expect(Math.abs(Date.now() / 1_000 - Number(timestamp))).toBeLessThan(60);
    const expected = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    expect(headers['x-civicpress-signature']).toBe(`sha256=${expected}`);
    await until('nothing waits', async () => (await webhooks.status()).pending === 0);
  });

  it('[H3] goes to each address, and only what was asked for', async () => {
    const [one, other] = [await Receiver.start(), await Receiver.start()];
    const { webhooks } = await open([one.url, other.url], { events: ['realtime:room:destroyed'] });
    webhooks.emit('realtime:room:created', created('plan'));
    webhooks.emit('realtime:room:destroyed', created('plan'));
    await until('it arrives at both', () => one.taken.length > 0 && other.taken.length > 0);
    for (const { taken } of [one, other]) {
      expect(taken.map(({ event }) => event.event)).toEqual(['realtime:room:destroyed']);
    }
  });

  it('[H3] arrives in the order of its room, while rooms overtake each other', async () => {
    const receiver = await Receiver.start();
    // Some answers come late.
    receiver.answer = async ({ event }) => {
      const late = Number(event.data.correlationId) % 3;
      await new Promise((resolve) => setTimeout(resolve, late * 5));
      return 204;
    };
    const { webhooks } = await open([receiver.url]);
    const rooms = ['a', 'b', 'c', 'd', 'e'];
    for (let round = 0; round < 20; round += 1) {
      for (const room of rooms) webhooks.emit('realtime:room:created', created(room));
      if (round % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('all arrive', () => receiver.taken.length === 100);
    for (const room of rooms) expect(numbersOf(receiver, room)).toEqual(inOrder(numbersOf(receiver, room)));
    expect(new Set(receiver.taken.map(({ event }) => event.id)).size).toBe(100);
  });

  it('[H4] that is refused holds up its own room only', async () => {
    const receiver = await Receiver.start();
    let isStubborn = true;
    receiver.answer = ({ event }) => (isStubborn && event.data.recordId === 'bad' ? 500 : 204);
    const { webhooks, log } = await open([receiver.url]);
    for (const room of ['bad', 'bad', 'good', 'good', 'fine'])
      webhooks.emit('realtime:room:created', created(room));
    await until('the others arrive', () => receiver.taken.length === 3);
    await until('it is tried again and again', () => receiver.refused.length >= 4);
    expect(numbersOf(receiver, 'bad')).toEqual([]);
    expect(new Set(receiver.refused.map(({ event }) => event.id)).size).toBe(1);
    isStubborn = false;
    await until('all have arrived', () => receiver.taken.length === 5);
    expect(numbersOf(receiver, 'bad')).toEqual(inOrder(numbersOf(receiver, 'bad')));
    const told = log.lines.filter(({ level }) => level === 'warn');
    expect(told).toHaveLength(1);
    expect(JSON.stringify(log.lines)).not.toContain('s3cret');
  });

  it('[H3] waits for a receiver that is down, and is asked for by one request at a time', async () => {
    const receiver = await Receiver.start();
    await receiver.goAway();
    const { webhooks } = await open([receiver.url]);
    for (let index = 0; index < 30; index += 1)
      webhooks.emit('realtime:room:created', created(`room-${index}`));
    await until('it is noticed', async () => (await webhooks.status()).failing.length === 1);
    let atOnce = 0;
    let isFirst = true;
    receiver.answer = async () => {
      atOnce += 1;
      if (isFirst) expect(atOnce).toBe(1);
      isFirst = false;
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      return 204;
    };
    await receiver.comeBack();
    await until('all arrive', () => receiver.taken.length === 30);
    expect((await webhooks.status()).failing).toEqual([]);
  });

  it('[H4] that is refused for too long is a dead letter, is listed, and sent again', async () => {
    const receiver = await Receiver.start();
    receiver.answer = ({ event }) => (event.data.recordId === 'bad' ? 418 : 204);
    const { webhooks } = await open([receiver.url], { giveUpMs: 0 });
    webhooks.emit('realtime:room:created', created('bad'));
    webhooks.emit('realtime:room:destroyed', created('bad'));
    await until('both are given up', async () => (await webhooks.status()).dead === 2);
    const [first, second] = await webhooks.deadLetters(0, 10);
    expect(await webhooks.deadLetters(first?.id as number, 10)).toEqual([second]);
    expect(await webhooks.deadLetters(0, 1)).toEqual([first]);
    expect(first).toMatchObject({
      event: 'realtime:room:created',
      target: receiver.url,
      error: 'answered with 418',
    });
    receiver.answer = () => 204;
    expect(await webhooks.resend(first?.id as number)).toBe(true);
    await until('it arrives', () => receiver.taken.length === 1);
    expect(receiver.taken[0]?.event.id).toBe(first?.eventId);
    expect(await webhooks.resend(first?.id as number)).toBe(false);
    expect(await webhooks.resend(4_711)).toBe(false);
    expect(await webhooks.status()).toMatchObject({ pending: 0, dead: 1 });
  });

  it('[H4] for which nobody answers for too long is a dead letter, and so is one for an address that is gone', async () => {
    const folder = await folderOf();
    const receiver = await Receiver.start();
    await receiver.goAway();
    const first = await open([receiver.url], { folder, giveUpMs: 0 });
    for (const room of ['a', 'b', 'c']) first.webhooks.emit('realtime:room:created', created(room));
    await until('all are given up', async () => (await first.webhooks.status()).dead === 3);
    await first.webhooks.stop();
    const second = await open([receiver.url], { folder });
    second.webhooks.emit('realtime:room:created', created('d'));
    await second.webhooks.stop();
    const other = await Receiver.start();
    const third = await open([other.url], { folder });
    expect(await third.webhooks.status()).toMatchObject({ pending: 0, dead: 4 });
    const [letter] = await third.webhooks.deadLetters(0, 10);
    expect(await third.webhooks.resend(letter?.id as number)).toBe(false);
  });

  it('[H3] is kept by a stop, and told by the next start', async () => {
    const folder = await folderOf();
    const receiver = await Receiver.start();
    await receiver.goAway();
    const { webhooks } = await open([receiver.url], { folder });
    for (let index = 0; index < 50; index += 1) webhooks.emit('realtime:room:created', created('plan'));
    await webhooks.stop();
    webhooks.emit('realtime:room:created', created('late'));
    await receiver.comeBack();
    await open([receiver.url], { folder });
    await until('all arrive', () => receiver.taken.length === 50);
    expect(numbersOf(receiver, 'plan')).toEqual(inOrder(numbersOf(receiver, 'plan')));
  });
});

describe('the outbox', () => {
  it('[H3] that takes nothing for a while costs no event', async () => {
    const receiver = await Receiver.start();
    const outbox = await openOutbox(join(await folderOf(), 'webhooks.sqlite'));
    let isFull = true;
    const flaky = {
      close: () => outbox.close(),
      call: (async (method: 'add', ...args: never[]) => {
        if (isFull && method === 'add') throw new Error('SQLITE_FULL: database or disk is full');
        return (outbox.call as (...all: unknown[]) => unknown)(method, ...args);
      }) as typeof outbox.call,
    };
    const { webhooks, log } = await open([receiver.url], { outbox: flaky });
    webhooks.emit('realtime:room:created', created('plan'));
    await until('it is noticed', () =>
      log.lines.some(({ message }) => message.includes('wait for the outbox')),
    );
    webhooks.emit('realtime:room:destroyed', created('plan'));
    isFull = false;
    await until('both arrive', () => receiver.taken.length === 2);
    expect(numbersOf(receiver, 'plan')).toEqual(inOrder(numbersOf(receiver, 'plan')));
  });

  it('of another version is not touched', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const file = join(await folderOf(), 'webhooks.sqlite');
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 9');
    database.close();
    await expect(openOutbox(file)).rejects.toThrow('it has format 9; this version reads format 1');
  });
});
