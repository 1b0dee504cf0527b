import { expect, it } from 'vitest';
import { SeenTexts } from '../../extensions/seen-texts.ts';

it('[E4] keeps all of the last minute, and one for each minute before', () => {
  let now = 0;
  const texts = new SeenTexts(() => now);
  for (let index = 0; index < 400; index += 1) {
    now += 5_000;
    texts.note('record:a', `text ${index}`);
  }
  const kept = texts.of('record:a');
  expect(kept.slice(0, 13)).toEqual(Array.from({ length: 13 }, (_, index) => `text ${399 - index}`));
  expect(kept.length).toBeGreaterThan(13 + 12);
  expect(kept.length).toBeLessThan(13 + 18);
});

it('[E4] keeps the newest however long it is, and no more than a few long ones', () => {
  const texts = new SeenTexts(() => 0);
  for (const letter of 'abcd') texts.note('record:a', letter.repeat(400_000));
  expect(texts.of('record:a').map((text) => text[0])).toEqual(['d', 'c']);
  texts.note('record:a', 'e'.repeat(2_000_000));
  expect(texts.of('record:a').map((text) => text[0])).toEqual(['e']);
});

it('notes the same text once, and forgets with its document', () => {
  const texts = new SeenTexts(() => 0);
  for (const text of ['one', 'one', 'two']) texts.note('record:a', text);
  expect(texts.of('record:a')).toEqual(['two', 'one']);
  expect(texts.of('record:b')).toEqual([]);
  texts.forget('record:a');
  expect(texts.of('record:a')).toEqual([]);
});
