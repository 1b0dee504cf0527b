/**
 * What is stored of a document after a crash, and after a disk has lost a bit.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it } from 'vitest';
import type { Events } from '../../server/ports.ts';
import { TownHall, type TownHallOptions } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

const townHalls: TownHall[] = [];
let folder = '';
afterEach(async () => {
  for (const townHall of townHalls.splice(0)) await townHall.close({ keepFolder: true });
  await rm(folder, { recursive: true, force: true });
});

const document = 'record:noise-bylaw';

/** What the server said has happened. */
function recordedEvents(): Events & { names: string[] } {
  const names: string[] = [];
  return { names, emit: (name) => void names.push(name) };
}

async function opened(options: TownHallOptions = {}): Promise<TownHall> {
  folder ||= await mkdtemp(join(tmpdir(), 'recovery-'));
  const townHall = await TownHall.open({ folder, ...options });
  townHalls.push(townHall);
  return townHall;
}

/** A room with so many snapshots, and one more edit in the journal; left as a killed process leaves it. */
async function leaveBehind(snapshots: number): Promise<string> {
  folder = await mkdtemp(join(tmpdir(), 'recovery-'));
  const events = recordedEvents();
  const townHall = await opened({ events, settings: { 'snapshots.max_updates': 4 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const saved = () => events.names.filter((name) => name === 'realtime:snapshot:saved').length;
  for (let round = 1; round <= snapshots; round += 1) {
    alice.type('Noise', ` <${round}>`);
    await until('it is in a snapshot', () => saved() === round);
  }
  alice.type('Noise', ' <j');
  await alice.saved();
  return alice.text;
}

/** Flips one bit in the middle of these revisions. */
async function damage(revisions: readonly number[]): Promise<void> {
  const database = new DatabaseSync(join(folder, 'snapshots.sqlite'), { timeout: 2_000 });
  const rows = database.prepare('SELECT rowid AS id, revision, bytes FROM snapshots').all();
  for (const { id, revision, bytes } of rows) {
    if (!revisions.includes(Number(revision))) continue;
    const changed = Buffer.from(bytes as Uint8Array);
    changed[changed.length >> 1] = (changed[changed.length >> 1] as number) ^ 4;
    database.prepare('UPDATE snapshots SET bytes = ? WHERE rowid = ?').run(changed, id as number);
  }
  database.close();
}

it.each([0, 1, 2, 3])('[V2] goes on with everything after a crash behind %i snapshots', async (snapshots) => {
  const text = await leaveBehind(snapshots);
  const events = recordedEvents();
  const next = await opened({ events });
  expect((await (await next.join('noise-bylaw', 'bob')).synced()).text).toBe(text);
  expect(events.names).not.toContain('realtime:snapshot:integrity-failed');
});

it.each([1, 2, 3])(
  '[V3] loses nothing when the newest of %i snapshots is damaged, and says so',
  async (snapshots) => {
    const text = await leaveBehind(snapshots);
    await damage([snapshots]);
    const events = recordedEvents();
    const next = await opened({ events });
    expect((await (await next.join('noise-bylaw', 'bob')).synced()).text).toBe(text);
    expect(events.names).toContain('realtime:snapshot:integrity-failed');
  },
);

it('[V3] begins with the record when nothing else is whole, and says so', async () => {
  await leaveBehind(3);
  await damage([1, 2, 3]);
  const events = recordedEvents();
  const next = await opened({ events });
  const bob = await (await next.join('noise-bylaw', 'bob')).synced();
  expect(bob.text).toContain('Respecting Noise');
  expect(events.names).toContain('realtime:snapshot:integrity-failed');
});

it('[V3] cuts a journal at its last good entry', async () => {
  const text = await leaveBehind(1);
  const database = new DatabaseSync(join(folder, 'journal.sqlite'), { timeout: 2_000 });
  database.exec(
    'UPDATE entries SET checksum = checksum + 1 WHERE sequence = (SELECT MAX(sequence) FROM entries)',
  );
  database.close();
  const events = recordedEvents();
  const next = await opened({ events });
  const bob = await (await next.join('noise-bylaw', 'bob')).synced();
  expect(bob.text).toBe(text.replace(' <j', ' <'));
  expect(events.names).toContain('realtime:snapshot:integrity-failed');
});

it('[V2] keeps a document closed that cannot be read now, and makes none over it', async () => {
  const text = await leaveBehind(1);
  const lock = new DatabaseSync(join(folder, 'snapshots.sqlite'));
  const next = await opened();
  lock.exec('ALTER TABLE snapshots RENAME TO elsewhere');
  const bob = await next.join('noise-bylaw', 'bob');
  await bob.refused();
  lock.exec('ALTER TABLE elsewhere RENAME TO snapshots');
  lock.close();
  await bob.synced(10_000);
  expect(bob.text).toBe(text);
  expect(next.server.hocuspocus.documents.get(document)?.store.pendingStructs).toBeNull();
});
