/**
 * What windows with an awareness of y-protocols see of each other, however slow their lines are.
 */
import { afterEach, beforeEach, expect, it, onTestFailed, vi } from 'vitest';
import { randomFrom } from '../../markdown/helpers/random.ts';
import { Node, Window } from './people.ts';

// Not the clock that y-protocols has taken a copy of: its windows renew nothing, as those in the background.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Each look at the clock takes a while, as telling somebody does: one is told behind the other. */
function beSlow(): void {
  const pretended = performance.now.bind(performance);
  let spentMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    spentMs += 1;
    return pretended() + spentMs;
  });
}

const set = (window: Window, n: number) => window.awareness.setLocalStateField('n', n);

/** Lets time go by, in which everything arrives. */
function settle(windows: readonly Window[], ms = 1_000): void {
  for (let step = 0; step < ms; step += 50) {
    for (const window of windows) window.deliverAll();
    vi.advanceTimersByTime(50);
  }
  for (const window of windows) window.deliverAll();
}

it.each([1, 2, 3, 4, 5, 6, 7, 8, 1_452_818_944, Math.floor(Math.random() * 2 ** 31)])(
  '[Q4] [Q3] tells nobody something older of themselves, and everybody the newest of all (seed %i)',
  async (seed) => {
    onTestFailed(() => console.error(`the seed was ${seed}`));
    if (seed % 2 === 0) beSlow();
    const below = randomFrom(seed);
    const node = new Node({ idleMs: 3_000 });
    const windows = ['alice', 'bob', 'carol', 'alice'].map((userId) => new Window(userId));
    const said = new Map(windows.map((window) => [window, 0]));
    const halfOpen: (() => void)[] = [];
    for (const window of windows) {
      set(window, 0);
      await window.connect(node);
    }
    for (let step = 1; step <= 1_500; step += 1) {
      const window = windows[below(windows.length)] as Window;
      const dice = below(100);
      if (dice < 25) {
        said.set(window, step);
        set(window, step);
      } else if (dice < 50) window.deliverToServer();
      else if (dice < 80) window.deliverToWindow();
      else if (dice < 93) vi.advanceTimersByTime(below(60));
      else if (dice < 95) vi.advanceTimersByTime(below(8_000));
      else if (dice < 97) {
        if (window.isConnected) window.disconnect();
        else await window.connect(node);
      } else if (dice < 98) {
        const noticed = window.forget();
        if (noticed) halfOpen.push(noticed);
      } else if (dice < 99) halfOpen.shift()?.();
      for (const [each, n] of said) expect(each.awareness.getLocalState()?.n, `step ${step}`).toBe(n);
    }
    for (const window of windows) if (!window.isConnected) await window.connect(node);
    for (const noticed of halfOpen) noticed();
    // A window whose line is well: everything arrives, and a move is seen by all.
    settle(windows);
    for (const window of windows) {
      const n = (said.get(window) ?? 0) + 1_000_000;
      said.set(window, n);
      set(window, n);
    }
    settle(windows);
    for (const one of windows) {
      for (const other of windows) expect(one.sees(other)?.n).toBe(said.get(other));
    }
    await node.close();
  },
);

it('[Q3] keeps windows in the background from being forgotten, with few frames', async () => {
  const node = new Node();
  const windows = ['alice', 'bob', 'carol'].map((userId) => new Window(userId));
  for (const window of windows) await window.connect(node);
  settle(windows);
  const [alice, ...others] = windows as [Window, ...Window[]];
  let frames = 0;
  let longest = 0;
  let lastAt = performance.now();
  alice.awareness.on('update', ({ updated }: { updated: number[] }) => {
    frames += 1;
    if (!others.every(({ id }) => updated.includes(id))) return;
    longest = Math.max(longest, performance.now() - lastAt);
    lastAt = performance.now();
  });
  settle(windows, 300_000);
  longest = Math.max(longest, performance.now() - lastAt);
  expect(longest).toBeLessThan(29_000);
  expect(frames).toBeLessThan(20);
  await node.close();
});

