/**
 * A published record: from its file (YAML frontmatter and Markdown body) to the fields of the API, and back.
 *
 * The body is never touched: what a draft holds is what the file gets, byte for byte.
 */
import { stringify } from 'yaml';
import {
  frontmatterLimits,
  isFrontmatterTooLarge,
  parseFrontmatter,
  splitFrontmatter,
} from '../../frontmatter.ts';
import { refusals } from './errors.ts';
import type { RecordFile } from './record-files.ts';

/** Frontmatter fields that the API has by a name of their own; every other one appears inside `metadata`. */
const OWN_FIELDS = new Set([
  'id',
  'title',
  'type',
  'status',
  'author',
  'authors',
  'created',
  'updated',
  'metadata',
  'geography_data',
  'linked_records',
  'linked_geography_files',
  'attached_files',
]);

/** Metadata that the frontmatter has at its top level, in the sections in which CivicPress prints it. */
const CLASSIFICATION = ['tags', 'module', 'slug', 'version', 'priority', 'department'];
const TYPE_SPECIFIC = [
  'category',
  'session_type',
  'date',
  'duration',
  'location',
  'attendees',
  'topics',
  'media',
];

export type Fields = Record<string, unknown>;

/** The fields that a record and a draft share, named as the API names them. */
export interface RecordBasics {
  id: string;
  title: string;
  type: string;
  status: string;
  metadata: Fields;
  geography?: Fields | undefined;
  attachedFiles: unknown[];
  linkedRecords: unknown[];
  linkedGeographyFiles: unknown[];
  author: string;
  created_at: string | null;
  updated_at: string | null;
}

export interface PublishedRecord extends RecordBasics {
  /** The Markdown body as it is in the file; views trim it. */
  content: string;
  authors?: unknown[] | undefined;
  path: string;
}

/**
 * A file without readable frontmatter is a record all the same: it is named after its file, and all of it is body.
 *
 * @throws Refusal when it is not UTF-8 text, or its frontmatter is too large to be parsed
 */
export function parseRecord(file: RecordFile): PublishedRecord {
  const text = textIn(file);
  const { frontmatter, body } = splitFrontmatter(text);
  const fields = readYaml(frontmatter);
  const folded = Object.entries(fields ?? {}).filter(([name]) => !OWN_FIELDS.has(name));
  return {
    id: textOf(fields?.id) ?? file.id,
    title: textOf(fields?.title) ?? file.id,
    type: textOf(fields?.type) ?? 'document',
    status: textOf(fields?.status) ?? 'published',
    content: fields ? body : text,
    metadata: { ...Object.fromEntries(folded), ...mappingOf(fields?.metadata) },
    authors: Array.isArray(fields?.authors) ? fields.authors : undefined,
    geography: mappingOf(fields?.geography_data),
    attachedFiles: listOf(fields?.attached_files),
    linkedRecords: listOf(fields?.linked_records),
    linkedGeographyFiles: listOf(fields?.linked_geography_files),
    path: file.path,
    created_at: textOf(fields?.created) ?? null,
    updated_at: textOf(fields?.updated) ?? null,
    author: textOf(fields?.author) ?? 'unknown',
  };
}

/** @throws Refusal when it is not UTF-8: a text with replacement characters would be saved over the real one. */
export function textIn(file: RecordFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.bytes);
  } catch {
    throw refusals.notUtf8();
  }
}

export function printRecord(
  record: RecordBasics & { authors?: unknown[] | undefined },
  body: string,
): string {
  return `---\n${printFrontmatter(record)}\n---\n\n${body}`;
}

/** The sections in CivicPress' order, each followed by a blank line. */
export function printFrontmatter(record: RecordBasics & { authors?: unknown[] | undefined }): string {
  const { metadata } = record;
  const topLevel = new Set([...CLASSIFICATION, ...TYPE_SPECIFIC]);
  const nested = Object.entries(metadata).filter(([name]) => !topLevel.has(name));
  const sections: Fields[] = [
    { id: record.id, title: record.title, type: record.type, status: record.status },
    { author: record.author, authors: record.authors },
    { created: record.created_at, updated: record.updated_at },
    pick(metadata, CLASSIFICATION),
    { geography_data: record.geography, ...pick(metadata, TYPE_SPECIFIC) },
    {
      linked_records: unlessEmpty(record.linkedRecords),
      linked_geography_files: unlessEmpty(record.linkedGeographyFiles),
    },
    { attached_files: unlessEmpty(record.attachedFiles) },
    { metadata: nested.length > 0 ? Object.fromEntries(nested) : undefined },
  ];
  return sections
    .map((section) => Object.entries(section).filter(([, value]) => value !== undefined && value !== null))
    .filter((entries) => entries.length > 0)
    .map((entries) => stringify(Object.fromEntries(entries), { lineWidth: 0 }))
    .join('\n');
}

/** The mapping in the frontmatter, or `null` when there is none or it is damaged. */
function readYaml(frontmatter: string | null): Fields | null {
  if (frontmatter === null) return null;
  if (isFrontmatterTooLarge(frontmatter)) throw refusals.frontmatterTooLarge(frontmatterLimits);
  return parseFrontmatter(frontmatter);
}

const isMapping = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mappingOf = (value: unknown) => (isMapping(value) ? value : undefined);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
const unlessEmpty = (list: unknown[]) => (list.length > 0 ? list : undefined);
const pick = (fields: Fields, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => Object.hasOwn(fields, name)).map((name) => [name, fields[name]]));
