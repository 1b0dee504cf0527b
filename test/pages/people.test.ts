import { describe, expect, it } from 'vitest';
import { peopleIn } from '../../server/demo/pages/people.ts';
import { colourOf, userColours } from '../../server/presence/colours.ts';

const alice = { id: 'alice', name: 'alice', color: colourOf('alice'), isIdle: false };

describe('people', () => {
  it('gives each demo user a colour of their own, always the same', () => {
    const colors = ['alice', 'bob', 'rita'].map(colourOf);
    expect(new Set(colors).size).toBe(3);
    expect(colourOf('alice')).toBe(colors[0]);
  });

  it('has colours that white text can be read on, and that show on the dark page', () => {
    for (const color of userColours) {
      expect(contrast(color, '#ffffff'), color).toBeGreaterThanOrEqual(4.5);
      expect(contrast(color, '#1b1f25'), color).toBeGreaterThanOrEqual(3);
    }
  });

  it('names each person once, whatever number of windows they have open, with oneself first', () => {
    const bob = { user: { id: 'bob', name: 'bob', color: '#102030' } };
    const people = peopleIn([bob, bob, { user: alice }], alice);
    expect(people.map(({ name }) => name)).toEqual(['alice', 'bob']);
  });

  it('[Q6] says who idles: in all of their windows, and never oneself', () => {
    const bob = { user: { id: 'bob', name: 'bob', color: '#102030' } };
    const idleIn = (...states: Record<string, unknown>[]) =>
      peopleIn([{ user: alice, idle: true }, ...states], alice).map(({ isIdle }) => isIdle);
    expect(idleIn({ ...bob, idle: true })).toEqual([false, true]);
    expect(idleIn({ ...bob, idle: true }, bob)).toEqual([false, false]);
    expect(idleIn(bob, { ...bob, idle: true })).toEqual([false, false]);
    expect(idleIn({ ...bob, idle: 'yes' })).toEqual([false, false]);
  });

  it('takes nothing on trust that others say about themselves', () => {
    const claims = [
      {},
      { user: null },
      { user: { name: 7 } },
      { user: { name: ' ' } },
      { user: { name: 'x'.repeat(500), color: 'url(https://evil.example)' } },
    ];
    const [, long, ...rest] = peopleIn(claims, alice);
    expect(rest).toEqual([]);
    expect(long?.name).toHaveLength(40);
    expect(userColours).toContain(long?.color);
  });
});

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(color.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
