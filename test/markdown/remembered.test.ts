/** An edit that was saved and is undone then: the bytes are what they were. */

import { describe, expect, it } from 'vitest';
import { type Base, type NodeJson, open, rebase, withText, withTextOf } from '../../markdown/index.ts';
import { doc, h, li, p, ul } from './helpers/build.ts';

type Edit = (blocks: NodeJson[]) => void;

const remove =
  (at: number, count = 1): Edit =>
  (blocks) =>
    void blocks.splice(at, count);
const put =
  (at: number, node: NodeJson): Edit =>
  (blocks) =>
    void blocks.splice(at, 1, node);
const move =
  (from: number, to: number): Edit =>
  (blocks) =>
    void blocks.splice(to, 0, ...blocks.splice(from, 1));

/** Saves after each edit; then undoes all at once, and one after the other with a save after each: what is not as it was. */
function undone(markdown: string, edits: readonly Edit[]): string[] {
  const opened = open(markdown);
  let { base } = opened;
  const states = [opened.json];
  const texts = [markdown];
  for (const edit of edits) {
    const json = structuredClone(states.at(-1) as NodeJson);
    edit(json.content as NodeJson[]);
    base = stored(rebase({ json, base }));
    states.push(json);
    texts.push(base.markdown);
  }
  expect(new Set(texts).size).toBe(texts.length);
  const atOnce = rebase({ json: opened.json, base }).markdown;
  const oneByOne = states.toReversed().map((json) => {
    base = stored(rebase({ json, base }));
    return base.markdown;
  });
  return [atOnce, ...oneByOne.toReversed()].filter((text, index) => text !== texts[Math.max(0, index - 1)]);
}

/** As it comes from a snapshot, with nothing that this process knows besides. */
function stored(base: Base): Base {
  return JSON.parse(JSON.stringify(base));
}

describe('an edit that was saved and is undone', () => {
  it.each<[string, string, Edit[]]>([
    ['words beside a wrap', 'Noise, as _defined_\nhere, and\nthere.\n', [put(0, p('Noise there.'))]],
    ['a paragraph that was deleted', 'a\n\n\nwrapped\n_here_\n\n\nc\n', [remove(1)]],
    ['one under its heading', '# a\nb\n\nc\n', [remove(1)]],
    ['one above a definition', 'a\n\nb\n[x]: /y\n\nc [x]\n', [remove(1)]],
    ['a heading', 'Noise\n=====\n\na\n', [put(0, p('Noise'))]],
    ['items that were joined', '- a\n- b\n- c\n', [put(0, ul(li(p('a'), p('b')), li(p('c'))))]],
    ['a block that was moved', 'a\nb\n\n\nc\nd\n\n* e\n', [move(0, 2)]],
    [
      'several saves',
      'a\n_b_\n\n\nc\nd\n\n# e\nf\n',
      [put(0, p('a')), remove(1), put(1, h(2, 'f')), remove(0)],
    ],
    ['Windows line endings', 'a\r\n_b_\r\n\r\n\r\nc\r\n', [put(0, p('x')), remove(1)]],
    ['mixed ones', 'a\r\n_b_\n\n\n\r\nc\n', [put(0, p('x')), put(1, p('y'))]],
    ['the last line without a break', 'a\n\nb\n_c_', [remove(1)]],
    ['everything', '---\nt: 1\n---\na\n_b_\n\n\n- c\n', [remove(0, 9), put(0, p('x'))]],
  ])('[M7] gives the bytes back: %s', (_name, markdown, edits) => {
    expect(undone(markdown, edits)).toEqual([]);
  });

  it('[M7] is told from what was typed since in another block', () => {
    const { json, base } = open('a\n_b_\n\n\nc\nd\n');
    const [first, second] = json.content as [NodeJson, NodeJson];
    const edited = rebase({ json: doc(p('a'), second), base });
    expect(edited.markdown).toBe('a\n\n\nc\nd\n');
    expect(rebase({ json: doc(first, p('c d e')), base: edited }).markdown).toBe('a\n_b_\n\n\nc\nd e\n');
  });

  it('[M7] is told where the edit was one of many in a list', () => {
    const markdown = '* a\n  _b_\n* c\n* d\n  e\n';
    const { json, base } = open(markdown);
    const items = json.content?.[0]?.content as NodeJson[];
    const edited = rebase({ json: doc(ul(li(p('a')), ...items.slice(1))), base });
    expect(edited.markdown).toBe('* a\n* c\n* d\n  e\n');
    const other = ul(items[0] as NodeJson, li(p('x')), items[2] as NodeJson);
    expect(rebase({ json: doc(other), base: edited }).markdown).toBe('* a\n  _b_\n* x\n* d\n  e\n');
  });

  it('[M7] is told after somebody else has changed the text', () => {
    const { json, base } = open('a\n_b_\n\nc\n');
    const edited = rebase({ json: doc(p('a'), p('c')), base });
    const outside = 'new\n\na\n\nc\n';
    const absorbed = withTextOf(open(outside).base, withText(edited, outside));
    const live = doc(p('new'), ...(json.content ?? []));
    expect(rebase({ json: live, base: absorbed }).markdown).toBe('new\n\na\n_b_\n\nc\n');
  });
});

describe('what is remembered', () => {
  it('is nothing while what stands there tells it', () => {
    let { json, base } = open('Noise is *not*\nallowed at _night_.\n\n- a\n- b\n');
    for (const word of ['at', 'every', 'full', 'blue']) {
      json = JSON.parse(JSON.stringify(json).replace('allowed', `allowed ${word}`));
      base = rebase({ json, base });
    }
    expect(base.markdown).toContain('allowed blue full every at at _night_.');
    expect(base.remembered).toBeUndefined();
  });

  it.each([
    ['in places', 36, 1],
    ['in length', 12, 4_000],
  ])('is bounded %s', (_name, count, length) => {
    const markdown = Array.from({ length: count }, (_, at) => `Nr. ${at}\n${'w'.repeat(length)}\n`).join(
      '\n',
    );
    let { json, base } = open(markdown);
    for (let at = 0; at < count; at += 1) {
      json = doc(...(json.content ?? []).with(at, p(`Nr. ${at}`)));
      base = rebase({ json, base });
    }
    const remembered = base.remembered ?? [];
    expect(remembered.length).toBe(Math.min(32, Math.floor(32_000 / (length + 1)), count));
    expect(remembered.at(-1)?.was).toContain('www'.slice(0, length));
  });
});
