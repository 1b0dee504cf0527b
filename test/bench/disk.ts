/**
 * How many bytes does an edit write to disk, in a long document and in a short one?
 *
 * One writer, 50 edits a second, long enough for several snapshots and drafts; counted until everything is stored and
 * nothing is written any more. Beside it bare Hocuspocus with its defaults, which stores after a pause and promises
 * nothing until then, and bare Hocuspocus that stores every edit, which is what it takes to promise as much as ours.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from './finding.ts';
import { prose } from './prose.ts';
import type { Scale } from './run.ts';
import { Sites } from './site.ts';
import { Typist } from './typist.ts';

const documents = { long: 1_000_000, short: 10_000 };
const editsPerSecond = 50;

/** What every edit costs alike needs no long run, and it is a megabyte and more each time. */
const eagerSeconds = 3;

/** So long without a byte: longer than any pause after which somebody stores. */
const quietMs = 4_000;
const settledWithinMs = 60_000;

/** Pacing is not what is measured here. */
const settings = { REALTIME_RATE_LIMITING_MESSAGES_PER_SECOND: '1000' };

type Kind = 'bare' | 'eager' | 'ours';

export async function disk({ seconds }: Scale): Promise<Finding[]> {
  const longName = 'record:long';
  const shortName = 'record:short';
  const sites = await Sites.prepare([
    { name: longName, markdown: prose(documents.long) },
    { name: shortName, markdown: prose(documents.short) },
  ]);
  const perEdit = (kind: Kind, name: string) => bytesPerEdit(sites, kind, name, seconds);
  try {
    const bareLong = await perEdit('bare', longName);
    const bareShort = await perEdit('bare', shortName);
    const eagerLong = await perEdit('eager', longName);
    const oursLong = await perEdit('ours', longName);
    const oursShort = await perEdit('ours', shortName);
    const rows: [what: string, beside: Written, ours: Written, bound: Finding['bound']][] = [
      ['1 MB, beside bare with its pauses', bareLong, oursLong, null],
      ['10 KB, beside bare with its pauses', bareShort, oursShort, null],
      ['1 MB, beside bare that stores every edit', eagerLong, oursLong, { times: 0.02 }],
      ['1 MB, beside ours with 10 KB', oursShort, oursLong, { times: 1.2 }],
    ];
    return rows.map(([what, beside, ours, bound]) => ({
      what: `bytes written per edit: ${what} (${ours.snapshots} snapshots, ${ours.drafts} drafts)`,
      beside: beside.bytes,
      ours: ours.bytes,
      bound,
    }));
  } catch (error) {
    if (!(error instanceof NotCounted)) throw error;
    process.stdout.write(`${error.message}\n`);
    return [];
  } finally {
    await sites.remove();
  }
}

interface Written {
  readonly bytes: number;
  readonly snapshots: number;
  readonly drafts: number;
}

class NotCounted extends Error {}

async function bytesPerEdit(
  sites: Sites,
  kind: Kind,
  documentName: string,
  seconds: number,
): Promise<Written> {
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
