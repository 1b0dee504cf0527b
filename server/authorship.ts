/**
 * Who wrote each block of a document, of what it holds now: by the Yjs clients in which its characters were typed, and
 * whose those are.
 *
 * What the record itself brought, a change from outside and a version that was restored were typed by nobody here.
 */
import { ContentString, ContentType, type XmlFragment } from 'yjs';

/** One block of the document, such as a paragraph or a table. */
export interface BlockAuthors {
  /** From 0, in the order of the document. */
  readonly index: number;
  /** How it begins. */
  readonly text: string;
  /** Who typed how many characters of it, the most first. */
  readonly authors: readonly { readonly userId: string; readonly characters: number }[];
  /** How many nobody typed here. */
  readonly fromRecord: number;
}

type Type = ContentType['type'];

/** So many characters tell a block from others. */
const shownLength = 80;

/** @param ownerOf a user's id; empty or `undefined` for what no user typed */
export function authorsOf(
  fragment: XmlFragment,
  ownerOf: (clientId: number) => string | undefined,
): BlockAuthors[] {
  return fragment.toArray().map((block, index) => {
    const counts = new Map<string, number>();
    const texts: string[] = [];
    for (const { text, clientId } of stringsIn(block as Type)) {
      const owner = ownerOf(clientId) ?? '';
      counts.set(owner, (counts.get(owner) ?? 0) + text.length);
      texts.push(text);
    }
    const fromRecord = counts.get('') ?? 0;
    counts.delete('');
    const authors = [...counts].map(([userId, characters]) => ({ userId, characters }));
    const byCount = authors.toSorted((one, other) => other.characters - one.characters);
    return { index, text: [...texts.join('')].slice(0, shownLength).join(''), authors: byCount, fromRecord };
  });
}

/** Without recursion: documents may be nested as deeply as the guard allows. */
function* stringsIn(type: Type): Generator<{ text: string; clientId: number }> {
  const following = [type._start];
  while (following.length > 0) {
    const item = following.pop();
    if (!item) continue;
    following.push(item.right);
    if (item.deleted) continue;
    if (item.content instanceof ContentString) yield { text: item.content.str, clientId: item.id.client };
    else if (item.content instanceof ContentType) following.push(item.content.type._start);
  }
}
