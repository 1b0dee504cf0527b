/**
 * The document `spec-updates`, with a real server and real providers.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import type { SpecEntry } from '../../../extensions/spec-updates/document.ts';
import type { SpecEvent, SpecMetadata } from '../../../extensions/spec-updates/events.ts';
import { SpecFeed } from '../../../extensions/spec-updates/feed.ts';
import { errors } from '../../../server/errors.ts';
import type { Clerk } from '../../helpers/clerk.ts';
import { TownHall, type TownHallOptions } from '../../helpers/town-hall.ts';
import { until } from '../../helpers/until.ts';
import { gone, heardIn, spec, state } from './states.ts';
import { specText } from './watched-folder.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

async function openWith(feed: SpecFeed, settings: TownHallOptions['settings'] = {}): Promise<TownHall> {
  townHall = await TownHall.open({ specs: feed, settings });
  return townHall;
}

const enter = async () => (await townHall.joinDocument('spec-updates')).synced();
const specsOf = ({ document }: Pick<Clerk, 'document'>) => document.getMap<SpecMetadata>('specs').toJSON();
const entriesOf = ({ document }: Clerk) => document.getArray<SpecEntry>('events').toJSON() as SpecEntry[];
const serverDocument = () => townHall.server.hocuspocus.documents.get('spec-updates') as Y.Doc;
const showsAll = (clerk: Clerk, feed: SpecFeed) =>
  until('the document shows what the feed knows', () => {
    const known = Object.fromEntries(feed.current().specs);
    return JSON.stringify(sorted(specsOf(clerk))) === JSON.stringify(sorted(known));
  });
const sorted = (map: Record<string, unknown>) =>
  Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1));

describe('the document', () => {
  it('[U9] shows the files of the folder, and what happens to them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'specs-'));
    await writeFile(join(folder, 'E13.md'), specText({ id: 'E13', status: 'Draft' }));
    townHall = await TownHall.open({ settings: { 'specs.folder': folder } });
    const rita = await (await townHall.join('noise-bylaw', 'rita', 'public')).synced();
    const viewer = await enter();
    expect(rita.scope).toBe('readonly');
    expect(viewer.scope).toBe('readonly');
    await until('the spec is there', () => specsOf(viewer).E13);
    await writeFile(join(folder, 'E13.md'), specText({ id: 'E13', status: 'Done' }));
    await writeFile(join(folder, 'E14.md'), specText({ id: 'E14' }));
    await until(
      'both are there as they are',
      () => specsOf(viewer).E13?.status === 'Done' && specsOf(viewer).E14,
    );
    await rm(join(folder, 'E14.md'));
    await until('one is gone', () => !specsOf(viewer).E14);
    const changed = entriesOf(viewer).filter(({ id }) => id === 'E13');
    expect(changed).toMatchObject([{ event: 'spec.updated', changes: ['status'] }]);
    expect(entriesOf(viewer).at(-1)).toMatchObject({ event: 'spec.deleted', id: 'E14' });
    await rm(folder, { recursive: true });
  });

  it('[U9] is there for whoever may view records, and not without a folder', async () => {
    townHall = await TownHall.open();
    expect(await (await townHall.joinDocument('spec-updates')).refused()).toBe(
      errors['invalid-document-name'].reason,
    );
    await townHall.close();
    townHall = await TownHall.open({ specs: new SpecFeed() });
    await townHall.tokenOf('alice');
    townHall.civicpress.setRole('alice', 'stranger');
    expect(await (await townHall.joinDocument('spec-updates')).refused()).toBe(
      errors['no-such-record'].reason,
    );
  });

  it('[U9] begins with the changes that are kept, and keeps the newest', async () => {
    const feed = new SpecFeed();
    for (let round = 0; round < 300; round += 1) feed.publish([state('E13', { status: `${round}` })]);
    await openWith(feed);
    const viewer = await enter();
    expect(entriesOf(viewer)).toHaveLength(200);
    expect(entriesOf(viewer).at(-1)).toMatchObject({
      event: 'spec.updated',
      eventId: feed.current().eventId,
    });
    feed.publish([state('E14')]);
    await until('the newest is there', () => entriesOf(viewer).at(-1)?.id === 'E14');
    expect(entriesOf(viewer).length).toBeLessThanOrEqual(200);
    expect(entriesOf(viewer).length).toBeGreaterThanOrEqual(100);
  });

  it('[U9] is right when the folder is read anew while it is being opened', async () => {
    const feed = new SpecFeed();
    const many = (from: number) => Array.from({ length: 5_000 }, (_, index) => spec(`E${from + index}`));
    feed.fill(many(0));
    await openWith(feed);
    const entering = enter();
    await until('it is being opened', () => townHall.server.hocuspocus.loadingDocuments.has('spec-updates'));
    feed.fill(many(4_000));
    const viewer = await entering;
    await showsAll(viewer, feed);
    feed.publish([gone('E4000'), state('E5000', { status: 'Done' })]);
    await showsAll(viewer, feed);
  });

  it('[U9] is filled when the folder has been read, for those who were there before', async () => {
    const feed = new SpecFeed();
    await openWith(feed);
    const viewer = await enter();
    feed.fill([spec('E13'), spec('E14')]);
    await showsAll(viewer, feed);
  });
});

describe('writing into it', () => {
  it.each([
    ['answer to a state', 1],
    ['update', 2],
  ])('[U10] is refused as an %s', async (_what, type) => {
    const feed = new SpecFeed();
    feed.fill([spec('E13')]);
    await openWith(feed);
    const [mallory, viewer] = [await enter(), await enter()];
    const before = Y.encodeStateAsUpdate(serverDocument());
    const forged = new Y.Doc();
    Y.applyUpdate(forged, before);
    forged.clientID = serverDocument().clientID;
    forged.getMap('specs').set('E13', spec('E13', { title: 'Forged' }));
    forged.getMap('specs').delete('E13');
    forged.getMap('specs').set('E99', spec('E99'));
    mallory.sendRaw(type, Y.encodeStateAsUpdate(forged));
    feed.publish([state('E14')]);
    await until('what is genuine comes', () => specsOf(viewer).E14);
    expect(serverDocument().getMap('specs').toJSON()).toEqual(Object.fromEntries(feed.current().specs));
    expect(specsOf(viewer)).toEqual(Object.fromEntries(feed.current().specs));
  });

  it('[U10] is refused under a session of its own as well', async () => {
    const feed = new SpecFeed();
    feed.fill([spec('E13')]);
    await openWith(feed);
    const viewer = await enter();
    const aware = await (await townHall.joinDocument('spec-updates\0x')).synced();
    aware.document.getMap('specs').set('E13', 'forged');
    aware.document.getMap('specs').set('E99', 'forged');
    feed.publish([state('E14')]);
    await until('what is genuine comes', () => specsOf(viewer).E14 && specsOf(aware).E14);
    expect(specsOf(viewer)).toEqual(Object.fromEntries(feed.current().specs));
    expect(aware.provider.unsyncedChanges).toBeGreaterThan(0);
  });
});

describe('in the long run', () => {
  it('[U11] it stays as small as a fresh one, and providers follow', async () => {
    const feed = new SpecFeed();
    feed.fill(Array.from({ length: 50 }, (_, index) => spec(`E${index}`)));
    await openWith(feed);
    const viewer = await enter();
    const clientIds = new Set<number>();
    let largest = 0;
    for (let round = 0; round < 40; round += 1) {
      // One at a time, as far as the document is concerned.
      for (let step = 0; step < 20; step += 1) {
        feed.publish(
          Array.from({ length: 40 }, (_, index) => state(`E${index}`, { status: `${round} ${step}` })),
        );
      }
      feed.publish([round % 2 === 0 ? gone('E49') : state('E49')]);
      await showsAll(viewer, feed);
      clientIds.add(serverDocument().clientID);
      largest = Math.max(largest, Y.encodeStateAsUpdate(serverDocument()).byteLength);
    }
    expect(clientIds.size).toBeGreaterThan(3);
    const fresh = new Y.Doc();
    const { specs, events } = { specs: specsOf(viewer), events: entriesOf(viewer) };
    fresh.transact(() => {
      for (const [id, metadata] of Object.entries(specs)) fresh.getMap('specs').set(id, metadata);
      fresh.getArray('events').push(events);
    });
    expect(largest).toBeLessThan(2 * Y.encodeStateAsUpdate(fresh).byteLength);
    expect(entriesOf(viewer).at(-1)).toMatchObject({ id: 'E49', event: 'spec.created' });
    expect(entriesOf(viewer)).toEqual(serverDocument().getArray('events').toJSON());
  });

  it('[U11] a provider that was away while it began anew sees what there is, and nothing else', async () => {
    const feed = new SpecFeed();
    feed.fill([spec('E13'), spec('E14'), spec('E15')]);
    await openWith(feed, { 'rooms.cleanup_timeout': 0 });
    const viewer = await enter();
    await showsAll(viewer, feed);
    for (let round = 0; round < 3; round += 1) {
      viewer.socket.disconnect();
      await until('the room is gone', () => !serverDocument());
      feed.publish([state('E13', { status: `${round}` }), gone('E14'), state(`new-${round}`)]);
      await viewer.socket.connect();
      await until('it is back', () => viewer.provider.isSynced);
      await showsAll(viewer, feed);
      feed.publish([state('E14', { title: `Back ${round}` })]);
      await showsAll(viewer, feed);
      expect(entriesOf(viewer).at(-1)?.eventId).toBe(feed.current().eventId);
      expect(viewer.refusals).toEqual([]);
    }
  });

  it('[U11] a provider that comes from a node with another clock sees what there is, and so does everybody else', async () => {
    const feed = new SpecFeed();
    feed.fill([spec('E13'), spec('E14')]);
    await openWith(feed);
    const [viewer, other] = [await enter(), await enter()];
    const there = new Y.Doc();
    there.clientID = serverDocument().clientID + 100;
    there.getMap('specs').set('E13', spec('E13', { title: 'As it was elsewhere' }));
    there.getMap('specs').set('E12', spec('E12'));
    viewer.socket.disconnect();
    await until('it has left', () => townHall.server.rooms()[0]?.connections === 1);
    Y.applyUpdate(viewer.document, Y.encodeStateAsUpdate(there));
    await viewer.socket.connect();
    await showsAll(viewer, feed);
    feed.publish([state('E14', { status: 'Done' })]);
    await showsAll(viewer, feed);
    await showsAll(other, feed);
    expect(serverDocument().clientID).toBeGreaterThan(there.clientID);
    expect(viewer.refusals).toEqual([]);
  });

  it('[U11] a provider whose document is newer than any server can have made is told to begin anew', async () => {
    await openWith(new SpecFeed());
    const viewer = await enter();
    const newer = new Y.Doc();
    newer.clientID = serverDocument().clientID + 1_000;
    newer.getMap('specs').set('E13', spec('E13'));
    viewer.socket.disconnect();
    await until('it has left', () => townHall.server.rooms()[0]?.connections === 0);
    Y.applyUpdate(viewer.document, Y.encodeStateAsUpdate(newer));
    await viewer.socket.connect();
    expect(await viewer.refused()).toBe(errors['document-replaced'].reason);
  });
});

describe('stateless messages', () => {
  it('[U12] subscribe, list and unsubscribe, and bring the events', async () => {
    const feed = new SpecFeed();
    feed.fill([spec('E13'), spec('E13-F01', { parent: 'E13' })]);
    await openWith(feed);
    const [viewer, other] = [await enter(), await enter()];
    const say = (event: string, data?: unknown) =>
      viewer.provider.sendStateless(JSON.stringify({ event, data }));
    const answered = async (count: number) => {
      await until(
        'it is answered',
        () => viewer.notices.filter(({ event }) => event === 'subscriptions').length === count,
      );
      return viewer.notices.findLast(({ event }) => event === 'subscriptions')?.data;
    };
    say('subscribe', { specIds: ['E13'], includeChildren: true, from: null });
    const { eventId } = feed.current();
    const subscriptions = [{ specIds: ['E13'], includeChildren: true }];
    expect(await answered(1)).toEqual({ subscriptions, eventId });
    feed.publish([state('E13-F01', { parent: 'E13', status: 'Done' })]);
    feed.publish([state('E14')]);
    const told = () => viewer.notices.filter(({ event }) => event.startsWith('spec'));
    await until('the event comes', () => told().length > 1);
    expect(
      told().flatMap((event) =>
        event.event === 'subscriptions' ? [] : heardIn(event as unknown as SpecEvent),
      ),
    ).toEqual(['reset E13,E13-F01', 'spec.updated E13-F01']);
    say('subscriptions');
    expect(await answered(2)).toMatchObject({ subscriptions });
    say('unsubscribe', { specIds: ['E13'] });
    expect(await answered(3)).toMatchObject({ subscriptions: [] });
    feed.publish([gone('E13')]);
    await until('the document has it', () => !specsOf(viewer).E13);
    expect(told().some(({ event }) => event === 'spec.deleted')).toBe(false);
    expect(other.notices).toEqual([]);
  });

  it.each(['{"event":"destroy"}', '{"event":"subscribe","data":{"specIds":"E13"}}', 'no JSON', 'null', '[]'])(
    '[U12] that are none are answered with an error: %s',
    async (payload) => {
      await openWith(new SpecFeed());
      const viewer = await enter();
      viewer.provider.sendStateless(payload);
      const { code, message } = await viewer.noticed('error');
      expect({ code, message }).toEqual({
        code: 'invalid-subscription',
        message: errors['invalid-subscription'].reason,
      });
    },
  );

  it('[U13] are counted, for the health route and as metrics', async () => {
    const feed = new SpecFeed();
    await openWith(feed);
    const viewer = await enter();
    viewer.provider.sendStateless('{"event":"subscribe"}');
    await viewer.noticed('subscriptions');
    feed.publish([state('E13'), state('E14')]);
    await viewer.noticed('specs.batch');
    const { specs } = (await (await fetch(`${townHall.url}/health`)).json()) as { specs: unknown };
    const counted = { specs: 2, subscriptions: 1, events: 1, changes: 2, coalesced: 0, cutOff: 0 };
    expect(specs).toMatchObject({ ...counted, connections: { websocket: 1 } });
    const metrics = await (await fetch(`${townHall.url}/metrics`)).text();
    expect(metrics).toContain('realtime_spec_connections{transport="websocket"} 1');
    expect(metrics).toContain('realtime_spec_events_total{what="published"} 1');
    expect(metrics).toContain('realtime_specs 2');
  });

  it('[U12] end with the connection', async () => {
    const feed = new SpecFeed();
    await openWith(feed);
    const viewer = await enter();
    viewer.provider.sendStateless('{"event":"subscribe"}');
    await viewer.noticed('subscriptions');
    const counts = () => {
      const { connections, subscriptions } = feed.statistics.toJSON();
      return { connections, subscriptions };
    };
    expect(counts()).toEqual({ connections: { websocket: 1 }, subscriptions: 1 });
    viewer.leave();
    await until('it is over', () => counts().subscriptions === 0);
    expect(counts().connections).toEqual({ websocket: 0 });
  });
});
