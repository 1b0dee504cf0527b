/**
 * Records that change past the room.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { flakyJournal } from '../helpers/flaky-journal.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const original = '# Plan\n\nFirst paragraph.\n\nSecond paragraph.\n\nThird paragraph.\n';

async function openPlan() {
  townHall = await TownHall.open();
  await townHall.createDraftOnly('plan', original);
  return (await townHall.join('plan')).synced();
}

/** Alice edits the first paragraph, the server stops, and somebody else edits the third before anyone is back. */
async function changeWhileTheRoomSleeps(): Promise<void> {
  const alice = await openPlan();
  alice.type('First', ' edited');
  await alice.noticed('saved');
  await townHall.close({ keepFolder: true });

  townHall = await TownHall.open({ folder: townHall.folder });
  const draft = String(await townHall.draftOf('plan'));
  await townHall.putDraft('plan', draft.replace('Third', 'Third, from outside'));
}

it('[E1] brings in what changed while the room slept', async () => {
  await changeWhileTheRoomSleeps();
  const later = await (await townHall.join('plan')).synced();
  await later.sees('Third, from outside paragraph.');
  expect(later.text).toContain('First edited paragraph.');
});

it('[E2] merges what changed meanwhile before it writes', async () => {
  const alice = await openPlan();
  await townHall.putDraft('plan', original.replace('Third', 'Third, from outside'));
  alice.type('First', ' from the room');
  await alice.sees('Third, from outside');
  const draft = await until('both are in the draft', async () => {
    const text = await townHall.draftOf('plan');
    return text?.includes('from the room') ? text : null;
  });
  expect(draft).toBe(
    original.replace('Third', 'Third, from outside').replace('First', 'First from the room'),
  );
});

it('[E3] keeps the words of the room where both changed a line, and tells the room', async () => {
  const alice = await openPlan();
  await townHall.putDraft('plan', original.replace('First', 'Another'));
  alice.type('First', ' from the room');
  expect(await alice.noticed('changed-outside')).toEqual({ conflicts: ['Another paragraph.\n'] });
  await until('the draft has the words of the room', async () =>
    (await townHall.draftOf('plan'))?.includes('First from the room'),
  );
  expect(alice.text).toContain('First from the room');
});

it('[E1] brings the change in also when two come back at the same moment', async () => {
  await changeWhileTheRoomSleeps();
  const token = await townHall.tokenOf('alice');
  const two = [townHall.joinWith('plan', token), townHall.joinWith('plan', token)];
  for (const clerk of two) await clerk.sees('Third, from outside paragraph.');
});

it('[E2] leaves alone what somebody is typing elsewhere', async () => {
  const alice = await openPlan();
  await townHall.putDraft('plan', original.replace('Third', 'Third, from outside'));
  alice.type('paragraph.', ' Next ');
  await alice.sees('Third, from outside');
  expect(alice.text).toContain('First paragraph. Next Second');
});

it('[E1] writes no draft with what came from outside before that is durable', async () => {
  const flaky = flakyJournal();
  let writes = 0;
  let isOutside = false;
  townHall = await TownHall.open({
    journal: flaky.journal,
    records: (real) => ({
      async read(recordId) {
        if (isOutside) flaky.handle().stall();
        return real.read(recordId);
      },
      async writeDraft(...draft) {
        writes += 1;
        return real.writeDraft(...draft);
      },
    }),
  });
  const alice = await (await townHall.join('noise-bylaw')).synced();
  alice.type('Noise', '!');
  await alice.noticed('saved');
  await townHall.putDraft('noise-bylaw', `${await townHall.draftOf('noise-bylaw')}\nFrom outside.\n`);
  isOutside = true;
  const writesBefore = writes;
  alice.type('Noise', '?');
  await alice.sees('From outside.');
  await delay(300);
  expect(writes).toBe(writesBefore);
  isOutside = false;
  flaky.handle().goOn();
  await until('the draft is written', () => writes > writesBefore);
});
