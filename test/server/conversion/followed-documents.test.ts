/**
 * Copies of documents on both sides, without a thread between them.
 */
import { expect, it } from 'vitest';
import { Doc } from 'yjs';
import { DocumentCopies } from '../../../server/conversion/document-copies.ts';
import { FollowedDocuments } from '../../../server/conversion/followed-documents.ts';

function open(maxBytes?: number) {
  const copies = new DocumentCopies(maxBytes);
  const sent: number[] = [];
  const followed = new FollowedDocuments({
    follow: async (copy, updates) => {
      sent.push(updates.reduce((sum, { byteLength }) => sum + byteLength, 0));
      return copies.follow(copy, updates);
    },
    forget: (copy) => copies.forget(copy),
  });
  return { copies, sent, followed };
}

function documentOf(text: string): Doc {
  const document = new Doc();
  document.getText('text').insert(0, text);
  return document;
}

it('sends what came since the last time, and knows what all of it would take', async () => {
  const { copies, sent, followed } = open();
  const document = documentOf('x'.repeat(10_000));
  const copy = await followed.copyOf(document);
  document.getText('text').insert(10_000, 'y');
  expect(await followed.copyOf(document)).toBe(copy);
  expect(copies.of(copy).getText('text').toString()).toBe(document.getText('text').toString());
  expect(sent[1]).toBeLessThan(100);
  expect(followed.bytes).toBe(sent[0]);
});

it('forgets a document that is gone, and one that is asked for behind that', async () => {
  const { copies, followed } = open();
  const document = documentOf('x');
  const copy = await followed.copyOf(document);
  document.destroy();
  expect(() => copies.of(copy)).toThrow('no such copy');
  const late = await followed.copyOf(document);
  expect(() => copies.of(late)).toThrow('no such copy');
  expect(followed.bytes).toBe(0);
});

it('sends a document as a whole again that the other side has dropped, and forgets that one too', async () => {
  const { copies, followed } = open(50);
  const documents = [documentOf('a'), documentOf('b'), documentOf('c')] as const;
  for (const document of documents) await followed.copyOf(document);
  const again = await followed.copyOf(documents[0]);
  expect(copies.of(again).getText('text').toString()).toBe('a');
  documents[0].destroy();
  expect(() => copies.of(again)).toThrow('no such copy');
});

it('keeps a long document however many short ones are worked on, and drops it for another long one', async () => {
  const { sent, followed } = open(25_000);
  const long = documentOf('x'.repeat(10_000));
  await followed.copyOf(long);
  for (let short = 0; short < 100; short += 1) await followed.copyOf(documentOf(`${short}`));
  await followed.copyOf(long);
  expect(sent.at(-1)).toBeLessThan(100);
  for (const other of ['y', 'z']) await followed.copyOf(documentOf(other.repeat(10_000)));
  await followed.copyOf(long);
  expect(sent.at(-1)).toBeGreaterThan(10_000);
});
