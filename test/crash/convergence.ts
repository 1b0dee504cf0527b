/**
 * Whether everybody sees the same: all who are in the room, and who opens the record in CivicPress.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { allFeatures, jsonOf, open } from '../../markdown/index.ts';
import type { Clerk } from '../helpers/clerk.ts';
import { blocksOf } from './record-text.ts';
import type { Site } from './sites.ts';

/** Resolves with `null` as soon as it is so, or with what still differs when `withinMs` are over. */
export async function allTheSame(
  site: Site,
  recordId: string,
  clerks: readonly Clerk[],
  withinMs: number,
): Promise<string | null> {
  const deadline = performance.now() + withinMs;
  const record = new OpenedRecord(site, recordId);
  let difference = await differenceBetween(clerks, record);
  while (difference !== null && performance.now() < deadline) {
    await delay(10);
    difference = await differenceBetween(clerks, record);
  }
  return difference;
}

async function differenceBetween(clerks: readonly Clerk[], record: OpenedRecord): Promise<string | null> {
  const [first, ...others] = clerks as [Clerk, ...Clerk[]];
  if (!clerks.every(({ provider }) => provider.isSynced)) return 'somebody has not got the document';
  if (!clerks.every(({ provider }) => provider.unsyncedChanges === 0)) return 'not all is acknowledged';
  const words = first.fragment.toString();
  if (!others.every(({ fragment }) => fragment.toString() === words)) return 'the documents differ';
  const blocks = await record.blocks();
  if (blocks === null) return null;
  const isSame = blocks.join('\n') === blocksOf(jsonOf(first.document)).join('\n');
  return isSame ? null : "the record's text is not the document's";
}

/** The record as CivicPress gives it to an editor; opened again only when its text is another one. */
class OpenedRecord {
  readonly #site: Site;
  readonly #recordId: string;
  #markdown: string | null = null;
  #blocks: string[] | null = null;

  constructor(site: Site, recordId: string) {
    this.#site = site;
    this.#recordId = recordId;
  }

  /** `null` where there is no CivicPress. */
  async blocks(): Promise<string[] | null> {
    const markdown = await this.#site.markdownOf(this.#recordId);
    if (markdown !== this.#markdown) {
      this.#markdown = markdown;
      this.#blocks = markdown === null ? null : blocksOf(open(markdown, { features: allFeatures }).json);
    }
    return this.#blocks;
  }
}
