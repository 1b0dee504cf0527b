/**
 * A deadline for what a thread is asked to do, in the time that it computes: what it waits for on a busy machine does
 * not count, so that honest work is let finish.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerCalls } from './worker-calls.ts';

/** Computing for so long can take so many times longer on a machine that has other things to do. */
const longestWait = 10;

const shortestWaitMs = 20;

/**
 * What the work comes to, or that it took too long; then the thread is ended, and another one begins.
 *
 * @param work asks the thread, which does nothing else meanwhile
 */
export async function withinComputingTime<Result>(
  calls: Pick<WorkerCalls<never>, 'workedMs' | 'restart'>,
  deadlineMs: number,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result } | 'too late'> {
  const before = await calls.workedMs();
  const done = new AbortController();
  const working = work();
  const tooLate = whenTooLate(calls, before, deadlineMs, done.signal);
  tooLate.catch(() => undefined);
  const outcome = await Promise.race([working.then((result) => ({ result })), tooLate]).finally(() =>
    done.abort(),
  );
  if (outcome === 'too late') calls.restart();
  return outcome;
}

async function whenTooLate(
  calls: Pick<WorkerCalls<never>, 'workedMs'>,
  before: number,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<'too late'> {
  const latest = performance.now() + deadlineMs * longestWait;
  let leftMs = deadlineMs;
  while (leftMs > 0 && performance.now() < latest) {
    await delay(Math.max(leftMs, shortestWaitMs), undefined, { signal, ref: false });
    leftMs = before + deadlineMs - (await calls.workedMs());
  }
  return 'too late';
}
