/**
 * Leaving a document and coming back to it on the same socket.
 */
import { afterEach, expect, it } from 'vitest';
import { TownHall } from '../helpers/town-hall.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

for (const { when, isIn, graceSeconds } of [
  { when: 'when the document stays', isIn: true, graceSeconds: 60 },
  { when: 'when the document goes meanwhile', isIn: true, graceSeconds: 0 },
  { when: 'before it was even let in', isIn: false, graceSeconds: 0 },
]) {
  it(`[J4] lets an editor leave and come back on the same socket at once, ${when}`, async () => {
    townHall = await TownHall.open({ settings: { 'rooms.cleanup_timeout': graceSeconds } });
    const beside = await (await townHall.join('zoning-bylaw')).synced();
    const token = await townHall.tokenOf('alice');
    const alice = townHall.joinBeside(beside, 'noise-bylaw', token);
    if (isIn) await (await alice.synced()).saved();
    alice.provider.destroy();
    const again = await townHall.joinBeside(beside, 'noise-bylaw', token).synced(5_000);
    again.type('Noise', ' AGAIN');
    await again.saved();
    const bob = await (await townHall.join('noise-bylaw', 'bob')).synced();
    expect(bob.text).toContain('Noise AGAIN');
    beside.type('Zoning', ' TOO');
    await beside.saved();
  });
}
