/**
 * Records that would hold up everybody: they open as one block of source, the room hears why, and nobody waits.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { XmlElement, XmlText } from 'yjs';
import { errors } from '../server/errors.ts';
import { maxDepth } from '../server/update-bounds.ts';
import type { Clerk } from './helpers/clerk.ts';
import { TownHall } from './helpers/town-hall.ts';
import { until } from './helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const { reason } = errors['not-converted'];
const filled = (piece: string, length = 200_000) => piece.repeat(Math.ceil(length / piece.length));

/** A block of source, and the paragraph that editors keep at the end. */
const blocksOf = (clerk: Clerk) =>
  clerk.fragment.toArray().map((child) => (child instanceof XmlElement ? child.nodeName : 'text'));

/**
 * For how long the event loop was held at most while `run` ran, in ms; our clients are in it as well.
 *
 * What counts is what this thread computed between two ticks of a timer: on a busy machine it waits for others.
 */
async function longestHold(what: string, run: () => Promise<unknown>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  let longest = 0;
  let before = process.threadCpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    longest = Math.max(longest, (user + system) / 1_000);
  }, 5);
  try {
    await run();
  } finally {
    clearInterval(timer);
    delays.disable();
  }
  const waited = Math.round(delays.max / 1e6);
  console.info(
    `${what}: computed for ${Math.round(longest)} ms at a time, and a timer was ${waited} ms late`,
  );
  return longest;
}

describe('a record', () => {
  it.each([
    ['quotes in quotes', `${filled('> ')}a\n`],
    ['lists in lists', `${filled('- ')}a\n`],
    ['emphasis that never ends', `${filled('*a _b ')}\n`],
    ['brackets that never end', `${filled('[a](')}\n`],
    ['lines that nothing announces', `> a\n${filled('b\n')}`],
    [
      'emphasis behind a fence that is none',
      `a\n    \`\`\`\n${filled('*a _b ', 50_000)}${filled('b_ a* ', 50_000)}\n`,
    ],
  ])('[M11] of %s opens as source, is edited as it is, and holds up nobody', async (what, text) => {
    townHall = await TownHall.open({ settings: { 'document.conversion_ms': 500 } });
    const markdown = `# Plan\n\n${text}\nThe end.\n`;
    await townHall.createDraftOnly('plan', markdown);
    const other = await (await townHall.join('noise-bylaw', 'bob')).synced();

    const heldMs = await longestHold(what, async () => {
      const alice = await townHall.join('plan');
      other.type('Noise', ' x');
      await alice.synced(20_000);
      await other.saved();
      expect(await alice.noticed('shown-as-source')).toEqual({ reason });
      expect(blocksOf(alice)).toEqual(['codeBlock', 'paragraph']);
      alice.replace('The end', 'An end');
      const edited = markdown.replace('The end', 'An end');
      await until('the draft has it', async () => (await townHall.draftOf('plan')) === edited, 20_000);
    });
    expect(heldMs).toBeLessThan(100);
  });

  it('[M11] that took too long once does not take long again', async () => {
    townHall = await TownHall.open({
      settings: { 'document.conversion_ms': 1_500, 'rooms.cleanup_timeout': 0 },
    });
    await townHall.createDraftOnly('plan', `> a\n${filled('b\n')}`);
    const opened = async () => {
      const startedAt = performance.now();
      const alice = await (await townHall.join('plan')).synced(20_000);
      const ms = performance.now() - startedAt;
      alice.leave();
      await until('the room is gone', () => townHall.server.hocuspocus.documents.size === 0);
      return ms;
    };
    expect(await opened()).toBeGreaterThan(1_500);
    expect(await opened()).toBeLessThan(1_000);
  });

  it('[M11] that comes to be so while its room is open becomes source there', async () => {
    townHall = await TownHall.open({ settings: { 'document.conversion_ms': 500 } });
    await townHall.createDraftOnly('plan', '# Plan\n\nOurs.\n');
    const alice = await (await townHall.join('plan')).synced();
    const hostile = `# Plan\n\nOurs.\n\n${filled('> ')}a\n`;
    await townHall.putDraft('plan', hostile);
    alice.replace('Plan', 'Map');
    expect(await alice.noticed('shown-as-source')).toEqual({ reason });
    const both = hostile.replace('Plan', 'Map');
    await until('the draft has both', async () => (await townHall.draftOf('plan')) === both, 10_000);
    await until('it is one block', () => blocksOf(alice)[0] === 'codeBlock');
    expect(blocksOf(alice).slice(1)).toEqual(['paragraph']);
    alice.replace('Ours', 'Yours');
    const after = both.replace('Ours', 'Yours');
    await until('the draft has the edit', async () => (await townHall.draftOf('plan')) === after, 10_000);
  });
});

describe('a document', () => {
  it('[M11] that an editor nests as deeply as it may is saved with its words, and holds up nobody', async () => {
    townHall = await TownHall.open();
    await townHall.createDraftOnly('plan', 'A plan.\n');
    const alice = await (await townHall.join('plan')).synced();
    const heldMs = await longestHold('the deepest nesting', async () => {
      alice.document.transact(() => {
        let parent: XmlElement | typeof alice.fragment = alice.fragment;
        for (let level = 0; level < maxDepth - 10; level += 1) {
          const quote = new XmlElement('blockquote');
          parent.insert(0, [quote]);
          parent = quote;
        }
        const paragraph = new XmlElement('paragraph');
        parent.insert(0, [paragraph]);
        paragraph.insert(0, [new XmlText('the deepest word')]);
      });
      const isSaved = async () => (await townHall.draftOf('plan'))?.includes('the deepest word');
      await until('the draft has its words', isSaved, 10_000);
    });
    expect(heldMs).toBeLessThan(100);
    expect(await townHall.draftOf('plan')).toContain('A plan.');
  });
});
