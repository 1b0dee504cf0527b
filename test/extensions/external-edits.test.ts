/**
 * Records that change past the room.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { Admin } from '../helpers/admin.ts';
import { CityHall } from '../helpers/city-hall.ts';
import { flakyJournal } from '../helpers/flaky-journal.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';
import { randomFrom } from '../markdown/helpers/random.ts';

let townHall: TownHall;
afterEach(() => townHall?.close());

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

it('[E3] keeps the words of both where both changed the same ones, and tells the room where', async () => {
  const alice = await openPlan();
  await townHall.putDraft('plan', original.replace('First', 'Another'));
  alice.replace('First', 'The very first');
  const both = 'The very first Another paragraph.';
  expect(await alice.noticed('changed-outside')).toEqual({ conflicts: [`${both}\n`] });
  expect(alice.text).toContain(both);
  await until('the draft has the words of both', async () =>
    (await townHall.draftOf('plan'))?.includes(both),
  );
});

it('[E4] takes nothing for deleted that somebody elsewhere has not seen', async () => {
  const alice = await openPlan();
  const read = String(await townHall.draftOf('plan'));
  alice.type('First', ' (typed meanwhile)');
  await until('the draft has it', async () => (await townHall.draftOf('plan'))?.includes('typed meanwhile'));
  await townHall.putDraft('plan', read.replace('Third', 'Third, from outside'));
  townHall.server.openRooms.recordChanged('plan');
  await alice.sees('Third, from outside');
  expect(alice.text).toContain('First (typed meanwhile)');
  await until('the draft has both', async () => {
    const draft = await townHall.draftOf('plan');
    return draft?.includes('from outside') && draft.includes('typed meanwhile');
  });
});

it('[E4] loses no word and doubles none while three type and others save and publish again and again', async () => {
  // In CivicPress' process: over HTTP, where it cannot be asked to write only if nothing has changed, a moment is left.
  const hall = await CityHall.open();
  onTestFinished(() => hall.close());
  const { database, recordManager } = hall;
  const places = ['First', 'Second', 'Third', 'Fourth'] as const;
  const content = `# Plan\n\n${places.map((place) => `${place} paragraph.`).join('\n\n')}`;
  recordManager.put({ id: 'plan', title: 'Plan', type: 'policy', content });
  const names = ['alice', 'bob', 'carla'];
  const clerks = await Promise.all(names.map(async (name) => (await hall.join('plan', name)).synced()));
  const random = randomFrom(3);
  const somewhere = () => places[random(4)] as string;
  const written: string[] = [];
  let isTyping = true;

  const typing = clerks.map(async (clerk, who) => {
    for (let word = 0; isTyping; word += 1) {
      const token = `${names[who]?.[0]}${word}`;
      clerk.type(somewhere(), ` ${token}`);
      written.push(token);
      await delay(20 + random(60));
    }
  });
  const textNow = async () =>
    (await hall.draftOf('plan')) ?? String((await recordManager.getRecord('plan'))?.content);
  for (let round = 0; round < 15; round += 1) {
    const read = await textNow();
    // Somebody needs a moment between reading and saving, and the room goes on meanwhile.
    await delay(random(150));
    const place = somewhere();
    const changed = read.replace(place, `${place} z${round}`);
    written.push(`z${round}`);
    if (await database.getDraft('plan')) await database.updateDraft('plan', { markdown_body: changed });
    else await recordManager.updateRecord('plan', { content: changed });
    if (round % 3 === 0 && (await database.getDraft('plan'))) await recordManager.publishDraft('plan');
    await until(`z${round} is in the room`, () => clerks.every((clerk) => clerk.text.includes(`z${round}`)));
  }
  isTyping = false;
  await Promise.all(typing);
  await Promise.all(clerks.map((clerk) => clerk.saved()));
  const wordsOf = (text: string) => (text.match(/\b[abcz]\d+\b/g) ?? []).toSorted();
  await until('all see the same', () => new Set(clerks.map(({ text }) => text)).size === 1);
  expect(wordsOf(clerks[0]?.text ?? '')).toEqual(written.toSorted());
  await until('the record has it', async () => wordsOf(await textNow()).join() === written.toSorted().join());
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

/** Monotonic time goes on by itself, and further where a test says so. */
function letTimeBeSet(): void {
  vi.useFakeTimers({ toFake: ['performance'] });
  const going = setInterval(() => vi.advanceTimersByTime(10), 10);
  onTestFinished(() => {
    clearInterval(going);
    vi.useRealTimers();
  });
}

