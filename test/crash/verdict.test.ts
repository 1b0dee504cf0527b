/**
 * The crash harness itself: it sees what it is there to see, and random typing alone is never taken for a fault.
 */
import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { jsonOf, type NodeJson, open, seedUpdate } from '../../markdown/index.ts';
import { randomFrom } from '../markdown/helpers/random.ts';
import { editAtRandom } from './edits.ts';
import { recordText } from './record-text.ts';
import { faultsIn, lostIn, repeatedDrafts } from './verdict.ts';

const document = (markdown: string): NodeJson => open(markdown).json;
const typing = (...tokens: string[]) => ({ typedTokens: tokens, hasDeleted: (_token: string) => false });

describe('a verdict', () => {
  it('names what was acknowledged and is gone', () => {
    const promised = [{ present: ['‹a1›', '‹a2›'], absent: [] }];
    expect(lostIn(document('Noise ‹a2›\n'), promised, [typing('‹a1›', '‹a2›')])).toEqual(['‹a1›']);
  });

  it('leaves out what its writer has taken away since', () => {
    const writer = { ...typing('‹a1›'), hasDeleted: (token: string) => token === '‹a1›' };
    expect(lostIn(document('Noise\n'), [{ present: ['‹a1›'], absent: [] }], [writer])).toEqual([]);
  });

  it('names a deletion that was acknowledged and is undone', () => {
    const promised = [{ present: [], absent: ['‹a1›'] }];
    expect(lostIn(document('Noise ‹a1›\n'), promised, [typing('‹a1›')])).toEqual(['deleted ‹a1›']);
  });

  it('names what is there twice, and what nobody has typed', () => {
    const json = document('Noise‹a1›\n\n‹a1›‹b7›\n');
    expect(faultsIn(json, document('Noise\n'), [typing('‹a1›')])).toEqual([
      '‹a1› is there twice',
      'nobody has typed ‹b7›',
    ]);
  });

  it.each([
    ['a paragraph that is doubled', 'One\n\nTwo\n\nTwo\n'],
    ['a document that is doubled', 'One\n\nTwo\n\nOne\n\nTwo\n'],
    ['a paragraph that is gone', 'One\n'],
    ['a word that is gone', 'One\n\nTo\n'],
    ['a paragraph that became a heading', '# One\n\nTwo\n'],
    ['a blank document', ''],
  ])("sees %s in the record's own text", (_what, markdown) => {
    expect(faultsIn(document(markdown), document('One\n\nTwo\n'), [])).toHaveLength(1);
  });

  it('counts a draft that was given twice in a row, not one that came back', () => {
    expect(repeatedDrafts(['one', 'one', 'two', 'one'])).toBe(1);
  });
});

it('three who type at random at the same time lose and double nothing by themselves', () => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 10; seed += 1) {
    const random = randomFrom(seed);
    const seeded = seedUpdate(open(recordText(2)).json, 'crash');
    const writers = ['a', 'b', 'c'].map((mark) => ({ mark, doc: new Y.Doc(), tokens: new Set<string>() }));
    for (const { doc } of writers) Y.applyUpdate(doc, seeded);
    const original = jsonOf(writers[0]!.doc);
    const typed: string[] = [];
    for (let step = 0; step < 60; step += 1) {
      const { mark, doc, tokens } = writers[random(3)]!;
      const newToken = () => `‹${mark}${step}›`;
      const { inserted, deleted } = editAtRandom(doc.getXmlFragment('default'), mark, newToken, random);
      if (inserted) tokens.add(inserted);
      if (inserted) typed.push(inserted);
      if (deleted) tokens.delete(deleted);
      kinds.add(inserted ? 'insertion' : deleted ? 'deletion' : 'split');
      // Two of them meet now and then, as people do whose connections come and go.
      if (random(4) === 0) exchange(writers[random(3)]!.doc, writers[random(3)]!.doc);
    }
    for (const { doc } of writers) for (const other of writers) exchange(doc, other.doc);
    for (const { doc } of writers) for (const other of writers) exchange(doc, other.doc);
    const promised = writers.map(({ tokens }) => ({ present: [...tokens], absent: [] }));
    for (const { doc } of writers) {
      expect(lostIn(jsonOf(doc), promised, []), `seed ${seed}`).toEqual([]);
      expect(faultsIn(jsonOf(doc), original, [typing(...typed)]), `seed ${seed}`).toEqual([]);
    }
  }
  expect([...kinds].sort()).toEqual(['deletion', 'insertion', 'split']);
});

function exchange(one: Y.Doc, other: Y.Doc): void {
  Y.applyUpdate(one, Y.encodeStateAsUpdate(other));
  Y.applyUpdate(other, Y.encodeStateAsUpdate(one));
}
