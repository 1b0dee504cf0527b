/**
 * Records that are no text: they stay closed, everybody hears why, and not a byte of theirs changes.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { errors } from '../server/errors.ts';
import { TownHall } from './helpers/town-hall.ts';

let townHall: TownHall;
afterEach(() => townHall.close());

const { reason } = errors['unreadable-record'];
const frontmatter = '---\nid: street-names\ntitle: Street names\ntype: policy\nstatus: published\n---\n\n';

/** Latin-1, as an old program may have written it. */
const damaged = Buffer.from(`${frontmatter}# Stra\xdfen\n`, 'latin1');
const fileOf = (name: string) => join(townHall.folder, 'records', `${name}.md`);
const written = () => townHall.wire.requests.filter(({ method }) => method === 'PUT');

it.each(['clerk', 'public'])('[M9] is not opened for a %s, who hears why', async (role) => {
  townHall = await TownHall.open();
  await writeFile(fileOf('street-names'), damaged);
  const somebody = await townHall.join('street-names', 'somebody', role);
  expect(await somebody.refused()).toBe(reason);
  expect(townHall.server.hocuspocus.documents.size).toBe(0);

  const other = await (await townHall.join('noise-bylaw')).synced();
  expect(other.text).toContain('Noise');
  expect(written()).toEqual([]);
  expect(await readFile(fileOf('street-names'))).toEqual(damaged);
});

it('[M9] is not opened when a draft holds half a character', async () => {
  townHall = await TownHall.open();
  await townHall.putDraft('noise-bylaw', 'Half a \uD83D face.\n');
  const alice = await townHall.join('noise-bylaw');
  expect(await alice.refused()).toBe(reason);
  expect(written()).toEqual([]);
});

it('[M9] that comes to be so while its room is open is not written, and the room keeps its words', async () => {
  townHall = await TownHall.open();
  const good = Buffer.from(`${frontmatter}# Streets\n`);
  await writeFile(fileOf('street-names'), good);
  const alice = await (await townHall.join('street-names')).synced();
  await writeFile(fileOf('street-names'), damaged);
  alice.type('Streets', ' of ours');
  expect(await alice.noticed('could-not-save')).toMatchObject({ layer: 'writeback', reason });
  expect(written()).toEqual([]);
  expect(await readFile(fileOf('street-names'))).toEqual(damaged);

  await writeFile(fileOf('street-names'), good);
  await alice.noticed('saved');
  expect(await townHall.draftOf('street-names')).toBe('# Streets of ours\n');
});
