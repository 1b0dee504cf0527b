/**
 * A folder of spec files that several nodes follow, each a whole server, on one Redis.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { ClusterTown, type TownNode } from '../../helpers/cluster-town.ts';
import { until } from '../../helpers/until.ts';
import { StreamReader } from './stream-reader.ts';
import { specText } from './watched-folder.ts';

let folder: string;
let town: ClusterTown;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shared-specs-'));
  await save('E13', 'draft');
  town = await ClusterTown.open({ settings: { 'specs.folder': folder, 'specs.compare_seconds': 3600 } });
});
afterEach(async () => {
  await town.close();
  await rm(folder, { recursive: true });
});

const save = (id: string, status: string, text?: string) =>
  writeFile(join(folder, `${id}.md`), specText({ id, status }, text));

/** Somebody who watches at this node, from the event on that they saw last. */
async function watch({ url }: TownNode, lastId?: string): Promise<StreamReader> {
  const headers: Record<string, string> = lastId === undefined ? {} : { 'last-event-id': lastId };
  const reader = new StreamReader(`${url}/api/events/specs`, { token: await town.tokenOf('alice'), headers });
  onTestFinished(() => reader.leave());
  expect(await reader.answered()).toBe(200);
  return reader;
}

const watchers = () =>
  town.nodes.filter(({ log }) => log.lines.some(({ message }) => message.startsWith('this node watches')));

it('[K14] tells the same events with the same numbers at every node, whoever watches, and none twice', async () => {
  const [one, other] = town.nodes as [TownNode, TownNode];
  const readers = [await watch(one), await watch(other)] as const;
  await until('both know it', () => readers.every(({ events }) => JSON.stringify(events).includes('"E13"')));
  await save('E13', 'ready');
  await save('E14', 'draft');
  for (const reader of readers)
    for (const what of ['updated E13', 'created E14']) await reader.hears(`spec.${what}`);
  expect(readers[0].lastId).toBe(readers[1].lastId);
  expect(watchers()).toHaveLength(1);

  // Whoever changes the node goes on where they were.
  readers[0].leave();
  await save('E15', 'draft');
  await readers[1].hears('spec.created E15');
  const moved = await watch(other, readers[0].lastId);
  await moved.hears('spec.created E15');
  expect(moved.events.map(({ event }) => event)).toEqual(['spec.created']);

  // One dies, and what changes before another watches is found.
  const [dead] = watchers() as [TownNode];
  const alive = dead === one ? other : one;
  dead.line.mode = 'silent';
  const diedAt = performance.now();
  await save('E13', 'ready', 'Another text.');
  await rm(join(folder, 'E14.md'));
  const late = await watch(alive, moved.lastId);
  await late.hears('spec.updated E13');
  await late.hears('spec.deleted E14');
  expect(performance.now() - diedAt).toBeLessThan(10_000);
  expect(late.events.flatMap(({ data }) => [data, ...((data.changes as object[]) ?? [])])).toContainEqual(
    expect.objectContaining({ id: 'E13', changes: ['content'] }),
  );

  // The one before comes back, tells what it missed, and nothing of its own.
  const back = await watch(dead, moved.lastId);
  dead.line.mode = 'pass';
  await back.hears('spec.deleted E14');
  await save('E16', 'draft');
  for (const reader of [late, back]) await reader.hears('spec.created E16');
  expect(back.lastId).toBe(late.lastId);
  expect(back.heard).toEqual(late.heard);

  // All of them stop, and those who come then go on with the numbers.
  for (const node of [one, other]) await node.stop();
  await save('E17', 'draft');
  const fresh = await watch(await town.addNode(), late.lastId);
  await fresh.hears('spec.created E17');
  expect(fresh.heard).toEqual(['spec.created E17']);
});

it('[K14] begins with new numbers at every node when Redis has lost what it had', async () => {
  const [one, other] = town.nodes as [TownNode, TownNode];
  const readers = [await watch(one), await watch(other)] as const;
  await until('both know it', () => readers.every(({ events }) => JSON.stringify(events).includes('"E13"')));
  await save('E13', 'ready');
  for (const reader of readers) await reader.hears('spec.updated E13');
  await town.redis.client.flushall();
  await save('E14', 'draft');
  await until('all is told anew', () =>
    readers.every(({ events }) => events.at(-1)?.data && JSON.stringify(events.slice(-3)).includes('E14')),
  );
  const [epoch] = String(readers[0].lastId).split(':');
  expect(readers[1].lastId).toBe(readers[0].lastId);
  expect(readers[0].events[0]?.id).not.toContain(epoch);
});
