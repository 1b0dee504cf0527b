import { expect, it } from 'vitest';
import { applyUpdate, Doc, encodeStateAsUpdate, mergeUpdates, XmlElement, XmlText } from 'yjs';
import { partsOf } from '../../../server/conversion/state-in-parts.ts';
import { randomFrom } from '../../markdown/helpers/random.ts';

const plainWord = { insert: 'plain' };
const boldWord = { insert: 'bold', attributes: { bold: {} } };

/** Of several parts, one of which ends within a text that is formatted. */
const longState = (() => {
  const document = new Doc();
  document.transact(() => {
    const paragraphs = Array.from({ length: 3_500 }, (_, index) =>
      paragraph(`Section ${index} is in force.`),
    );
    const words = Array.from({ length: 4_000 }, (_, index) => (index % 2 ? boldWord : plainWord));
    const long = new XmlText();
    long.applyDelta(words);
    document.getXmlFragment('default').insert(0, [...paragraphs, long]);
  });
  return encodeStateAsUpdate(document);
})();

function longDocument(): Doc {
  const document = new Doc();
  applyUpdate(document, longState);
  return document;
}

function paragraph(words: string): XmlElement {
  const element = new XmlElement('paragraph');
  element.insert(0, [new XmlText(words)]);
  return element;
}

/** By the parts and by what comes behind them. */
async function copyOf(document: Doc): Promise<{ copy: Doc; parts: number }> {
  const { updates, stateVector } = await partsOf(document);
  const copy = new Doc();
  applyUpdate(copy, mergeUpdates([...updates, encodeStateAsUpdate(document, stateVector)]));
  return { copy, parts: updates.length };
}

function expectAlike(copy: Doc, document: Doc): void {
  expect(copy.getXmlFragment('default').toString()).toBe(document.getXmlFragment('default').toString());
  expect(encodeStateAsUpdate(copy)).toEqual(encodeStateAsUpdate(document));
}

it('gives a long document in parts that make the same one', async () => {
  const document = longDocument();
  const { copy, parts } = await copyOf(document);
  expect(parts).toBeGreaterThan(1);
  expectAlike(copy, document);
});

it('gives a short one no part', async () => {
  const document = new Doc();
  document.getXmlFragment('default').insert(0, [paragraph('Short.')]);
  const { copy, parts } = await copyOf(document);
  expect(parts).toBe(0);
  expectAlike(copy, document);
});

it('gives what became one piece across the end of a part', async () => {
  const document = longDocument();
  const copied = copyOf(document);
  // The first part is made by now.
  document.getXmlFragment('default').delete(1_000, 2_500);
  const { copy, parts } = await copied;
  expect(parts).toBeGreaterThan(1);
  expectAlike(copy, document);
});

it('gives what two people edit while the parts are made', async () => {
  const random = randomFrom(1);
  const document = longDocument();
  const other = new Doc();
  applyUpdate(other, encodeStateAsUpdate(document));
  other.on('update', (update: Uint8Array) => applyUpdate(document, update));
  let isEditing = true;
  const edit = () => {
    if (!isEditing) return;
    for (let edits = 0; edits < 5; edits += 1) {
      const fragment = (random(2) === 0 ? other : document).getXmlFragment('default');
      const at = random(fragment.length - 400);
      if (random(2) === 0) fragment.delete(at, 1 + random(400));
      else fragment.insert(at, [paragraph('Inserted.')]);
    }
    applyUpdate(other, encodeStateAsUpdate(document));
    setImmediate(edit);
  };
  edit();
  const { copy } = await copyOf(document);
  isEditing = false;
  expectAlike(copy, document);
});
