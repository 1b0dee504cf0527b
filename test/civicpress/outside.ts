/**
 * Three people type in a record that somebody else saves again and again: is every word there, once?
 */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../helpers/until.ts';
import type { Office } from './office.ts';
import type { Way } from './ways.ts';

export interface OutsideOptions {
  readonly minutes: number;
  readonly perMinute: number;
  readonly way: Way;
}

export interface OutsideResult {
  readonly typed: number;
  readonly saved: number;
  readonly savedPerMinute: number;
  /** Saves, or publications of them, that CivicPress refused. */
  readonly refused: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
}

const places = ['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth'];
const somewhere = () => places[Math.floor(Math.random() * places.length)] as string;

export async function saveFromOutside(office: Office, options: OutsideOptions): Promise<OutsideResult> {
  const { minutes, perMinute, way } = options;
  const text = `# Trial\n\n${places.map((place) => `${place} paragraph of the text.`).join('\n\n')}\n`;
  const id = await office.newRecord(`outside-${way.name}`, text);
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
  const began = performance.now();
  let saved = 0;
  let refused = 0;
  for (let round = 0; performance.now() - began < minutes * 60_000; round += 1) {
    const token = `z${round}w`;
    const done = await way.save(office, id, (seen) => {
      const place = somewhere();
      return seen.replace(place, `${place} ${token}`);
    });
    if (done !== 'refused') {
      written.push(token);
      saved += 1;
    }
    if (done !== 'saved') refused += 1;
    // What took longer than its share is made up for.
    await delay(Math.max(0, began + (round + 1) * (60_000 / perMinute) - performance.now()));
  }
  const savedPerMinute = saved / ((performance.now() - began) / 60_000);
  isTyping = false;
  await Promise.all(typing);
  const wordsOf = (from: string): string[] => from.match(/\b[abcz]\d+w\b/g) ?? [];
  const hasAll = (from: string) => wordsOf(from).toSorted().join() === written.toSorted().join();
  const everywhere = async () => [await office.textOf(id), ...clerks.map((clerk) => clerk.text)];
  await until('all is there', async () => (await everywhere()).every(hasAll), 90_000).catch(() => undefined);
  const found = (await everywhere()).map(wordsOf);
  return {
    typed: written.length - saved,
    saved,
    savedPerMinute,
    refused,
    lost: written.filter((word) => !found.every((words) => words.includes(word))),
    doubled: found.flatMap((words) => words.filter((word, index) => words.indexOf(word) < index)),
  };
}
