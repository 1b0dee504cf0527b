/**
 * What a writer does to the shared document: puts tokens in, takes its own out again, makes and splits paragraphs.
 *
 * A token says who typed it and when, such as `‹a17›`; each is typed once. An edit is one transaction, as in an
 * editor. Only what a writer has made alone is split: a split moves text, and two who move the same text double it,
 * with any server.
 */
import * as Y from 'yjs';
import type { Random } from '../markdown/helpers/random.ts';

/** The tokens that an edit has put in or taken out; a split does neither. */
export interface Edit {
  readonly inserted?: string;
  readonly deleted?: string;
}

export const tokenPattern = /‹[a-z]\d+›/g;

/** @param mark the writer's letter, which its tokens begin with */
export function editAtRandom(
  fragment: Y.XmlFragment,
  mark: string,
  newToken: () => string,
  random: Random,
): Edit {
  const dice = random(100);
  if (dice < 15) return deleteToken(fragment, mark, random) ?? insertToken(fragment, mark, newToken, random);
  if (dice < 25) return insertParagraph(fragment, newToken, random);
  if (dice < 35)
    return splitParagraph(fragment, mark, random) ?? insertToken(fragment, mark, newToken, random);
  return insertToken(fragment, mark, newToken, random);
}

function insertToken(fragment: Y.XmlFragment, mark: string, newToken: () => string, random: Random): Edit {
  const token = newToken();
  const texts = textsIn(fragment);
  const first = random(texts.length);
  const text = [...texts.slice(first), ...texts.slice(0, first)].find((one) => isOpenTo(mark, plain(one)));
  if (!text) throw new Error('the record has nothing that one could type into');
  text.insert(oneOf(placesIn(plain(text)), random), token);
  return { inserted: token };
}

function deleteToken(fragment: Y.XmlFragment, mark: string, random: Random): Edit | null {
  const own = textsIn(fragment).flatMap((text) =>
    tokensIn(plain(text))
      .filter(({ token }) => token[1] === mark)
      .map(({ token, at }) => ({ text, token, at })),
  );
  if (own.length === 0) return null;
  const { text, token, at } = oneOf(own, random);
  text.delete(at, token.length);
  return { deleted: token };
}

function insertParagraph(fragment: Y.XmlFragment, newToken: () => string, random: Random): Edit {
  const token = newToken();
  fragment.insert(random(fragment.length + 1), [paragraphOf(token)]);
  return { inserted: token };
}

function splitParagraph(fragment: Y.XmlFragment, mark: string, random: Random): Edit | null {
  const own = fragment.toArray().flatMap((block, index) => {
    const text = block instanceof Y.XmlElement ? block.firstChild : null;
    if (!(text instanceof Y.XmlText)) return [];
    const tokens = tokensIn(plain(text));
    return tokens.length > 1 && isMadeBy(mark, plain(text)) ? [{ index, text, tokens }] : [];
  });
  if (own.length === 0) return null;
  const { index, text, tokens } = oneOf(own, random);
  const { at } = oneOf(tokens.slice(1), random);
  const tail = plain(text).slice(at);
  fragment.doc?.transact(() => {
    text.delete(at, tail.length);
    fragment.insert(index + 1, [paragraphOf(tail)]);
  });
  return {};
}

function paragraphOf(words: string): Y.XmlElement {
  const paragraph = new Y.XmlElement('paragraph');
  paragraph.insert(0, [new Y.XmlText(words)]);
  return paragraph;
}

/** Words that are the record's are everybody's; what is tokens only belongs to the one who made it. */
function isOpenTo(mark: string, words: string): boolean {
  return words.replace(tokenPattern, '') !== '' || isMadeBy(mark, words);
}

function isMadeBy(mark: string, words: string): boolean {
  return words.replace(tokenPattern, '') === '' && words.startsWith(`‹${mark}`);
}

/** Everywhere but inside a token. */
function placesIn(words: string): number[] {
  const inside = new Set(
    tokensIn(words).flatMap(({ token, at }) =>
      Array.from({ length: token.length - 1 }, (_, i) => at + i + 1),
    ),
  );
  return Array.from({ length: words.length + 1 }, (_, at) => at).filter((at) => !inside.has(at));
}

function tokensIn(words: string): { token: string; at: number }[] {
  return [...words.matchAll(tokenPattern)].map(({ 0: token, index }) => ({ token, at: index }));
}

function textsIn(node: Y.XmlFragment): Y.XmlText[] {
  return node.toArray().flatMap((child) => {
    if (child instanceof Y.XmlText) return [child];
    return child instanceof Y.XmlElement ? textsIn(child) : [];
  });
}

function plain(text: Y.XmlText): string {
  return (text.toDelta() as { insert: string }[]).map(({ insert }) => insert).join('');
}

function oneOf<Value>(values: readonly Value[], random: Random): Value {
  return values[random(values.length)] as Value;
}
