/**
 * Conversions in their thread, and one that would never end.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { applyUpdate, Doc, type XmlElement, type XmlText } from 'yjs';
import { jsonOf, open, save, seedUpdate } from '../../../markdown/index.ts';
import { WorkerConverter } from '../../../server/conversion/converter.ts';
import { decodeSnapshot } from '../../../server/snapshot-format.ts';
import { until } from '../../helpers/until.ts';

function openConverter(deadlineMs = 20_000): WorkerConverter {
  const converter = new WorkerConverter({ markdown: {}, deadlineMs });
  onTestFinished(() => converter.close());
  return converter;
}

function documentOf(state: Uint8Array): Doc {
  const document = new Doc();
  applyUpdate(document, state);
  return document;
}

/** Two of these are more than the thread keeps of all documents. */
function longDocument(): Doc {
  const document = new Doc();
  document.getText('elsewhere').insert(0, 'x'.repeat(11_000_000));
  return document;
}

const plan = '# Plan\n\nFirst.\n\nSecond.\n';

/** micromark needs seconds for it, and more for more. */
const intricate = `> a\n${'b\n'.repeat(50_000)}`;

describe('the converter', () => {
  it('seeds as the library does', async () => {
    const { state, base } = await openConverter().seed(plan, 'plan');
    expect(base.markdown).toBe(plan);
    expect(state).toEqual(seedUpdate(open(plan).json, 'plan'));
  });

  it('saves as the library does', async () => {
    const converter = openConverter();
    const { state, base } = await converter.seed(plan, 'plan');
    expect(await converter.save(documentOf(state), base)).toEqual(base);

    const document = documentOf(seedUpdate(open(plan.replace('First', 'Another')).json, 'other'));
    expect((await converter.save(document, base)).markdown).toBe(save({ json: jsonOf(document), base }));
  });

  it('follows a document that goes on, also beside more others than it has copies of', async () => {
    const converter = openConverter();
    const { state, base } = await converter.seed(plan, 'plan');
    const document = documentOf(state);
    const paragraph = document.getXmlFragment('default').get(1) as XmlElement;
    for (const word of ['One ', 'Two ', 'Three ']) {
      (paragraph.get(0) as XmlText).insert(0, word);
      expect((await converter.save(document, base)).markdown).toBe(save({ json: jsonOf(document), base }));
      if (word === 'Two ')
        for (const other of [longDocument(), longDocument()]) await converter.save(other, base);
    }
    const about = { base, covers: null, at: 1, contributors: [] };
    const snapshot = decodeSnapshot(await converter.snapshot(document, about));
    expect(jsonOf(documentOf(snapshot.state))).toEqual(jsonOf(document));
    expect(snapshot).toMatchObject(about);
  });

  it('[E3] brings in what the other side changed, and names where both did', async () => {
    const converter = openConverter();
    const { base } = await converter.seed(plan, 'plan');
    const live = seedUpdate(open(plan.replace('First', 'Ours')).json, 'live');
    const outside = plan.replace('First', 'Theirs').replace('Second', 'Second, changed');
    const document = documentOf(live);
    const { update, conflicts } = await converter.absorb(document, base, { ancestors: [plan], outside });
    applyUpdate(document, update as Uint8Array);
    expect(save({ json: jsonOf(document), base })).toBe('# Plan\n\nOurs Theirs.\n\nSecond, changed.\n');
    expect(conflicts).toEqual(['Ours Theirs.\n']);
  });

  it('[M11] ends a conversion that takes too long, lets others go on meanwhile, and converts the next', async () => {
    const converter = openConverter(1_000);
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
    }, 20);
    const endless = converter.seed(intricate, 'endless');
    const next = converter.seed(plan, 'plan');
    const { state, base } = await endless;
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(5);
    expect(base).toMatchObject({ markdown: intricate, isOpaque: true });
    expect((await next).base).toMatchObject({ markdown: plan, isOpaque: false });

    const document = new Doc();
    applyUpdate(document, state);
    expect(jsonOf(document).content?.[0]).toMatchObject({ type: 'codeBlock', attrs: { language: '=md' } });
    expect(await converter.save(document, base)).toEqual(base);
  });

  it('[M11] pays the deadline once for a document that takes too long to be saved', async () => {
    const converter = openConverter(500);
    const document = new Doc();
    applyUpdate(document, seedUpdate(open(plan).json, 'plan'));
    const base = { ...open(plan).base, markdown: intricate };
    const msOf = async () => {
      const startedAt = performance.now();
      await expect(converter.save(document, base)).rejects.toMatchObject({ code: 'not-converted' });
      return performance.now() - startedAt;
    };
    expect(await msOf()).toBeGreaterThan(500);
    expect(await msOf()).toBeLessThan(400);
  });

  it('[M11] outlives a text that unfolds beyond its memory', async () => {
    const converter = new WorkerConverter({ markdown: {}, deadlineMs: 60_000, memoryMb: 40 });
    onTestFinished(() => converter.close());
    const long = '- *a* [b](c)\n\n'.repeat(40_000);
    expect((await converter.seed(long, 'long')).base).toMatchObject({ markdown: long, isOpaque: true });
    expect((await converter.seed(plan, 'plan')).base.isOpaque).toBe(false);
  });

  it('[M11] gives back what its thread has taken beyond its documents, and goes on with those', async () => {
    const converter = new WorkerConverter({ markdown: {}, deadlineMs: 60_000, keptMb: 1, lookMs: 50 });
    onTestFinished(() => converter.close());
    const ended = vi.spyOn(Worker.prototype, 'terminate');
    onTestFinished(() => ended.mockRestore());
    const { state, base } = await converter.seed(plan, 'plan');
    const document = documentOf(state);
    await converter.save(document, base);
    await until('the thread is ended', () => ended.mock.calls.length > 0);
    const paragraph = document.getXmlFragment('default').get(1) as XmlElement;
    (paragraph.get(0) as XmlText).insert(0, 'More ');
    expect((await converter.save(document, base)).markdown).toBe(save({ json: jsonOf(document), base }));

    const long = documentOf(seedUpdate(open(`${'x'.repeat(2_000_000)}\n`).json, 'long'));
    await converter.json(long, base);
    ended.mockClear();
    await converter.json(long, base);
    await delay(300);
    expect(ended).not.toHaveBeenCalled();
  });

  it('says so after it was closed', async () => {
    const converter = openConverter();
    await converter.close();
    await expect(converter.seed(plan, 'plan')).rejects.toThrow('the converter is closed');
  });
});
