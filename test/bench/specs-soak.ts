/**
 * A million changes of specs, with readers who come and go: do the memory and the document stay as they are?
 */
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Hocuspocus } from '@hocuspocus/server';
import * as Y from 'yjs';
import { SpecDocument } from '../../extensions/spec-updates/document.ts';
import type { SpecMetadata } from '../../extensions/spec-updates/events.ts';
import { SpecFeed, type Subscription } from '../../extensions/spec-updates/feed.ts';
import type { Finding } from './finding.ts';

const changes = 1_000_000;
const specs = 500;
const perPublication = 20;
/** So many publications between two turns of the event loop. */
const perTurn = 10;
/** A reader stays for 50,000 changes. */
const turnsPerReader = 250;

export async function specsSoak(): Promise<Finding[]> {
  const feed = new SpecFeed();
  feed.fill(Array.from({ length: specs }, (_, index) => spec(index, 0)));
  const hocuspocus = new Hocuspocus({ quiet: true, extensions: [new SpecDocument(feed)] });
  const connection = { isAuthenticated: true, readOnly: true };
  const request = new Request('http://localhost');
  const document = await hocuspocus.createDocument('spec-updates', request, 'server', connection);
  // Hocuspocus would let it go: nobody is in it.
  document.addDirectConnection();
  // One page after the other: what a client keeps of the past is its own.
  let reader = new Y.Doc();
  Y.applyUpdate(reader, Y.encodeStateAsUpdate(document));
  document.on('update', (update: Uint8Array) => Y.applyUpdate(reader, update));

  const always = listen(feed);
  const visitors: Subscription[] = [];
  let warmKb = 0;
  for (let done = 0, turn = 0; done < changes; turn += 1) {
    for (let count = 0; count < perTurn; count += 1) {
      const from = done % specs;
      const states = Array.from({ length: perPublication }, (_, index) => {
        const metadata = spec((from + index) % specs, done);
        return { id: metadata.id, metadata, hasNewText: false };
      });
      feed.publish(states);
      done += perPublication;
    }
    visitors.push(listen(feed).subscription);
    if (visitors.length > 100) visitors.shift()?.unsubscribe();
    await delay(1);
    if (turn % turnsPerReader === 0) {
      reader = new Y.Doc();
      Y.applyUpdate(reader, Y.encodeStateAsUpdate(document));
    }
    if (turn === changes / perPublication / perTurn / 10) warmKb = heapKb();
  }
  // The last changes are gathered, for the document and for the pace.
  await delay(2_000);
  for (const visitor of visitors) visitor.unsubscribe();
  const growthMb = (heapKb() - warmKb) / 1_024;
  const encoded = Y.encodeStateAsUpdate(document).byteLength;
  const fresh = Y.encodeStateAsUpdate(freshCopyOf(document)).byteLength;
  const inDocument = reader.getMap<SpecMetadata>('specs');
  const otherwise = feed
    .current()
    .specs.values()
    .filter(({ id, title }) => inDocument.get(id)?.title !== title);
  const missed = feed
    .current()
    .specs.values()
    .filter(({ id, title }) => always.titles.get(id) !== title);
  await hocuspocus.hooks('onDestroy', { instance: hocuspocus });
  const many = `${changes.toLocaleString('en')} changes`;
  return [
    { what: `heap grown from 100,000 to ${many}, MB`, beside: null, ours: growthMb, bound: { most: 5 } },
    { what: `document after ${many}, bytes`, beside: fresh, ours: encoded, bound: { times: 2 } },
    {
      what: 'specs that a reader of the document has otherwise',
      beside: null,
      ours: [...otherwise].length,
      bound: { most: 0 },
    },
    {
      what: 'specs that a subscriber has otherwise',
      beside: null,
      ours: [...missed].length,
      bound: { most: 0 },
    },
  ];
}

/** Somebody who knows the newest title of each spec that changed. */
function listen(feed: SpecFeed): { subscription: Subscription; titles: Map<string, string | null> } {
  const titles = new Map<string, string | null>();
  const subscription = feed.subscribe({
    onEvent: ({ event, data }) => {
      if (event !== 'specs.batch') return;
      for (const change of data.changes) {
        if (change.event !== 'spec.deleted') titles.set(change.id, change.metadata.title);
      }
    },
  });
  return { subscription, titles };
}

function spec(index: number, round: number): SpecMetadata {
  const id = `E${index}`;
  const nothing = { parent: null, type: null, created: null, updated: null, dependencies: [], warnings: [] };
  return { ...nothing, id, title: `As of ${round}`, status: 'Draft', priority: null, path: `${id}.md` };
}

function freshCopyOf(document: Y.Doc): Y.Doc {
  const fresh = new Y.Doc();
  fresh.transact(() => {
    for (const [id, metadata] of sortedSpecs(document)) fresh.getMap('specs').set(id, metadata);
    fresh.getArray('events').push(document.getArray('events').toJSON());
  });
  return fresh;
}

function sortedSpecs(document: Y.Doc): [string, unknown][] {
  return Object.entries(document.getMap('specs').toJSON()).sort(([one], [other]) => (one < other ? -1 : 1));
}

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapKb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1_024;
}
