/**
 * Tells when an update comes from an editor that calls things by other names than the record's editors do: they would
 * delete what it writes, and it what they write.
 */
import { ContentFormat, ContentType, Item, XmlElement } from 'yjs';
import { type DialectName, foreignNamesIn } from '../markdown/dialects.ts';
import type { readUpdate } from './update-facts.ts';

const none: ReadonlySet<string> = new Set();

/** The names that are foreign to the editors of a document; rooms of other types than records have names of their own. */
export function foreignToRecords(dialect: DialectName): (documentName: string) => ReadonlySet<string> {
  const foreign = foreignNamesIn(dialect);
  return (documentName) => (documentName.startsWith('record:') ? foreign : none);
}

/**
 * The first node or mark in the update that has one of these names.
 *
 * @param foreign names that no editor of the record knows
 */
export function foreignNameIn(
  { structs }: Pick<ReturnType<typeof readUpdate>, 'structs'>,
  foreign: ReadonlySet<string>,
): string | null {
  if (foreign.size === 0) return null;
  for (const struct of structs) {
    if (!(struct instanceof Item)) continue;
    const name = nameIn(struct.content);
    if (name !== null && foreign.has(name)) return name;
  }
  return null;
}

function nameIn(content: Item['content']): string | null {
  if (content instanceof ContentFormat) return content.key;
  return content instanceof ContentType && content.type instanceof XmlElement ? content.type.nodeName : null;
}
