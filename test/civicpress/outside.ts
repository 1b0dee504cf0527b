/**
 * Three people type in a record that somebody else saves and publishes again and again: is every word there, once?
 */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../helpers/until.ts';
import type { Office } from './office.ts';

export interface OutsideOptions {
  readonly minutes: number;
  readonly perMinute: number;
}

export interface OutsideResult {
  readonly typed: number;
  readonly saved: number;
  /** Saves that CivicPress refused: their words are not looked for. */
  readonly refused: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
}

const places = ['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth'];
const somewhere = () => places[Math.floor(Math.random() * places.length)] as string;

export async function publishFromOutside(office: Office, options: OutsideOptions): Promise<OutsideResult> {
  const text = `# Trial\n\n${places.map((place) => `${place} paragraph of the text.`).join('\n\n')}\n`;
  const id = await office.newRecord('outside', text);
  await office.publish(id);
  const clerks = await Promise.all([office.join(id), office.join(id), office.join(id)]);
  const written: string[] = [];
  let isTyping = true;
  const typing = clerks.map(async (clerk, who) => {
    for (let word = 0; isTyping; word += 1) {
      const token = `${'abc'[who]}${word}w`;
      clerk.type(somewhere(), ` ${token}`);
      written.push(token);
      await delay(300 + Math.random() * 1_200);
    }
  });
  const end = performance.now() + options.minutes * 60_000;
  let refused = 0;
  let saved = 0;
  for (let round = 0; performance.now() < end; round += 1) {
    const began = performance.now();
    const token = `z${round}w`;
    const seen = await office.textOf(id);
    // Somebody needs a moment between reading and saving, and the room goes on meanwhile.
    await delay(Math.random() * 600);
    const place = somewhere();
    const markdownBody = seen.replace(place, `${place} ${token}`);
    const put = { title: 'Trial', type: 'policy', markdownBody };
    if ((await office.ask('PUT', `/records/${id}/draft`, put)).status === 200) {
      written.push(token);
      saved += 1;
      if ((await office.ask('POST', `/records/${id}/publish`, { status: 'published' })).status >= 300)
        refused += 1;
    } else refused += 1;
    await delay(Math.max(0, 60_000 / options.perMinute - (performance.now() - began)));
  }
  isTyping = false;
  await Promise.all(typing);
  const wordsOf = (from: string): string[] => from.match(/\b[abcz]\d+w\b/g) ?? [];
  const hasAll = (from: string) => wordsOf(from).toSorted().join() === written.toSorted().join();
  await until('all is there', async () => hasAll(await office.textOf(id)), 90_000).catch(() => undefined);
  const found = wordsOf(await office.textOf(id));
  return {
    typed: written.length - saved,
    saved,
    refused,
    lost: written.filter((word) => !found.includes(word)),
    doubled: found.filter((word, index) => found.indexOf(word) < index),
  };
}
