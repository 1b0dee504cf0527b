/**
 * What a new draft says as metadata. CivicPress' drafts have no authors and no source, and publishing one takes the
 * record's away; its metadata stays.
 */

interface Fields {
  readonly metadata?: unknown;
  readonly authors?: unknown;
  readonly source?: unknown;
}

/** The record's own metadata, with what would be lost; `null` when there is none of it. */
export function keptMetadata({ metadata, authors, source }: Fields): unknown {
  const lost = Object.entries({ authors, source }).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  if (lost.length === 0) return metadata ?? null;
  return { ...(metadata as object | null | undefined), ...Object.fromEntries(lost) };
}