/** A record that is published, and that the room has written a draft of. */
async function openPublished() {
  townHall = await TownHall.open();
  const file = join(townHall.folder, 'records', 'plan.md');
  const publish = (text: string, status = 'published') =>
    writeFile(file, `---\ntitle: Plan\ntype: policy\nstatus: ${status}\n---\n\n${text}`);
  await publish(original);
  const alice = await (await townHall.join('plan')).synced();
  alice.type('First', ' (from the room)');
  await until('there is a draft', () => townHall.draftOf('plan'));
  return { alice, publish };
}

/**
 * A record that others save too, and a way to save it between the server's look and its writing: seen by the read of that
 * number beside the writing.
 */
async function openContended(at: number) {
  let between: string | null = null;
  let reads = 0;
  let wasSeen: (() => void) | undefined;
  townHall = await TownHall.open({
    records: (real) => ({
      async read(recordId) {
        const seen = await real.read(recordId);
        reads += 1;
        // The look at the record is the first.
        if (between !== null && reads === at) await townHall.putDraft('plan', between);
        if (reads === at + 1) wasSeen?.();
        return seen;
      },
      async writeDraft(...draft) {
        if (between !== null)
          await new Promise<void>((resolve) => {
            wasSeen = resolve;
          });
        between = null;
        return real.writeDraft(...draft);
      },
    }),
  });
  const text = original.replace('# Plan', '# plan');
  await townHall.createDraftOnly('plan', text);
  const alice = await (await townHall.join('plan')).synced();
  const known = text.replace('Third', 'Third, from outside');
  await townHall.putDraft('plan', known);
  townHall.server.openRooms.recordChanged('plan');
  await alice.sees('Third, from outside');
  await alice.noticed('saved');
  const saveBetween = (saved: string) => {
    between = saved;
    reads = 0;
  };
  return { alice, known, saveBetween };
}

it.each([1, 2])(
  '[E2] sees also what came before read %i beside the writing of a record that others save',
  async (at) => {
    const { alice, known, saveBetween } = await openContended(at);
    const saved = known.replace('Second', 'Second, in between');
    saveBetween(saved);
    alice.type('First', ' typed');
    await alice.sees('Second, in between');
    await until(
      'the draft has all',
      async () => (await townHall.draftOf('plan')) === saved.replace('First', 'First typed'),
    );
  },
);

it("[E8] doubles no title when CivicPress' own editor saves while the draft is written", async () => {
  const { alice, known, saveBetween } = await openContended(1);
  const savedTimes = () => alice.notices.filter(({ event }) => event === 'saved').length;
  const before = savedTimes();
  saveBetween(`# plan\n\n${known.trim()}`);
  alice.type('First', ' typed');
  await until('it is saved', () => savedTimes() > before);
  expect(await townHall.draftOf('plan')).toBe(known.replace('First', 'First typed'));
  expect(alice.text.match(/plan/g)).toHaveLength(1);
});

it.each(['as a file', 'by the API'])(
  '[E7] brings in what is published %s past the draft that hides it',
  async (how) => {
    letTimeBeSet();
    const { alice, publish } = await openPublished();
    const published = original.replace('Third', 'Third, published elsewhere');
    await (how === 'as a file' ? publish(published) : townHall.putRecord('plan', published));
    townHall.server.openRooms.recordChanged('plan');
    vi.advanceTimersByTime(30_000);
    townHall.server.openRooms.recordChanged('plan');
    await alice.sees('Third, published elsewhere');
    expect(alice.text).toContain('First (from the room)');
    const both = published.replace('First', 'First (from the room)');
    await until('the draft has both', async () => (await townHall.draftOf('plan')) === both);
  },
);

it('[E7] keeps what was typed when somebody throws the draft away, and what was published beneath it', async () => {
  const { alice } = await openPublished();
  await alice.noticed('saved');
  await townHall.putRecord('plan', original.replace('Third', 'Third, published elsewhere'));
  await townHall.throwDraftAway('plan');
  townHall.server.openRooms.recordChanged('plan');
  await alice.sees('Third, published elsewhere');
  expect(alice.text).toContain('First (from the room)');
  await until('the draft has both', async () => {
    const draft = await townHall.draftOf('plan');
    return draft?.includes('published elsewhere') && draft.includes('from the room');
  });
});

