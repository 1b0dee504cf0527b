/** Thrown by a shared journal: another process has begun the document from another text since this one read it. */
export class BegunAnew extends Error {
  constructor(documentName: string) {
    super(`${documentName} has begun anew elsewhere`);
    this.name = 'BegunAnew';
  }
}
