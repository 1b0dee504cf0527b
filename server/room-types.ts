/**
 * The types of rooms that there are, and what each one is: `record`, `spec-updates`, your own.
 *
 * A type says who may enter, and brings the extensions by which its documents load and are stored; no other type's
 * documents ever meet those. What holds for every room (limits, the guard, grace times) is in compose.ts.
 *
 * @example
 * const consultations: RoomType = {
 *   name: 'consultation', // its documents are `consultation:<id>`
 *   hasIds: true,
 *   accessTo: async (id, { token }) => (await mayTakePart(id, token)) ? 'edit' : 'none',
 *   extensions: [new ConsultationStore()], // onLoadDocument, onStoreDocument
 * };
 */
import type { Extension } from '@hocuspocus/server';
import { hookNames } from '../extensions/guarded.ts';
import { parseDocumentName } from './document-name.ts';
import { RealtimeError } from './errors.ts';
import type { Access, Credentials } from './ports.ts';
import type { ConnectionContext } from './session.ts';

export interface RoomType {
  /** With which its document names begin: small letters and dashes. */
  readonly name: string;
  /** Whether its documents are `<name>:<id>`; else there is one, and it is called `<name>`. */
  readonly hasIds: boolean;
  /**
   * What somebody may do in this room, and `none` when that is nothing.
   *
   * @param id empty without ids
   * @throws RealtimeError `not-authenticated` when nobody knows the token
   */
  accessTo(id: string, credentials: Credentials): Promise<Access>;
  /** In the order in which an edit meets them. */
  readonly extensions: readonly Extension<ConnectionContext>[];
}

export class RoomTypes {
  readonly #types: ReadonlyMap<string, RoomType>;

  constructor(types: readonly RoomType[]) {
    this.#types = new Map(types.map((type) => [type.name, type]));
  }

  /** @throws RealtimeError `invalid-document-name` when no type has such a document */
  check(documentName: string): void {
    this.#find(documentName);
  }

  /** @throws RealtimeError `invalid-document-name`, and what the type throws */
  accessTo(documentName: string, credentials: Credentials): Promise<Access> {
    const { type, id } = this.#find(documentName);
    return type.accessTo(id, credentials);
  }

  /** Those of every type, each for the documents of its own type alone. */
  extensions(): Extension<ConnectionContext>[] {
    return [...this.#types.values()].flatMap((type) =>
      type.extensions.map((extension) => onlyFor(type, extension)),
    );
  }

  #find(documentName: string): { type: RoomType; id: string } {
    const name = parseDocumentName(documentName);
    const type = this.#types.get(name.type);
    if (!type || type.hasIds !== (name.id !== null)) throw new RealtimeError('invalid-document-name');
    return { type, id: name.id ?? '' };
  }
}

type Hook = (payload: { readonly documentName?: string }) => Promise<unknown>;

/** Hooks of the whole server, such as `onConfigure`, name no document and are for everybody. */
function onlyFor({ name, hasIds }: RoomType, extension: Extension<ConnectionContext>): Extension {
  const isOurs = hasIds
    ? (documentName: string) => documentName.startsWith(`${name}:`)
    : (documentName: string) => documentName === name;
  const hooks: Record<string, Hook> = {};
  for (const hookName of hookNames) {
    const hook = extension[hookName];
    if (typeof hook !== 'function') continue;
    const call = hook.bind(extension) as Hook;
    hooks[hookName] = async (payload) => {
      const { documentName } = payload;
      return documentName === undefined || isOurs(documentName) ? call(payload) : undefined;
    };
  }
  return { ...hooks, extensionName: extension.extensionName ?? extension.constructor.name };
}
