/**
 * YAML frontmatter of files that strangers wrote: found, measured, and only then parsed.
 *
 * The `yaml` library takes long over many keys, and over many marks that begin something, so both are counted first.
 * At these limits it took 31 ms at most.
 */
import { parse } from 'yaml';

export const frontmatterLimits = { chars: 64 * 1024, keys: 500, marks: 3_000 } as const;

const key = /:(?=\s|$)/g;
const mark = /[\n:,?*&!#%|>"'[\]{}-]/g;
const fenced = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

/** The file's frontmatter without its fences, and the body after the blank line that follows it. */
export function splitFrontmatter(text: string): { frontmatter: string | null; body: string } {
  const match = fenced.exec(text);
  if (!match) return { frontmatter: null, body: text };
  return { frontmatter: match[1] ?? '', body: text.slice(match[0].length).replace(/^\r?\n/, '') };
}

export function isFrontmatterTooLarge(frontmatter: string): boolean {
  const { chars, keys, marks } = frontmatterLimits;
  if (frontmatter.length > chars) return true;
  return countOf(key, frontmatter) > keys || countOf(mark, frontmatter) > marks;
}

/**
 * The mapping in it; `null` when there is none or it is damaged.
 *
 * @param frontmatter one that is not too large
 * @param maxAliasCount how many aliases may be resolved: few make much out of little
 */
export function parseFrontmatter(frontmatter: string, maxAliasCount = 100): Record<string, unknown> | null {
  try {
    // Times stay strings in the core schema; looking for doubled keys is what takes the library so long.
    const options = { schema: 'core', uniqueKeys: false, logLevel: 'error', maxAliasCount } as const;
    const fields: unknown = parse(frontmatter, options);
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields)
      ? (fields as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function countOf(pattern: RegExp, text: string): number {
  return text.match(pattern)?.length ?? 0;
}
