/**
 * S5: how many bytes does an edit write to disk, and what does it cost, in a long document and in a short one?
 *
 * One writer, 50 edits a second, long enough for several snapshots and drafts; counted until everything is stored and
 * nothing is written any more. Beside it bare Hocuspocus with its defaults, which stores after a pause and promises
 * nothing until then, and bare Hocuspocus that stores every edit, which is what it takes to promise as much as ours.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Comparison, compared } from './comparison.ts';
import { prose } from './prose.ts';
import type { Scale } from './rows.ts';
import { Sites } from './site.ts';
import { Typist } from './typist.ts';

const documents = { long: 1_000_000, short: 10_000 };
const editsPerSecond = 50;

/** What every edit costs alike needs no long run, and it is a megabyte and more each time. */
const eagerSeconds = 3;

/** So long without a byte: longer than any pause after which somebody stores. */
const quietMs = 4_000;
const settledWithinMs = 60_000;

/** What an edit writes is not to grow with its document: 1 MB beside 10 KB. */
const longBesideShort = 1.2;

/** Pacing is not what is measured here. */
const settings = { REALTIME_RATE_LIMITING_MESSAGES_PER_SECOND: '1000' };

type Kind = 'bare' | 'eager' | 'ours';

export async function disk({ seconds }: Scale): Promise<Comparison[]> {
  const longName = 'record:long';
  const shortName = 'record:short';
  const sites = await Sites.prepare([
    { name: longName, markdown: prose(documents.long) },
    { name: shortName, markdown: prose(documents.short) },
  ]);
  const perEdit = (kind: Kind, name: string) => measure(sites, kind, name, seconds);
  try {
    const short = { bare: await perEdit('bare', shortName), ours: await perEdit('ours', shortName) };
    const long = {
      bare: await perEdit('bare', longName),
      eager: await perEdit('eager', longName),
      ours: await perEdit('ours', longName),
    };
    const written = (of: Written) => `(ours: ${of.snapshots} snapshots, ${of.drafts} drafts)`;
    const eager = { beside: 'eager', times: 0.02 } as const;
    const most = { most: Math.round(short.ours.bytes * longBesideShort) };
    return [
      compared(`1 MB: bytes written per edit ${written(long.ours)}`, long, 'bytes', eager, most),
      compared('1 MB: CPU per 1,000 edits, ms', long, 'cpu'),
      compared(`10 KB: bytes written per edit ${written(short.ours)}`, short, 'bytes'),
      compared('10 KB: CPU per 1,000 edits, ms', short, 'cpu'),
    ];
  } catch (error) {
    if (!(error instanceof NotCounted)) throw error;
    process.stdout.write(`${error.message}\n`);
    return [];
  } finally {
    await sites.remove();
  }
}

type Written = Record<'bytes' | 'cpu' | 'snapshots' | 'drafts', number>;

class NotCounted extends Error {}

async function measure(sites: Sites, kind: Kind, documentName: string, seconds: number): Promise<Written> {
  const { server, token, close } = await sites.open(kind, settings);
  const writtenBytes = async () => {
    const bytes = await server.writtenBytes();
    if (bytes === null) throw new NotCounted('This system does not say what a process writes: no such row.');
    return bytes;
  };
  try {
    const typist = await Typist.join(server.port, documentName, token);
    // The first edit brings along what only happens once.
    await typist.type({ editsPerSecond, seconds: 1 / editsPerSecond });
    await quiet(writtenBytes);
    const [bytesBefore, before] = [await writtenBytes(), await server.stats()];
    const latenciesMs = await typist.type({
      editsPerSecond,
      seconds: kind === 'eager' ? eagerSeconds : seconds,
    });
    await quiet(writtenBytes);
    const [bytesAfter, after] = [await writtenBytes(), await server.stats()];
    const written = {
      bytes: (bytesAfter - bytesBefore) / latenciesMs.length,
      cpu: (after.cpuMs - before.cpuMs) / (latenciesMs.length / 1_000),
      snapshots: after.snapshots - before.snapshots,
      drafts: after.drafts - before.drafts,
    };
    process.stdout.write(`${kind}, ${documentName}: ${JSON.stringify(written)}\n`);
    return written;
  } finally {
    await close();
  }
}

async function quiet(writtenBytes: () => Promise<number>): Promise<void> {
  const endsAt = performance.now() + settledWithinMs;
  let [last, since] = [await writtenBytes(), performance.now()];
  while (performance.now() - since < quietMs) {
    if (performance.now() > endsAt) throw new Error(`still writing after ${settledWithinMs} ms`);
    await delay(250);
    const now = await writtenBytes();
    if (now !== last) [last, since] = [now, performance.now()];
  }
}
