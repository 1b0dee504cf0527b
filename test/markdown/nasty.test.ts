/**
 * Hard texts through a real Y.Doc: unchanged they are saved as they are, and each word of them that is changed there
 * changes one line, whatever the editors know.
 */

import { describe, expect, it } from 'vitest';
import { applyUpdate, Doc, type XmlElement, type XmlFragment, XmlText } from 'yjs';
import { jsonOf, type MarkdownOptions, open, save, seedUpdate } from '../../markdown/index.ts';
import { understood } from '../../markdown/spelling.ts';
import { keyOf } from '../../markdown/tidy.ts';
import { nasty } from './fixtures/nasty.ts';
import { changedLines } from './helpers/lines.ts';

const optionSets: readonly MarkdownOptions[] = [{}, { features: [] }, { dialect: 'civicpress' }];

describe('a word changed in', () => {
  it.each([...nasty])('[M4] [M6] %s changes one line', (name, markdown) => {
    const opened = optionSets.map((options) => {
      const { json, base } = open(markdown, options);
      return { base, seed: seedUpdate(json, name, base.dialect) };
    });
    for (const [index, { base, seed }] of opened.entries()) {
      const liveOf = (doc: Doc) => jsonOf(doc, base.dialect);
      expect(save({ json: liveOf(docOf(seed)), base })).toBe(markdown);
      for (const [place, { at, length }] of wordsIn(docOf(seed)).entries()) {
        // Each word once, by turns for one kind of editor and another.
        if (place % opened.length !== index) continue;
        const doc = docOf(seed);
        const text = textsIn(doc.getXmlFragment('default'))[at.text] as XmlText;
        text.insert(at.index + length, 'Edited');
        text.delete(at.index, length);
        const json = liveOf(doc);
        const saved = save({ json, base });
        const key = (node: typeof json) => keyOf(understood(node, base.dialect));
        const lines = [markdown, saved].map((each) => each.replaceAll(/\r\n?/g, '\n')) as [string, string];
        expect(changedLines(...lines), saved).toEqual({ removed: 1, added: 1 });
        expect(key(open(saved, base).json), saved).toBe(key(json));
      }
    }
  });
});

function docOf(seed: Uint8Array): Doc {
  const doc = new Doc();
  applyUpdate(doc, seed);
  return doc;
}

function textsIn(node: XmlFragment | XmlElement | XmlText): XmlText[] {
  if (node instanceof XmlText) return [node];
  return node.toArray().flatMap((child) => textsIn(child as XmlElement | XmlText));
}

/** Names of tags and what opens a comment are no words: with another name, the tag is another thing. */
const word = /(?<![<!/\p{L}\p{N}-]|<!--)[\p{L}\p{N}]+/gu;

function wordsIn(doc: Doc): { at: { text: number; index: number }; length: number }[] {
  return textsIn(doc.getXmlFragment('default')).flatMap((node, text) => {
    const plain = node
      .toDelta()
      .map(({ insert }: { insert: unknown }) => (typeof insert === 'string' ? insert : ' '));
    return [...plain.join('').matchAll(word)].map(({ 0: { length }, index }) => ({
      at: { text, index },
      length,
    }));
  });
}
