import { describe, expect, it } from 'vitest';
import { AnswerCache } from '../../../server/civicpress/answer-cache.ts';
import { until } from '../../helpers/until.ts';

/** Counts the askings of a question and answers with the count. */
function question() {
  let asked = 0;
  return Object.assign(async () => ++asked, { times: () => asked });
}

describe('an answer', () => {
  it('is asked for once by all who wait for it', async () => {
    const cache = new AnswerCache<number>(60_000);
    const ask = question();
    const answers = await Promise.all(Array.from({ length: 10 }, () => cache.get('a', ask)));
    expect(answers).toEqual(Array(10).fill(1));
  });

  it('is remembered', async () => {
    const cache = new AnswerCache<number>(60_000);
    const ask = question();
    expect([await cache.get('a', ask), await cache.get('a', ask)]).toEqual([1, 1]);
  });

  it('to another question is another', async () => {
    const cache = new AnswerCache<string>(60_000);
    expect(await cache.get('a', async () => 'A')).toBe('A');
    expect(await cache.get('b', async () => 'B')).toBe('B');
  });

  it('is believed for its time only, counted from when it came', async () => {
    const cache = new AnswerCache<number>(40);
    const ask = question();
    await cache.get('a', ask);
    const start = performance.now();
    await until('it is asked for again', async () => (await cache.get('a', ask)) === 2);
    expect(performance.now() - start).toBeGreaterThan(30);
  });

  it('that fails is forgotten, and all who waited hear of it', async () => {
    const cache = new AnswerCache<number>(60_000);
    const fail = () => Promise.reject(new Error('down'));
    const answers = await Promise.allSettled([cache.get('a', fail), cache.get('a', fail)]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await cache.get('a', question())).toBe(1);
  });

  it('that is not worth keeping is forgotten', async () => {
    const cache = new AnswerCache<number>((answer) => (answer === 1 ? 0 : 60_000));
    const ask = question();
    expect([await cache.get('a', ask), await cache.get('a', ask), await cache.get('a', ask)]).toEqual([
      1, 2, 2,
    ]);
  });

  it('that was asked for longest ago goes when there are too many', async () => {
    const cache = new AnswerCache<number>(60_000, 2);
    const [a, b, c] = [question(), question(), question()];
    await Promise.all([cache.get('a', a), cache.get('b', b), cache.get('c', c)]);
    await Promise.all([cache.get('c', c), cache.get('b', b), cache.get('a', a)]);
    expect([a.times(), b.times(), c.times()]).toEqual([2, 1, 1]);
  });

  it('is believed for as long as it says', async () => {
    const cache = new AnswerCache<number>((answer) => (answer === 1 ? 40 : 60_000));
    const ask = question();
    await until('the first is asked for again', async () => (await cache.get('a', ask)) === 2);
    expect(await cache.get('a', ask)).toBe(2);
  });

  it('that is too old for somebody is asked for anew, for everybody', async () => {
    const cache = new AnswerCache<number>(60_000);
    const ask = question();
    await cache.get('a', ask);
    expect(await cache.get('a', ask, 0)).toBe(2);
    expect(await cache.get('a', ask)).toBe(2);
  });

  it('to a question from before a renewal is not kept, however late it comes', async () => {
    const cache = new AnswerCache<string>(60_000);
    const late = Promise.withResolvers<string>();
    const waiting = cache.get('a', () => late.promise);
    expect(await cache.renew('a', async () => 'new')).toBe('new');
    late.resolve('old');
    expect(await waiting).toBe('old');
    expect(await cache.get('a', async () => 'asked again')).toBe('new');
  });

  it('that is forgotten is asked for again, also when it was under way', async () => {
    const cache = new AnswerCache<string>(60_000);
    const late = Promise.withResolvers<string>();
    const waiting = cache.get('a', () => late.promise);
    await cache.get('b', async () => 'B');
    cache.forget((key) => key === 'a');
    late.resolve('old');
    await waiting;
    expect(await cache.get('a', async () => 'asked again')).toBe('asked again');
    expect(await cache.get('b', async () => 'asked again')).toBe('B');
  });

  it('says when it came, once it has', async () => {
    const cache = new AnswerCache<string>(60_000);
    const late = Promise.withResolvers<string>();
    const before = performance.now();
    const waiting = cache.get('a', () => late.promise);
    expect(cache.answeredAt('a')).toBeUndefined();
    late.resolve('A');
    await waiting;
    expect(cache.answeredAt('a')).toBeGreaterThanOrEqual(before);
    expect(cache.answeredAt('b')).toBeUndefined();
  });
});