it.each([false, true])(
  '[E7] brings in what was published past a draft that was published over it at once, typed meanwhile: %s',
  async (isTyping) => {
    const between = original.replace('Third', 'Third, published in between');
    townHall = await TownHall.open({
      records: (real) => ({
        read: (recordId) => real.read(recordId),
        writeDraft: (...draft) => real.writeDraft(...draft),
        replacedSince: async (_recordId, known) => (known === original ? [between] : []),
      }),
    });
    await writeFile(
      join(townHall.folder, 'records', 'plan.md'),
      `---\ntitle: Plan\ntype: policy\nstatus: published\n---\n\n${original}`,
    );
    const alice = await (await townHall.join('plan')).synced();
    alice.type('First', ' (from the room)');
    await alice.noticed('saved');
    await townHall.putRecord('plan', between);
    await townHall.publish('plan');
    if (isTyping) alice.type('Second', ' (typed on)');
    else townHall.server.openRooms.recordChanged('plan');
    await alice.sees('Third, published in between');
    expect(alice.text).toContain('First (from the room)');
    const all = between.replace('First', 'First (from the room)');
    await until('the draft has all', async () => {
      return (
        (await townHall.draftOf('plan')) === (isTyping ? all.replace('Second', 'Second (typed on)') : all)
      );
    });
  },
);

it('[E7] takes nothing for deleted that is in the draft and not in the published text, from which somebody saves', async () => {
  const { alice } = await openPublished();
  await townHall.putDraft('plan', original.replace('Third', 'Third, saved elsewhere'));
  townHall.server.openRooms.recordChanged('plan');
  await alice.sees('Third, saved elsewhere');
  expect(alice.text).toContain('First (from the room)');
});

it.each(['in its file', 'by the API'])(
  '[E6] finds out that a record is archived %s also while there is a draft of it',
  async (how) => {
    letTimeBeSet();
    const { alice, publish } = await openPublished();
    await (how === 'in its file' ? publish(original, 'archived') : townHall.archive('plan'));
    vi.advanceTimersByTime(30_000);
    townHall.server.openRooms.recordChanged('plan');
    expect(await alice.noticed('record-gone')).toMatchObject({ fate: 'archived' });
  },
);

it("[E2] writes no draft that was saved since it was read, in CivicPress' process", async () => {
  const hall = await CityHall.open();
  onTestFinished(() => hall.close());
  hall.recordManager.put({ id: 'plan', title: 'Plan', type: 'policy', content: original.trim() });
  const alice = await (await hall.join('plan')).synced();
  alice.type('First', ' typed');
  await until('there is a draft', () => hall.draftOf('plan'));
  const saved = original.replace('First', 'First typed').replace('Third', 'Third, saved meanwhile');
  hall.database.beforeWrite = () => hall.database.updateDraft('plan', { markdown_body: saved });
  alice.type('Second', ' more');
  await alice.sees('Third, saved meanwhile');
  const wanted = saved.replace('Second', 'Second more');
  await until('the draft has all', async () => (await hall.draftOf('plan')) === wanted);
});

it("[E8] takes nothing from what CivicPress' own editor saves beside the room, and gives its text back", async () => {
  const alice = await openPlan();
  await townHall.putDraft('plan', '# plan\n\n- one\n- two\n');
  townHall.server.openRooms.recordChanged('plan');
  await alice.sees('two');
  alice.type('two', ' and three');
  // As the page prints it, below the title, before the last words.
  await townHall.putDraft('plan', '# plan\n\n# plan\n\n* one\n\n* two and th');
  townHall.server.openRooms.recordChanged('plan');
  await until('the draft is as the room has it', async () => {
    return (await townHall.draftOf('plan')) === '# plan\n\n- one\n- two and three\n';
  });
  expect(alice.text).toBe('planonetwo and three');
  // What an editor without a connection saves comes in.
  await townHall.putDraft('plan', '# plan\n\n# plan\n\n* one offline\n\n* two and three');
  townHall.server.openRooms.recordChanged('plan');
  await alice.sees('one offline');
  expect(alice.text).toBe('planone offlinetwo and three');
});

