/**
 * What a snapshot store says to a revision that it has already.
 *
 * Either another process writes the same document, or an earlier try arrived although nobody heard so. Trying the same
 * revision again never helps; the list of revisions says which one is next.
 */
export class RevisionTaken extends Error {
  constructor(documentName: string, revision: number) {
    super(`${documentName} has a snapshot with the revision ${revision} already`);
    this.name = 'RevisionTaken';
  }
}
