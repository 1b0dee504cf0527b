/**
 * What is still to be told to webhooks, on stable storage: one SQLite file of its own, so that neither the journal's
 * pace nor where it is kept has anything to do with it.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WorkerCalls, workerBeside } from '../worker-calls.ts';
import type { OutboxMethods } from './outbox-worker.ts';

export interface NewDelivery {
  readonly eventId: string;
  readonly event: string;
  /** What is of one room is delivered in order. */
  readonly room: string;
  /** As it is sent, and signed. */
  readonly body: string;
  /** In ms since the epoch. */
  readonly createdAt: number;
}

/** One event on its way to one address. */
export interface Delivery extends Omit<NewDelivery, 'room'> {
  /** Grows with every event. */
  readonly id: number;
}

/** One that was given up. */
export interface DeadLetter extends Delivery {
  readonly target: string;
  readonly room: string;
  /** In ms since the epoch. */
  readonly deadAt: number;
  readonly error: string;
}

/** Calls of the thread's methods, by name; each change is on stable storage when its promise resolves. */
export type Outbox = Pick<WorkerCalls<OutboxMethods>, 'call' | 'close'>;

/** @throws Error when the file cannot be opened, or was written by another version */
export async function openOutbox(file: string): Promise<Outbox> {
  await mkdir(dirname(file), { recursive: true });
  const url = workerBeside(import.meta.url, 'outbox-worker');
  const worker = new WorkerCalls<OutboxMethods>(url, { file }, 'the outbox is closed');
  try {
    await worker.call('counts');
  } catch (cause) {
    await worker.close();
    throw new Error(`the outbox in ${file} cannot be opened: ${(cause as Error).message}`, { cause });
  }
  return worker;
}
