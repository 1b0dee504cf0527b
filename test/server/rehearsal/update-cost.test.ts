/**
 * What is told of an update before it is applied: harmless is what people do, and nothing else.
 */
import { describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { isHarmless, walksOf } from '../../../server/rehearsal/update-cost.ts';
import { readUpdate } from '../../../server/update-facts.ts';
import { crafted, type Place, plainText, typist } from '../../helpers/crafted-updates.ts';
import { type Random, randomFrom } from '../../markdown/helpers/random.ts';

const paragraphs = 3_000;

function paragraph(words: string): Y.XmlElement {
  const element = new Y.XmlElement('paragraph');
  element.insert(0, [new Y.XmlText(words)]);
  return element;
}

function piecesIn({ store }: Y.Doc): number {
  return [...store.clients.values()].reduce((sum, structs) => sum + structs.length, 0);
}

function twinOf(document: Y.Doc): Y.Doc {
  const twin = new Y.Doc();
  Y.applyUpdate(twin, Y.encodeStateAsUpdate(document));
  return twin;
}

/** What somebody sends who holds the same document and does this to it. */
function changed(document: Y.Doc, change: (fragment: Y.XmlFragment) => void): Uint8Array {
  const twin = twinOf(document);
  const before = Y.encodeStateVector(twin);
  twin.transact(() => change(twin.getXmlFragment('default')));
  return Y.encodeStateAsUpdate(twin, before);
}

const isFine = (document: Y.Doc, update: Uint8Array) =>
  isHarmless(document, piecesIn(document), readUpdate(update));

const textAt = (fragment: Y.XmlFragment, index: number) =>
  (fragment.get(index) as Y.XmlElement).get(0) as Y.XmlText;

describe('of what people do in a long law', () => {
  const law = new Y.Doc();
  law.getXmlFragment('default').insert(
    0,
    Array.from({ length: paragraphs }, (_, index) => paragraph(`Article ${index}. Everybody may.`)),
  );

  it.each<[string, (fragment: Y.XmlFragment) => void]>([
    ['a key', (all) => textAt(all, 1_500).insert(4, 'x')],
    ['a key in front', (all) => textAt(all, 0).insert(0, 'x')],
    ['a key behind all', (all) => textAt(all, paragraphs - 1).insert(20, 'x')],
    ['a bold word', (all) => textAt(all, 7).format(2, 5, { bold: {} })],
    ['a paragraph', (all) => all.insert(1_500, [paragraph('New.')])],
    ['a paragraph in front of all', (all) => all.insert(0, [paragraph('New.')])],
    ['a paragraph behind all', (all) => all.push([paragraph('New.')])],
    ['an attribute', (all) => (all.get(9) as Y.XmlElement).setAttribute('textAlign', 'left')],
    [
      'an attribute, set thrice',
      (all) => {
        for (const side of ['left', 'right', 'left'])
          (all.get(9) as Y.XmlElement).setAttribute('textAlign', side);
      },
    ],
    [
      'a paste of 200 paragraphs',
      (all) =>
        all.insert(
          5,
          Array.from({ length: 200 }, () => paragraph('Pasted.')),
        ),
    ],
    [
      '200 keys, each before the one before',
      (all) => {
        for (let key = 0; key < 200; key += 1) textAt(all, 5).insert(0, 'x');
      },
    ],
    [
      '200 keys all over',
      (all) => {
        for (let key = 0; key < 200; key += 1) textAt(all, key * 7).insert(3, 'x');
      },
    ],
    ['a chapter taken away', (all) => all.delete(100, 200)],
  ])('%s is harmless', (_name, change) => {
    expect(isFine(law, changed(law, change))).toBe(true);
  });

  it('words where somebody else wrote at the same moment are harmless', () => {
    const other = changed(law, (all) => textAt(all, 7).insert(3, 'there'));
    const one = changed(law, (all) => {
      textAt(all, 7).insert(3, 'here');
      textAt(all, 7).format(3, 2, { bold: {} });
    });
    const both = twinOf(law);
    Y.applyUpdate(both, other);
    expect(isFine(both, one)).toBe(true);
  });
});

describe('of what nobody does', () => {
  const bill = new Y.Doc();
  Y.applyUpdate(bill, plainText(700_000));

  it.each(['inOnePlace', 'farApart', 'inOneKey', 'cuts', 'holes'] as const)(
    '"%s" is not harmless',
    (kind) => {
      const count = { cuts: 10_000, holes: 10_000, inOnePlace: 1_000, farApart: 1_000, inOneKey: 1_000 }[
        kind
      ];
      expect(isFine(bill, crafted[kind](count, 5_000))).toBe(false);
    },
  );

  it('one that walks past very many is not harmless', () => {
    const many = twinOf(bill);
    Y.applyUpdate(many, crafted.cuts(20_000, 5_000));
    expect(isFine(many, crafted.inOnePlace(1, 6_000))).toBe(false);
  });
});

it('says no fewer steps than Yjs makes, whatever stands beside what', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = randomFrom(seed);
    const document = new Y.Doc();
    Y.applyUpdate(document, plainText(60));
    for (let other = 0; other < 3; other += 1) {
      Y.applyUpdate(document, crafted.between(places(random, 10, 6_000 + other), 6_000 + other));
    }
    const update = crafted.between(places(random, 30, 7_000), 7_000);
    const told = walksOf(document, piecesIn(document) + 30, readUpdate(update));
    expect(stepsFor(document, update), `seed ${seed}`).toBeLessThanOrEqual(told);
  }
});

/** Pairs of neighbours, some of them real: of the text, or of what has just been put there. */
function places(random: Random, count: number, client: number): [Place, Place | null][] {
  return Array.from({ length: count }, (_, index) => {
    const at = 1 + random(50);
    const own = (one: number): Place => ({ client, clock: one });
    const behind = random(3) === 0 ? null : { client: typist, clock: at + 1 + random(3) ** 2 };
    if (index > 0 && random(3) === 0) return [own(random(index)), behind];
    if (index > 0 && random(4) === 0) return [{ client: typist, clock: at }, own(random(index))];
    return [{ client: typist, clock: at }, behind];
  });
}

/** Yjs puts everything that it walks past into two sets, and each insertion into one. */
function stepsFor(document: Y.Doc, update: Uint8Array): number {
  const before = piecesIn(document);
  const add = vi.spyOn(Set.prototype, 'add');
  Y.applyUpdate(document, update);
  const { length } = add.mock.calls;
  add.mockRestore();
  return (length - (piecesIn(document) - before)) / 2;
}
