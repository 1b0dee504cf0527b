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
  const done = new AbortController();
  const working = work();
  const tooLate = whenTooLate(calls, deadlineMs, done.signal);
  tooLate.catch(() => undefined);
  const outcome = await Promise.race([working.then((result) => ({ result })), tooLate]).finally(() =>
    done.abort(),
  );
  if (outcome === 'too late') calls.restart();
  return outcome;
}

async function whenTooLate(
  calls: Pick<WorkerCalls<never>, 'workedMs'>,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<'too late'> {
  const latest = performance.now() + deadlineMs * longestWait;
  const wait = (ms: number) => delay(ms, undefined, { signal, ref: false });
  // As a rule it is done by then, and nobody has to ask the thread for its time, which is not counted so far.
  await wait(shortestWaitMs);
  const before = await calls.workedMs();
  let leftMs = deadlineMs;
  while (leftMs > 0 && performance.now() < latest) {
    await wait(Math.max(leftMs, shortestWaitMs));
    leftMs = before + deadlineMs - (await calls.workedMs());
  }
  return 'too late';
}
