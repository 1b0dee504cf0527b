/**
 * Webhooks of the program as an operator runs it, which is killed twice while nobody receives them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { Clerk } from '../../helpers/clerk.ts';
import { Program } from '../../helpers/program.ts';
import { Receiver } from '../../helpers/receiver.ts';
import { until } from '../../helpers/until.ts';

const adminToken = 'token-of-an-administrator-for-this-test';
const records = ['noise-bylaw', 'zoning-bylaw', 'privacy-policy'];

interface Waiting {
  readonly id: number;
  readonly eventId: string;
  readonly room: string;
}

it('[H3] tells every event in the order of its room after two kills and a long absence, and invents none', async () => {
  const receiver = await Receiver.start();
  const folder = await mkdtemp(join(tmpdir(), 'webhooks-killed-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const environment = {
    REALTIME_WEBHOOKS_URLS: receiver.url,
    REALTIME_WEBHOOKS_PRIVATE_HOSTS: '127.0.0.1',
    REALTIME_WEBHOOKS_SECRET: 'a secret of at least thirty-two characters',
    REALTIME_WEBHOOKS_RETRY_MIN_MS: '20',
    REALTIME_WEBHOOKS_RETRY_MAX_MS: '200',
    REALTIME_SNAPSHOTS_MAX_UPDATES: '1',
    REALTIME_ADMIN_TOKEN: adminToken,
    REALTIME_LOG_LEVEL: 'error',
  };
  await receiver.goAway();

  const waiting: Waiting[] = [];
  for (let life = 1; life <= 2; life += 1) {
    const program = await Program.start(folder, [], environment);
    onTestFinished(() => void program.end('SIGKILL').catch(() => undefined));
    const before = (await statusOf(program)).pending;
    const clerks: Clerk[] = [];
    for (const record of records) {
      const token = await program.signIn('alice');
      const clerk = new Clerk({ serverUrl: program.url, documentName: `record:${record}`, token });
      clerks.push(clerk);
      await clerk.synced();
      typeSomething(clerk);
      await clerk.saved();
      typeSomething(clerk);
      await clerk.saved();
    }
    // Of each room: that it opened, that somebody came, and a snapshot.
    await until(`the events of life ${life} are in the outbox`, async () => {
      const { pending } = await statusOf(program);
      return pending >= before + 3 * records.length;
    });
    await program.end('SIGKILL');
    for (const clerk of clerks) clerk.leave();
    waiting.splice(0, waiting.length, ...waitingIn(join(folder, 'demo', 'webhooks.sqlite')));
  }
  expect(waiting.length).toBeGreaterThanOrEqual(6 * records.length);
  expect(receiver.taken).toEqual([]);

  await receiver.comeBack();
  const program = await Program.start(folder, [], environment);
  onTestFinished(() => void program.end('SIGKILL').catch(() => undefined));
  await until('nothing waits any more', async () => (await statusOf(program)).pending === 0);
  const ids = receiver.taken.map(({ event }) => event.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const record of records) {
    const room = `record:${record}`;
    const expected = waiting.filter((one) => one.room === room).map(({ eventId }) => eventId);
    const taken = receiver.taken
      .filter(({ event }) => event.data.roomId === room)
      .map(({ event }) => event.id);
    expect(taken.slice(0, expected.length)).toEqual(expected);
    // What the third life adds is what happened in it: rooms that owe a draft are opened by themselves.
    const later = receiver.taken
      .filter(({ event }) => event.data.roomId === room && !expected.includes(event.id))
      .map(({ event }) => event.event);
    expect(later.every((name) => /^realtime:(room:|snapshot:saved)/.test(name))).toBe(true);
  }
  expect(await program.end()).toBe(0);
});

function typeSomething(clerk: Clerk): void {
  const [word] = /\p{L}{3,}/u.exec(clerk.text) ?? [];
  clerk.type(word as string, '!');
}

async function statusOf(program: Program): Promise<{ pending: number; dead: number }> {
  const headers = { authorization: `Bearer ${adminToken}` };
  return (await (await fetch(`${program.url}/api/v1/realtime/webhooks`, { headers })).json()) as never;
}

function waitingIn(file: string): Waiting[] {
  const database = new DatabaseSync(file);
  try {
    const rows = database.prepare('SELECT id, event_id AS eventId, room FROM deliveries ORDER BY id').all();
    return rows.map(({ id, eventId, room }) => ({
      id: Number(id),
      eventId: String(eventId),
      room: String(room),
    }));
  } finally {
    database.close();
  }
}
