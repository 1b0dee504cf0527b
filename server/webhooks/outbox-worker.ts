/**
 * The thread behind `outbox.ts`: it alone opens the database, so that no disk is ever waited for by the event loop.
 */
import type { SQLOutputValue } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite-database.ts';
import { answerCalls } from '../worker-calls.ts';
import type { DeadLetter, Delivery, NewDelivery } from './outbox.ts';

const database = openDatabase((workerData as { file: string }).file, {
  version: 1,
  // What lasts longer is reported, and whoever asked tries again.
  lockedMs: 1_000,
  // Ids never come again: they are the order in which events happened.
  tables: `
    CREATE TABLE deliveries (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      event_id TEXT NOT NULL,
      event TEXT NOT NULL,
      target TEXT NOT NULL,
      room TEXT NOT NULL,
      body TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      dead_at INTEGER,
      error TEXT
    ) STRICT;
    CREATE INDEX waiting ON deliveries (target, room, id) WHERE dead_at IS NULL;
    CREATE INDEX dead ON deliveries (dead_at) WHERE dead_at IS NOT NULL;
  `,
});

const statements = {
  add: database.prepare(`
    INSERT INTO deliveries (event_id, event, target, room, body, created_at)
      SELECT ?, ?, value, ?, ?, ? FROM json_each(?)
  `),
  lanes: database.prepare('SELECT DISTINCT target, room FROM deliveries WHERE dead_at IS NULL'),
  head: database.prepare(`
    SELECT id, event_id AS eventId, event, body, created_at AS createdAt FROM deliveries
      WHERE dead_at IS NULL AND target = ? AND room = ? ORDER BY id LIMIT 1
  `),
  remove: database.prepare('DELETE FROM deliveries WHERE id = ?'),
  bury: database.prepare('UPDATE deliveries SET dead_at = ?, error = ? WHERE id = ?'),
  buryOld: database.prepare(`
    UPDATE deliveries SET dead_at = ?, error = ? WHERE dead_at IS NULL AND target = ? AND created_at <= ?
  `),
  buryOthers: database.prepare(`
    UPDATE deliveries SET dead_at = ?, error = 'this address is not configured any more'
      WHERE dead_at IS NULL AND target NOT IN (SELECT value FROM json_each(?))
  `),
  dead: database.prepare(`
    SELECT id, event_id AS eventId, event, target, room, body, created_at AS createdAt, dead_at AS deadAt, error
      FROM deliveries WHERE dead_at IS NOT NULL AND id > ? ORDER BY id LIMIT ?
  `),
  revive: database.prepare(`
    UPDATE deliveries SET dead_at = NULL, error = NULL, created_at = ?
      WHERE id = ? AND dead_at IS NOT NULL AND target IN (SELECT value FROM json_each(?))
      RETURNING target, room
  `),
  forget: database.prepare('DELETE FROM deliveries WHERE dead_at <= ?'),
  counts: database.prepare(`
    SELECT count(*) FILTER (WHERE dead_at IS NULL) AS pending, count(dead_at) AS dead FROM deliveries
  `),
};

const methods = {
  /** All or none. */
  add(deliveries: readonly NewDelivery[], targets: readonly string[]): void {
    const to = JSON.stringify(targets);
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const { eventId, event, room, body, createdAt } of deliveries) {
        statements.add.run(eventId, event, room, body, createdAt, to);
      }
      database.exec('COMMIT');
    } catch (error) {
      // A full disk has rolled it back by itself.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  },
  lanes(): { target: string; room: string }[] {
    return statements.lanes.all().map(laneOf);
  },
  head(target: string, room: string): Delivery | null {
    const row = statements.head.get(target, room);
    return row ? deliveryOf(row) : null;
  },
  remove(id: number): void {
    statements.remove.run(id);
  },
  bury(id: number, at: number, error: string): void {
    statements.bury.run(at, error, id);
  },
  buryOld(target: string, before: number, at: number, error: string): number {
    return Number(statements.buryOld.run(at, error, target, before).changes);
  },
  buryOthers(targets: readonly string[], at: number): number {
    return Number(statements.buryOthers.run(at, JSON.stringify(targets)).changes);
  },
  /** The oldest ones behind `after`. */
  dead(after: number, limit: number): DeadLetter[] {
    return statements.dead.all(after, limit).map((row) => ({
      ...deliveryOf(row),
      ...laneOf(row),
      deadAt: Number(row.deadAt),
      error: String(row.error),
    }));
  },
  revive(id: number, at: number, targets: readonly string[]): { target: string; room: string } | null {
    const row = statements.revive.get(at, id, JSON.stringify(targets));
    return row ? laneOf(row) : null;
  },
  forget(before: number): void {
    statements.forget.run(before);
  },
  counts(): { pending: number; dead: number } {
    const row = statements.counts.get();
    return { pending: Number(row?.pending), dead: Number(row?.dead) };
  },
  close(): void {
    database.close();
  },
};

export type OutboxMethods = typeof methods;

answerCalls(methods, () => undefined);

type Row = Record<string, SQLOutputValue>;

function laneOf({ target, room }: Row): { target: string; room: string } {
  return { target: String(target), room: String(room) };
}

function deliveryOf({ id, eventId, event, body, createdAt }: Row): Delivery {
  return {
    id: Number(id),
    eventId: String(eventId),
    event: String(event),
    body: String(body),
    createdAt: Number(createdAt),
  };
}
