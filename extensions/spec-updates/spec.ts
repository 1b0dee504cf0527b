/**
 * What a spec file says of itself: from its YAML frontmatter, and from its "Spec Information" list.
 *
 * ```
 * ## Spec Information
 *
 * - **Spec ID**: E13-F03
 * - **Status**: In progress
 * ```
 *
 * A file that cannot be read is a spec all the same, with what is known of it and a warning: somebody is to see that
 * it is damaged. The frontmatter wins over the list.
 */
import { hash } from 'node:crypto';
import { basename } from 'node:path';
import { isFrontmatterTooLarge, parseFrontmatter, splitFrontmatter } from '../../server/frontmatter.ts';
import type { SpecMetadata } from './events.ts';
import { parentInId, specIdPattern } from './spec-id.ts';

export interface Spec {
  readonly metadata: SpecMetadata;
  /** Of everything that is not in the metadata. */
  readonly textHash: string;
}

type Field =
  | 'id'
  | 'title'
  | 'parent'
  | 'type'
  | 'status'
  | 'priority'
  | 'created'
  | 'updated'
  | 'dependencies';

/** What fields are called, in small letters and without "_" or "-". */
const fieldNames = new Map<string, Field>([
  ['id', 'id'],
  ['spec id', 'id'],
  ['title', 'title'],
  ['name', 'title'],
  ['parent', 'parent'],
  ['parent id', 'parent'],
  ['parent spec', 'parent'],
  ['parent epic', 'parent'],
  ['epic', 'parent'],
  ['type', 'type'],
  ['spec type', 'type'],
  ['status', 'status'],
  ['priority', 'priority'],
  ['created', 'created'],
  ['created at', 'created'],
  ['updated', 'updated'],
  ['updated at', 'updated'],
  ['last updated', 'updated'],
  ['dependencies', 'dependencies'],
  ['depends on', 'dependencies'],
]);

const maxTextLength = 500;
const maxDependencies = 100;
const maxListLength = 16_384;

/** Written where there is nothing to name. */
const nothing = /^(?:-|–|—|none|n\/a)?$/i;

/** @param path below the watched folder, with `/` */
export function readSpec(path: string, bytes: Uint8Array): Spec {
  const warnings: string[] = [];
  const text = textIn(bytes);
  if (text === null) warnings.push('The file is not valid UTF-8.');
  const { frontmatter, body } = splitFrontmatter(text ?? '');
  const fromYaml = frontmatter === null ? new Map() : fieldsOfYaml(frontmatter, warnings);
  const { fields: fromList, rest } = fieldsOfList(body);
  const said = (field: Field): unknown => fromYaml.get(field) ?? fromList.get(field);

  const id = idOf(said('id'), path, warnings);
  const texts = Object.fromEntries(
    (['title', 'type', 'status', 'priority', 'created', 'updated'] as const).map((field) => [
      field,
      textOf(field, said(field), warnings),
    ]),
  ) as Pick<SpecMetadata, 'title' | 'type' | 'status' | 'priority' | 'created' | 'updated'>;
  const metadata = {
    id,
    ...texts,
    title: texts.title ?? headingIn(rest),
    parent: parentOf(said('parent'), id, warnings),
    dependencies: dependenciesOf(said('dependencies'), warnings),
    path,
    warnings,
  };
  const others = [...fromYaml].filter(([field]) => !isField(field));
  const textHash = hash('sha256', text === null ? bytes : JSON.stringify([others, rest]), 'base64');
  return { metadata, textHash };
}

/** What is known of a file of which nothing can be read. */
export function unreadableSpec(path: string, warning: string): Spec {
  const { metadata, textHash } = readSpec(path, new Uint8Array());
  return { metadata: { ...metadata, warnings: [warning] }, textHash };
}

