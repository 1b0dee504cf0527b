import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ExternalEdits } from '../../extensions/external-edits.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => void vi.useRealTimers());

it('[E5] looks at rooms with somebody in them first, and at one that was looked at for longest', async () => {
  const looked: string[] = [];
  const edits = new ExternalEdits({
    sources: { of: () => expect.fail(), seenAt: () => undefined },
    recordSync: { check: async () => undefined, look: async (name) => void looked.push(name) },
    pollMs: 10_000,
  });
  const people = { 'record:left': 0, 'record:busy': 1, 'record:other': 2 };
  const documents = new Map(
    Object.entries(people).map(([name, count]) => [name, { getConnectionsCount: () => count }]),
  );
  await edits.onConfigure({ instance: { documents } } as never);
  for (const documentName of documents.keys()) {
    await edits.afterLoadDocument({ documentName } as never);
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(23_000);
  expect(looked).toEqual(['record:busy', 'record:other', 'record:left']);
  await edits.onDestroy();
});
