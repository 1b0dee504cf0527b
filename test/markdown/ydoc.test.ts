/** JSON ↔ Y.Doc: one copy however often it is seeded, and edits that touch only what differs. */

import { describe, expect, it } from 'vitest';
import { prosemirrorJSONToYDoc, yXmlFragmentToProseMirrorRootNode } from 'y-prosemirror';
import * as Y from 'yjs';
import {
  jsonOf,
  type NodeJson,
  open,
  replaceContent,
  schema,
  seedInParts,
  seedUpdate,
} from '../../markdown/index.ts';
import { textNode } from '../../markdown/json.ts';
import { bold, codeText, doc, h, li, link, ol, p, task, tasks, ul } from './helpers/build.ts';
import { type Random, randomFrom } from './helpers/random.ts';

function seeded(json: NodeJson): Y.Doc {
  const ydoc = new Y.Doc();
  Y.applyUpdate(ydoc, seedUpdate(json, 'record:a'));
  return ydoc;
}

const sample = open('# a\n\nb **c** [d](/e)\n\n- [ ] f\n\n|g|h|\n|:-|-|\n|i|j|\n\n3. k\n').json;
const asEditorsSeeIt = (ydoc: Y.Doc) =>
  yXmlFragmentToProseMirrorRootNode(ydoc.getXmlFragment('default'), schema).toJSON();

describe('seeding', () => {
  it('[L3] gives the same bytes for the same document and seed', () => {
    const shuffled = JSON.parse(JSON.stringify(sample)) as NodeJson;
    expect(seedUpdate(shuffled, 'a')).toEqual(seedUpdate(sample, 'a'));
    expect(seedUpdate(sample, 'b')).not.toEqual(seedUpdate(sample, 'a'));
  });

  it('[L3] merges with a second seeding into one copy', () => {
    const ydoc = seeded(sample);
    Y.applyUpdate(ydoc, seedUpdate(sample, 'record:a'));
    expect(jsonOf(ydoc)).toEqual(jsonOf(seeded(sample)));
  });

  it('[L3] is the same in parts, none of which begins or ends within a text', () => {
    const runs = Array.from({ length: 30 }, (_, index) => `**b${index}** *c*`).join(' ');
    const { json } = open(`${runs}\n\n- d\n\n`.repeat(100));
    const { update, parts } = seedInParts(json, 'a');
    expect(update).toEqual(seedUpdate(json, 'a'));
    expect(parts.length).toBeGreaterThan(3);
    const ydoc = new Y.Doc();
    for (const part of parts) {
      Y.applyUpdate(ydoc, part);
      const texts = JSON.stringify(jsonOf(ydoc))
        .split('"paragraph"')
        .filter((text) => text.includes('b0'));
      for (const text of texts) expect(text).toContain('b29');
    }
    expect(Y.encodeStateAsUpdate(ydoc)).toEqual(update);
    expect(seedInParts(sample, 'a').parts).toEqual([seedUpdate(sample, 'a')]);
  });

  it('gives what y-prosemirror gives', () => {
    const theirs = prosemirrorJSONToYDoc(schema, sample, 'default');
    expect(asEditorsSeeIt(seeded(sample))).toEqual(asEditorsSeeIt(theirs));
    expect(jsonOf(seeded(sample))).toEqual(jsonOf(theirs));
  });
});

describe('reading', () => {
  it('[M3] keeps nodes and marks from outside the schema', () => {
    const odd = doc({
      type: 'callout',
      attrs: { kind: 'x' },
      content: [p(textNode('a', [{ type: 'glow' }]))],
    });
    expect(jsonOf(seeded(odd))).toEqual(odd);
  });
});

describe('replacing the content', () => {
  it('changes one word by that word', () => {
    const ydoc = seeded(doc(p('one two three'), p('four')));
    const updates: Uint8Array[] = [];
    ydoc.on('update', (update: Uint8Array) => updates.push(update));
    replaceContent(ydoc, doc(p('one 2 three'), p('four')), { origin: 'outside' });
    expect(jsonOf(ydoc)).toEqual(doc(p('one 2 three'), p('four')));
    expect(updates).toHaveLength(1);
    expect(updates[0]?.length).toBeLessThan(60);
  });

  it('does nothing when nothing differs', () => {
    const ydoc = seeded(sample);
    let updates = 0;
    ydoc.on('update', () => updates++);
    replaceContent(ydoc, sample);
    expect(updates).toBe(0);
  });

  it('keeps emoji whole', () => {
    const ydoc = seeded(doc(p('a 😀 b')));
    replaceContent(ydoc, doc(p('a 😁 b')));
    expect(jsonOf(ydoc)).toEqual(doc(p('a 😁 b')));
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'reaches any document from any other, keeping equal blocks (seed %i)',
    (seed) => {
      const random = randomFrom(seed);
      let current = randomDoc(random);
      const ydoc = seeded(current);
      for (let step = 0; step < 60; step += 1) {
        const kept = itemsByContent(ydoc);
        const next = mutated(current, random);
        replaceContent(ydoc, next);
        expect(jsonOf(ydoc), `seed ${seed}, step ${step}`).toEqual(jsonOf(seeded(next)));
        const prefix = commonPrefix(current.content ?? [], next.content ?? []);
        expect(itemsByContent(ydoc).slice(0, prefix)).toEqual(kept.slice(0, prefix));
        current = next;
      }
    },
  );
});

function itemsByContent(ydoc: Y.Doc): string[] {
  return ydoc
    .getXmlFragment('default')
    .toArray()
    .map((child) => JSON.stringify(child._item?.id));
}

function commonPrefix(a: readonly NodeJson[], b: readonly NodeJson[]): number {
  const end = a.findIndex((node, index) => JSON.stringify(node) !== JSON.stringify(b[index]));
  return end < 0 ? a.length : end;
}

function randomBlock(random: Random, depth = 0): NodeJson {
  const words = ['by', 'law', '😀', 'noise', 'été', 'a'];
  const word = () => words[random(words.length)] ?? 'x';
  const text = () => p(`${word()} ${word()} `, bold(word()), codeText(word()), link('/x', word()));
  const nested = () => (depth < 2 ? [text(), randomBlock(random, depth + 1)] : [text()]);
  switch (random(5)) {
    case 0:
      return h(1 + random(3), word());
    case 1:
      return ul(li(...nested()), li(text()));
    case 2:
      return tasks(task(random(2) === 0, ...nested()));
    case 3:
      return ol(1 + random(3), li(...nested()));
    default:
      return text();
  }
}

function randomDoc(random: Random): NodeJson {
  return doc(...Array.from({ length: 6 }, () => randomBlock(random)));
}

function mutated(json: NodeJson, random: Random): NodeJson {
  const blocks = [...(json.content ?? [])];
  const at = random(blocks.length + 1);
  const moved = blocks[random(blocks.length)] ?? p('x');
  if (random(3) === 0) blocks.splice(at, 1);
  else if (random(2) === 0) blocks.splice(at, 0, random(2) === 0 ? moved : randomBlock(random));
  else blocks.splice(at, 1, randomBlock(random));
  return doc(...(blocks.length > 0 ? blocks : [p('x')]));
}