function textIn(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** By field, and by their own names those that are none. */
function fieldsOfYaml(frontmatter: string, warnings: string[]): Map<string, unknown> {
  if (isFrontmatterTooLarge(frontmatter)) {
    warnings.push('The frontmatter is too large to be read.');
    return new Map([['', frontmatter]]);
  }
  const mapping = frontmatter.trim() === '' ? {} : parseFrontmatter(frontmatter, 0);
  if (mapping === null) {
    warnings.push('The frontmatter is not a YAML mapping, or has aliases.');
    return new Map([['', frontmatter]]);
  }
  const fields = new Map<string, unknown>();
  for (const [name, value] of Object.entries(mapping)) {
    const field = fieldOf(name);
    fields.set(field !== undefined && !fields.has(field) ? field : `other ${name}`, value);
  }
  return fields;
}

/** And the text without those lines. */
function fieldsOfList(body: string): { fields: Map<Field, string>; rest: string } {
  const fields = new Map<Field, string>();
  let isInList = false;
  const rest = body.split(/\r?\n/).filter((line) => {
    const heading = /^#{1,6}[ \t]+(.*)$/.exec(line)?.[1];
    if (heading !== undefined) isInList = /^spec(?:ification)? information\b/i.test(heading);
    const [, name, value = ''] = (isInList && /^[-*+][ \t]+\*\*([^*]+)\*\*(.*)$/.exec(line)) || [];
    const field = fieldOf(name?.replace(/:\s*$/, '') ?? '');
    if (field === undefined) return true;
    if (!fields.has(field)) fields.set(field, value.replace(/^\s*:/, '').trim());
    return false;
  });
  return { fields, rest: rest.join('\n') };
}

function fieldOf(name: string): Field | undefined {
  return fieldNames.get(name.trim().toLowerCase().replaceAll(/[_-]/g, ' '));
}

function isField(name: string): boolean {
  return fieldNames.has(name);
}

function headingIn(text: string): string | null {
  const heading = /^#[ \t]+(.+)$/m.exec(text)?.[1]?.trim();
  return heading ? heading.slice(0, maxTextLength) : null;
}

function idOf(said: unknown, path: string, warnings: string[]): string {
  const id = reference(said);
  if (id !== null && specIdPattern.test(id)) return id;
  if (said !== undefined && said !== null)
    warnings.push('The id is not one; the name of the file stands for it.');
  const name = basename(path).replace(/\.[^.]*$/, '');
  const leading = /^[A-Z]+\d+(?:-[A-Z]+\d+)*(?=$|[-_. ])/.exec(name)?.[0];
  const cleaned = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return (leading ?? (cleaned || 'unnamed')).slice(0, 128);
}

function textOf(field: Field, said: unknown, warnings: string[]): string | null {
  if (said === undefined || said === null) return null;
  const text = plain(said);
  if (text === null) {
    warnings.push(`"${field}" is not a text.`);
    return null;
  }
  return text === '' ? null : text;
}

function parentOf(said: unknown, id: string, warnings: string[]): string | null {
  if (said === undefined || said === null) return parentInId(id);
  const parent = reference(said);
  if (parent !== null && nothing.test(parent)) return null;
  if (parent !== null && specIdPattern.test(parent) && parent !== id) return parent;
  warnings.push('"parent" is not the id of another spec.');
  return parentInId(id);
}

function dependenciesOf(said: unknown, warnings: string[]): string[] {
  if (said === undefined || said === null) return [];
  const listed: unknown[] = Array.isArray(said) ? said : (plain(said, maxListLength)?.split(',') ?? [null]);
  const ids = listed.map(reference).filter((each) => each === null || !nothing.test(each));
  const valid = ids.filter((each) => each !== null && specIdPattern.test(each)) as string[];
  if (valid.length < ids.length) warnings.push('"dependencies" holds what is not the id of a spec.');
  if (valid.length > maxDependencies) warnings.push(`"dependencies" holds more than ${maxDependencies} ids.`);
  return valid.slice(0, maxDependencies);
}

/** An id as people write it: bare, as code, or as a link. */
function reference(value: unknown): string | null {
  const text = plain(value);
  if (text === null) return null;
  const [, code, link] = /^(?:`([^`]+)`|\[([^\]]+)\]\([^)]*\))$/.exec(text) ?? [];
  return code ?? link ?? text;
}

/** A text, number or truth as a text of one line; `null` for anything else. */
function plain(value: unknown, maxLength = maxTextLength): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return null;
  return value
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, maxLength);
}
