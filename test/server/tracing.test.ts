/**
 * Traces of edits, as a collector of OpenTelemetry gets them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSpans } from '../../server/tracing/open-telemetry.ts';
import type { Spans } from '../../server/tracing/spans.ts';
import { Admin } from '../helpers/admin.ts';
import { flakyJournal } from '../helpers/flaky-journal.ts';
import { type CollectedSpan, type Collector, startCollector } from '../helpers/otlp-collector.ts';
import { Program } from '../helpers/program.ts';
import { configOf, TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let collector: Collector;
let spans: Spans;
let townHall: TownHall | undefined;
beforeEach(async () => {
  collector = await startCollector();
  spans = (await openSpans(configOf({ 'tracing.otlp_url': collector.url }))) as Spans;
});
afterEach(async () => {
  await townHall?.close();
  await spans.close();
  await collector.close();
  townHall = undefined;
});

/** Everything that was traced until now. */
async function collected(): Promise<CollectedSpan[]> {
  await spans.close();
  return collector.spans;
}

const attributesOf = ({ attributes }: CollectedSpan) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const marker = 'xylophone-of-the-test';

it('[O5] an edit is a trace from its message to its acknowledgement; a snapshot and a draft link to it', async () => {
  townHall = await TownHall.open({ spans, settings: { 'tracing.sample_ratio': 1 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
  alice.replace('Noise', marker);
  await alice.saved();
  await bob.sees(marker);
  await alice.noticed('saved');
  await new Admin(townHall.url, 'noise-bylaw', await townHall.tokenOf('alice')).snapshot();
  const all = await collected();

  const roots = all.filter(({ name }) => name === 'edit');
  expect(roots).toHaveLength(1);
  const [root] = roots as [CollectedSpan];
  expect(attributesOf(root)).toMatchObject({
    'civicpress.document': 'record:noise-bylaw',
    'civicpress.socket': expect.stringMatching(/^[\w-]{8}$/),
    'enduser.id': expect.stringMatching(/^\d+$/),
  });
  const parts = all.filter(({ traceId, spanId }) => traceId === root.traceId && spanId !== root.spanId);
  for (const { parentSpanId } of parts) expect(parentSpanId).toBe(root.spanId);
  const inOrder = parts.toSorted((one, other) =>
    Number(BigInt(one.startTimeUnixNano) - BigInt(other.startTimeUnixNano)),
  );
  const names = inOrder.map(({ name }) => name);
  expect(names.slice(0, 2)).toEqual(['guard', 'apply']);
  expect(names.toSorted()).toEqual(['acknowledgement', 'apply', 'broadcast', 'guard', 'journal append']);
  const endOf = (wanted: string) => BigInt(parts.find(({ name }) => name === wanted)?.endTimeUnixNano ?? 0);
  expect(endOf('acknowledgement') >= endOf('journal append') - 1_000_000n).toBe(true);

  for (const name of ['snapshot', 'writeback']) {
    const span = all.find((candidate) => candidate.name === name);
    expect(span?.links, name).toMatchObject([{ traceId: root.traceId, spanId: root.spanId }]);
    expect(span?.traceId).not.toBe(root.traceId);
  }
  const sent = collector.bodies.join();
  for (const secret of [marker, await townHall.tokenOf('alice')]) expect(sent).not.toContain(secret);
});

it('[O5] a journal that fails shows as an error, and the edit is traced to its end all the same', async () => {
  const { journal, handle } = flakyJournal();
  townHall = await TownHall.open({ spans, journal, settings: { 'tracing.sample_ratio': 1 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  handle().isFull = true;
  alice.replace('Noise', marker);
  await until('alice is told', () => alice.closeCodes.length > 0);
  handle().isFull = false;
  await alice.saved();
  const all = await collected();
  const appends = all.filter(({ name }) => name === 'journal append');
  expect(appends.map(({ status }) => status?.code === 2)).toContain(true);
  expect(appends.map(({ status }) => status?.code !== 2)).toContain(true);
  expect(all.some(({ name }) => name === 'edit')).toBe(true);
});

it('[O5] no edit is traced beyond the ratio', async () => {
  townHall = await TownHall.open({ spans, settings: { 'tracing.sample_ratio': 0 } });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.replace('Noise', marker);
  await alice.saved();
  expect((await collected()).filter(({ name }) => name === 'edit')).toEqual([]);
});

it('[O5] without a collector nothing of OpenTelemetry is loaded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tracing-'));
  const hook = `data:text/javascript,${encodeURIComponent(
    `import { registerHooks } from 'node:module';
     registerHooks({ resolve(specifier, context, next) {
       if (specifier.startsWith('@opentelemetry/')) process.stderr.write('loaded ' + specifier + '\\n');
       return next(specifier, context);
     } });`,
  )}`;
  const started = async (environment: Record<string, string>) => {
    const program = await Program.start(folder, [], { NODE_OPTIONS: `--import ${hook}`, ...environment });
    await program.end();
    const loaded = program.output.match(/(?<=loaded )@\S+/g) ?? [];
    // That one prom-client has as well.
    return loaded.filter((name) => name !== '@opentelemetry/api');
  };
  try {
    expect(await started({})).toEqual([]);
    expect(await started({ REALTIME_TRACING_OTLP_URL: collector.url })).toContain('@opentelemetry/sdk-trace');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
