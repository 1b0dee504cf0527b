/**
 * Editors that announce what they know, and one that lacks something.
 */
import { getSchema } from '@tiptap/core';
import { StarterKit } from '@tiptap/starter-kit';
import { afterEach, describe, expect, it } from 'vitest';
import { announceFeatures, featuresOf } from '../../client/index.ts';
import { allFeatures } from '../../markdown/index.ts';
import { recordExtensions } from '../../server/demo/pages/extensions.ts';
import { errors } from '../../server/errors.ts';
import { TownHall } from '../helpers/town-hall.ts';
import { civicpressSchema } from '../markdown/helpers/civicpress.ts';

describe('the announcement', () => {
  it('names what an editor’s schema has', () => {
    expect(featuresOf(getSchema([StarterKit]))).toEqual(['strike']);
    expect(featuresOf(getSchema(recordExtensions)).sort()).toEqual([...allFeatures].sort());
  });

  it('names what an editor with CivicPress’ own schema has', () => {
    expect(featuresOf(civicpressSchema, 'civicpress')).toEqual(['table', 'image', 'civicRef']);
    expect(featuresOf(civicpressSchema)).not.toContain('table');
  });

  it('stands in the address, whatever else does', () => {
    const url = announceFeatures('wss://example.org/realtime?room=1', ['table', 'image']);
    expect(new URL(url).searchParams.get('features')).toBe('table,image');
    expect(new URL(url).searchParams.get('room')).toBe('1');
  });
});

describe('an editor', () => {
  let townHall: TownHall;
  afterEach(() => townHall.close());

  it('[M5] is let in when it has all configured features, or more', async () => {
    townHall = await TownHall.open({ settings: { 'document.features': 'table,image' } });
    const clerk = await townHall.join('noise-bylaw', 'alice', 'clerk', ['image', 'table', 'strike']);
    await clerk.synced();
  });

  it('[M5] is refused with a reason when it lacks one', async () => {
    townHall = await TownHall.open({ settings: { 'document.features': 'table,image' } });
    const clerk = await townHall.join('noise-bylaw', 'alice', 'clerk', ['table']);
    expect(await clerk.refused()).toBe(errors['missing-features'].reason);
    expect(clerk.fragment.length).toBe(0);
  });

  it('[M5] that announces nothing is let in, unless the announcement is required', async () => {
    townHall = await TownHall.open();
    await (await townHall.join('noise-bylaw')).synced();
    await townHall.close();

    townHall = await TownHall.open({ settings: { 'document.require_announcement': 'true' } });
    const silent = await townHall.join('noise-bylaw');
    expect(await silent.refused()).toBe(errors['missing-features'].reason);
    await (await townHall.join('noise-bylaw', 'alice', 'clerk', allFeatures)).synced();
  });
});
