import { describe, expect, it } from 'vitest';
import { documentNameOf, parseDocumentName, recordIdOf } from '../../server/document-name.ts';

describe('a document name', () => {
  it.each(['a', 'noise-bylaw', 'Record_1795239539067', '0'.repeat(128)])('may hold the id "%s"', (id) => {
    expect(parseDocumentName(`record:${id}`)).toEqual({ type: 'record', id });
    expect(recordIdOf(documentNameOf(id))).toBe(id);
  });

  it.each([
    '',
    'record:',
    'noise-bylaw',
    'Record:a',
    'record:a ',
    'record:a\n',
    'record:a\0session',
    'record:../../etc/passwd',
    'record:a/b',
    'record:é',
    ' record:a',
    'constructor',
    '__proto__',
    `record:${'a'.repeat(129)}`,
  ])('[A5] is never %j', (name) => {
    expect(() => recordIdOf(name)).toThrow(expect.objectContaining({ code: 'invalid-document-name' }));
  });
});
