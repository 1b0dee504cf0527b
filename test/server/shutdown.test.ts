/**
 * What a balancer and people see of a node that stops, as docs/deployment.md says it.
 */
import { expect, it, onTestFinished } from 'vitest';
import { errors } from '../../server/errors.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from './visitor.ts';

it('[O2] [P4] a node that stops is not ready, lets nobody in, and sends whoever is in elsewhere', async () => {
  // It ends as soon as everything is saved.
  const townHall = await TownHall.open({ settings: { 'shutdown.deadline_seconds': 30 } });
  onTestFinished(() => townHall.close());
  const alice = await (await townHall.join('noise-bylaw')).synced();
  const visitor = await new Visitor(`${townHall.url}/realtime`).entered();
  townHall.wire.mode = 'error500';
  alice.type('Noise', ' OWED');
  await alice.noticed('could-not-save');

  const stopped = townHall.server.stop();
  expect(await visitor.sentAway()).toEqual({ code: 4503, reason: errors['shutting-down'].reason });
  await until('alice is sent away, too', () => alice.closeCodes.includes(4503));
  const ready = await fetch(`${townHall.url}/ready`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ status: 'stopping' });
  expect((await fetch(`${townHall.url}/health`)).status).toBe(200);
  const newcomer = new Visitor(`${townHall.url}/realtime`);
  expect(await until('the upgrade is refused', () => newcomer.refusedWith)).toBe(503);

  townHall.wire.mode = 'pass';
  expect(await stopped).toEqual([]);
  expect(await townHall.draftOf('noise-bylaw')).toContain('Noise OWED');
  await expect(fetch(`${townHall.url}/health`)).rejects.toThrow();
});