it('[Q4] sends a slow reader not each move, but where everybody is when they have read', async () => {
  const node = new Node();
  const [alice, slow] = [new Window('alice'), new Window('slow')];
  for (const window of [alice, slow]) await window.connect(node);
  settle([alice, slow]);
  slow.bufferedBytes = 1_000_000;
  for (let n = 1; n <= 100; n += 1) {
    set(alice, n);
    alice.deliverAll();
    vi.advanceTimersByTime(60);
  }
  expect(slow.fromServer).toEqual([]);
  slow.bufferedBytes = 0;
  vi.advanceTimersByTime(6_000);
  expect(slow.fromServer.length).toBeGreaterThan(0);
  slow.deliverAll();
  expect(slow.sees(alice)?.n).toBe(100);
  await node.close();
});

it('[Q7] shows a window that comes back everybody who is there, though they say nothing', async () => {
  const node = new Node();
  const windows = ['alice', 'bob', 'carol'].map((userId) => new Window(userId));
  const [alice, bob, carol] = windows as [Window, Window, Window];
  for (const window of windows) await window.connect(node);
  set(bob, 1);
  settle(windows);
  for (let time = 0; time < 5; time += 1) {
    alice.disconnect();
    settle(windows);
    await alice.connect(node);
    settle(windows);
    for (const other of [bob, carol]) {
      expect(alice.sees(other)).toMatchObject({ ...other.awareness.getLocalState() });
    }
  }
  // And from then on whatever they say.
  set(bob, 2);
  settle(windows);
  for (const other of [alice, carol]) expect(other.sees(bob)?.n).toBe(2);
  expect(bob.awareness.getLocalState()?.n).toBe(2);
  await node.close();
});

it('[Q8] shows people of another node, and who is forged there stays out', async () => {
  const [here, there] = [new Node(), new Node()];
  const [alice, bob] = [new Window('alice'), new Window('bob')];
  for (const [from, to] of [
    [here, there],
    [there, here],
  ] as const) {
    from.presence.onLocalChange((_documentName, update) => to.presence.applyRemote(to.document, update));
  }
  await alice.connect(here);
  await bob.connect(there);
  set(alice, 1);
  set(bob, 2);
  settle([alice, bob]);
  expect(bob.sees(alice)).toMatchObject({ n: 1, user: { id: 'alice' } });
  expect(alice.sees(bob)).toMatchObject({ n: 2, user: { id: 'bob' } });

  const mallory = new Window('mallory');
  mallory.document.clientID = alice.id;
  mallory.awareness.clientID = alice.id;
  await mallory.connect(there);
  set(mallory, 666);
  settle([alice, bob, mallory]);
  expect(bob.sees(alice)?.n).toBe(1);

  // A node that opens the document later is told by the others.
  const late = new Node();
  const local = here.presence.localStates(here.document) as Uint8Array;
  late.presence.applyRemote(late.document, local);
  expect(late.document.awareness.getStates().get(alice.id)).toMatchObject({ n: 1 });

  alice.disconnect();
  settle([bob]);
  expect(bob.sees(alice)).toBeUndefined();
  for (const node of [here, there, late]) await node.close();
});

it('[Q3] forgets in the end whose windows will not come back', async () => {
  const node = new Node();
  const alice = new Window('alice');
  await alice.connect(node);
  for (let index = 0; index < 1_200; index += 1) {
    const window = new Window('bob');
    await window.connect(node);
    for (const each of [alice, window]) each.deliverAll();
    vi.advanceTimersByTime(50);
    window.disconnect();
    window.awareness.destroy();
  }
  vi.advanceTimersByTime(6_000);
  expect(node.document.awareness.meta.size).toBeLessThan(1_010);
  expect(node.document.awareness.getStates().size).toBe(1);
  await node.close();
});