it('[N5] tells the room that its draft is published', async () => {
  const { alice } = await openPublished();
  await alice.noticed('saved');
  await townHall.publish('plan');
  townHall.server.openRooms.recordChanged('plan');
  await alice.noticed('published');
  expect(alice.notices.filter(({ event }) => event === 'published')).toHaveLength(1);
  expect(alice.notices.map(({ event }) => event)).not.toContain('changed-outside');
});

it('[E5] looks at the record of an open room again and again, with one request, and says nothing when it is as it was', async () => {
  townHall = await TownHall.open({ settings: { 'external_edits.poll_seconds': 1 } });
  await townHall.createDraftOnly('plan', original);
  const alice = await (await townHall.join('plan')).synced();
  const reads = () =>
    townHall.wire.requests.filter(({ path }) => path === '/api/v1/records/plan?edit=true').length;
  const before = reads();
  await until('it was looked at twice', () => reads() >= before + 2);
  expect(alice.notices).toEqual([]);
  // While nobody answers, nobody is told: nothing is lost by it.
  townHall.wire.mode = 'error500';
  const asked = reads();
  await until('it was asked for', () => reads() > asked);
  townHall.wire.mode = 'pass';
  await townHall.putDraft('plan', original.replace('Third', 'Third, from outside'));
  await alice.sees('Third, from outside');
  expect(alice.notices.map(({ event }) => event)).not.toContain('could-not-save');
});

it('[E5] looks at once when somebody who may edit the record asks for it', async () => {
  const alice = await openPlan();
  const admin = new Admin(townHall.url, 'plan', await townHall.tokenOf('alice'));
  await townHall.putDraft('plan', original.replace('Third', 'Third, from outside'));
  expect((await admin.post('check')).body).toEqual({ isOpen: true });
  await alice.sees('Third, from outside');
  expect(
    (await new Admin(townHall.url, 'noise-bylaw', await townHall.tokenOf('alice')).post('check')).body,
  ).toEqual({
    isOpen: false,
  });
});

it.each(['archived', 'deleted'] as const)(
  '[E6] takes nothing more into a record that was %s, and keeps what it has',
  async (fate) => {
    const hall = await CityHall.open();
    onTestFinished(() => hall.close());
    const { database, recordManager, server } = hall;
    recordManager.put({
      id: 'plan',
      title: 'Plan',
      type: 'policy',
      status: 'published',
      content: original.trim(),
    });
    const alice = await (await hall.join('plan')).synced();
    const bob = await (await hall.join('plan', 'bob')).synced();
    alice.type('First', ' (typed before)');
    await until('the draft has it', async () => (await hall.draftOf('plan'))?.includes('typed before'));
    const record = await recordManager.getRecord('plan');

    if (fate === 'deleted') {
      recordManager.remove('plan');
      await database.deleteDraft('plan');
      await hall.hooks.emit('record:updated', { record, user: { id: 1 }, action: 'delete' });
    } else await recordManager.archiveRecord('plan');
    expect(await alice.noticed('record-gone')).toMatchObject({ fate });
    await until('alice may only read', () => alice.provider.authorizedScope === 'readonly');
    const writes = database.writes.length;
    alice.type('Second', ' (typed after)');
    expect(await bob.noticed('record-gone')).toMatchObject({ fate });
    if (fate === 'archived') {
      const carla = await (await hall.join('plan', 'carla')).synced();
      expect(await carla.noticed('record-gone')).toMatchObject({ fate });
      expect(carla.scope).toBe('readonly');
    }
    expect(bob.text).not.toContain('typed after');
    await until('it is in a version', () =>
      hall.hooks.emitted.some(({ name }) => name === 'realtime:snapshot:saved'),
    );
    expect(database.writes).toHaveLength(writes);

    // It is back, and so is what was typed meanwhile.
    recordManager.put({ ...(record as NonNullable<typeof record>), status: 'published' });
    if (fate === 'deleted')
      await until('it is looked at again', async () => {
        await hall.hooks.emit('record:updated', { record, user: { id: 1 }, action: 'update' });
        return bob.notices.some(({ event }) => event === 'record-back');
      });
    else await recordManager.updateRecord('plan', { status: 'published' });
    await bob.sees('typed after');
    expect(server.getHealthStatus().rooms.total).toBe(1);
  },
);
