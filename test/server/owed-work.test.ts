import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Allowance } from '../../server/allowance.ts';
import { RealtimeError } from '../../server/errors.ts';
import { type Failure, OwedWork, type OwedWorkOptions } from '../../server/owed-work.ts';
import { until } from '../helpers/until.ts';

const failures: Failure[] = [];
const done: (Failure | undefined)[] = [];
let runs: number;

beforeEach(() => {
  failures.length = 0;
  done.length = 0;
  runs = 0;
});

function owedWork(perform: () => Promise<void> | void, options: Partial<OwedWorkOptions> = {}): OwedWork {
  const work = new OwedWork({
    perform: async () => {
      runs += 1;
      await perform();
    },
    retryMinMs: 4,
    retryMaxMs: 16,
    onFailed: (_documentName, failure) => void failures.push(failure),
    onDone: (_documentName, failure) => void done.push(failure),
    ...options,
  });
  onTestFinished(() => work.stop());
  return work;
}

/** Work that fails so many times, and then succeeds. */
const failing = (times: number, error: Error = new Error('disk full')) => {
  let left = times;
  return () => {
    if (left-- > 0) throw error;
  };
};

function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe('owed work', () => {
  it('is done at once, and owed no more', async () => {
    const work = owedWork(() => undefined);
    await work.owe('a');
    expect(work.owes('a')).toBe(false);
    expect(work.owedSince('a')).toBeNull();
    expect(done).toEqual([undefined]);
  });

  it('is tried again until it succeeds', async () => {
    const work = owedWork(failing(3));
    await work.owe('a');
    expect(work.owes('a')).toBe(true);
    await until('the work is done', () => !work.owes('a'));
    expect(runs).toBe(4);
    expect(done).toMatchObject([{ tries: 3, error: { code: 'not-saved' } }]);
  });

  it('[W3] is tried again with growing, jittered pauses', async () => {
    const work = owedWork(failing(8));
    await work.owe('a');
    await until('the work is done', () => !work.owes('a'));
    const longest = [4, 8, 16, 16, 16, 16, 16, 16];
    for (const [index, { retryInMs }] of failures.entries()) {
      // What the try itself took, a fraction of a millisecond, counts as part of the pause.
      expect(retryInMs).toBeGreaterThanOrEqual((longest[index] as number) / 2 - 1);
      expect(retryInMs).toBeLessThanOrEqual(longest[index] as number);
    }
    expect(new Set(failures.map(({ retryInMs }) => retryInMs)).size).toBeGreaterThan(4);
  });

  it('[W3] waits as long as it is asked to', async () => {
    const busy = new RealtimeError('civicpress-busy', { retryAfterMs: 120 });
    const work = owedWork(failing(1, busy));
    const start = performance.now();
    await work.owe('a');
    await until('the work is done', () => !work.owes('a'));
    expect(failures).toMatchObject([{ retryInMs: 120, error: busy }]);
    expect(performance.now() - start).toBeGreaterThan(110);
  });

  it('remembers since when it is owed, over all failures', async () => {
    const before = Date.now();
    const work = owedWork(failing(3));
    await work.owe('a');
    const since = work.owedSince('a');
    await until('the work is done', () => !work.owes('a'));
    expect(since).toBeGreaterThanOrEqual(before);
    expect(failures.map((failure) => failure.since)).toEqual([since, since, since]);
  });

  it('runs once at a time, and once more for what was owed meanwhile', async () => {
    const { opened, open } = gate();
    const work = owedWork(() => opened);
    const all = [work.owe('a'), work.owe('a'), work.owe('a')];
    expect(runs).toBe(1);
    open();
    await Promise.all(all);
    expect(runs).toBe(2);
    expect(work.owes('a')).toBe(false);
  });

  it('of one document does not wait for that of another', async () => {
    const { opened, open } = gate();
    const work = owedWork(() => undefined, {
      perform: (name) => (name === 'slow' ? opened : Promise.resolve()),
    });
    const slow = work.owe('slow');
    await work.owe('quick');
    expect([work.owes('slow'), work.owes('quick')]).toEqual([true, false]);
    open();
    await slow;
  });

  it('is not forgotten when it is owed again in the moment in which a run fails', async () => {
    const work: OwedWork = owedWork(failing(2), {
      onFailed: (documentName) => void queueMicrotask(() => void work.owe(documentName)),
    });
    await work.owe('a');
    await until('the work is done', () => !work.owes('a'), 2_000);
  });

  it('is tried at once when everything is drained', async () => {
    const work = owedWork(failing(1), { retryMinMs: 60_000, retryMaxMs: 60_000 });
    await work.owe('a');
    await work.drain();
    expect(work.owes('a')).toBe(false);
  });

  it('is not tried again after a stop, and stays owed', async () => {
    const { opened, open } = gate();
    const work = owedWork(async () => {
      await opened;
      throw new Error('disk full');
    });
    const running = work.owe('a');
    work.stop();
    open();
    await running;
    // Another one's retries show that more than the longest pause has gone by.
    const other = owedWork(failing(4), { retryMinMs: 16 });
    await other.owe('b');
    runs = 0;
    await until('the other work is done', () => !other.owes('b'));
    expect(runs).toBe(4);
    expect(work.owes('a')).toBe(true);
  });

  it('waits for more, and does it once for all', async () => {
    const work = owedWork(() => undefined, { pauseMs: 60, atLatestMs: 10_000 });
    for (const time of [1, 2, 3]) {
      void work.owe('a');
      expect(runs, `at time ${time}`).toBe(0);
    }
    expect(work.owes('a')).toBe(true);
    await until('the work is done', () => !work.owes('a'));
    expect(runs).toBe(1);
  });

  it('waits for more no longer than it may', async () => {
    const work = owedWork(() => undefined, { pauseMs: 10_000, atLatestMs: 80 });
    await until('it is done in the midst of more', () => {
      void work.owe('a');
      return runs > 0;
    });
  });

  it.each([60_000, 3_600_000])(
    'sets one clock for all, also when it may wait %i ms at most',
    (atLatestMs) => {
      const set = vi.spyOn(globalThis, 'setTimeout');
      onTestFinished(() => set.mockRestore());
      const work = owedWork(() => undefined, { pauseMs: 60_000, atLatestMs });
      for (let edit = 0; edit < 1_000; edit += 1) void work.owe('a');
      expect(set).toHaveBeenCalledTimes(1);
    },
  );

  it('does what was owed during a run after another pause, and says that the first is done', async () => {
    const { opened, open } = gate();
    const work = owedWork(() => opened, { pauseMs: 30, atLatestMs: 1_000 });
    void work.owe('a');
    await until('it runs', () => runs === 1);
    void work.owe('a');
    open();
    await until('the first is done', () => done.length === 1);
    expect(work.owes('a')).toBe(true);
    await until('the second is done', () => !work.owes('a'));
    expect(runs).toBe(2);
  });

  it.each<[string, (work: OwedWork) => void]>([
    ['is owed at once', (work) => void work.owe('a', { now: true })],
    [
      'is hurried',
      (work) => {
        void work.owe('a');
        work.hurry('a');
      },
    ],
  ])('does what %s during a run right behind it', async (_how, press) => {
    const { opened, open } = gate();
    const work = owedWork(() => opened, { pauseMs: 3_600_000, atLatestMs: 3_600_000 });
    const first = work.owe('a', { now: true });
    press(work);
    open();
    await first;
    expect([runs, work.owes('a')]).toEqual([2, false]);
  });

  it('waits for nothing when everything is drained', async () => {
    const work = owedWork(() => undefined, { pauseMs: 60_000, atLatestMs: 60_000 });
    void work.owe('a');
    await work.drain();
    expect(work.owes('a')).toBe(false);
    await work.owe('b');
    expect(work.owes('b')).toBe(false);
  });

  describe('that shares an allowance', () => {
    /** One may begin, and the next one in a minute. */
    const paced = (perform: () => Promise<void> | void = () => undefined) => {
      const allowance = new Allowance({ perMinute: 1 });
      onTestFinished(() => ['a', 'b', 'c'].forEach((name) => void allowance.withdraw(name)));
      return { allowance, work: owedWork(perform, { pauseMs: 5, atLatestMs: 5, allowance }) };
    };

    it('[W7] waits for its turn when its pause is over', async () => {
      const { allowance, work } = paced();
      for (const name of ['a', 'b']) void work.owe(name);
      await until('the first is done', () => !work.owes('a'));
      await until('the other waits', () => allowance.isWaiting('b'));
      void work.owe('b');
      expect([runs, work.owes('b')]).toEqual([1, true]);
    });

    it('[W7] waits for its turn to be tried again', async () => {
      const { allowance, work } = paced(failing(9));
      void work.owe('a');
      await until('it waits', () => allowance.isWaiting('a'));
      expect([runs, failures.length]).toEqual([1, 1]);
    });

    it('[W7] does not wait when it is to be done now, or when everything is drained', async () => {
      const { allowance, work } = paced();
      for (const name of ['a', 'b', 'c']) void work.owe(name);
      await until('two wait', () => allowance.isWaiting('b') && allowance.isWaiting('c'));
      await work.owe('b', { now: true });
      expect([runs, work.owes('b'), allowance.isWaiting('b')]).toEqual([2, false, false]);
      await work.drain();
      expect([runs, work.owes('c'), allowance.isWaiting('c')]).toEqual([3, false, false]);
    });

    it('[W7] counts what did not wait', async () => {
      const { allowance, work } = paced();
      await work.owe('a', { now: true });
      void work.owe('b');
      await until('the other waits', () => allowance.isWaiting('b'));
    });

    it('waits without its pause when it is hurried', () => {
      const { allowance, work } = paced();
      allowance.use();
      void work.owe('a');
      expect(allowance.isWaiting('a')).toBe(false);
      work.hurry('a');
      expect([allowance.isWaiting('a'), runs]).toEqual([true, 0]);
    });

    it('no longer waits when it is forgotten or stopped', async () => {
      const { allowance, work } = paced();
      allowance.use();
      for (const name of ['a', 'b']) void work.owe(name);
      await until('both wait', () => allowance.isWaiting('a') && allowance.isWaiting('b'));
      work.forget('a');
      expect([allowance.isWaiting('a'), work.owes('a')]).toEqual([false, false]);
      work.stop();
      expect([allowance.isWaiting('b'), work.owes('b')]).toEqual([false, true]);
    });
  });
});
