/** Links in the watched folder to files outside of it: to a file, to a folder, in a chain, put in place of a real one. */
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../helpers/until.ts';
import { type Attack, oneOf } from '../attack.ts';

export const linksOutside: Attack = {
  name: 'links-outside',
  async run(site, random) {
    const mark = `SECRET${random(1e9)}`;
    const outside = join(site.folder, `outside-${random(1e9)}`);
    await mkdir(outside);
    await writeFile(join(outside, 'e9-f01.md'), `---\nid: E9-F01\ntitle: ${mark}\n---\n`);
    const reader = await (await site.joinDocument('spec-updates', 'reader')).synced();
    const specs = () => JSON.stringify(reader.document.getMap('specs').toJSON());
    const id = `E8-F${1 + random(900)}`;
    const real = join(site.specsFolder, `real-${id}.md`);
    await writeFile(real, `---\nid: ${id}\ntitle: before\n---\n`);
    await until('the real one is seen', () => specs().includes(id));

    const kind = oneOf(random, ['file', 'folder', 'chain', 'replaced'] as const);
    const link = join(site.specsFolder, `link-${random(1e9)}`);
    if (kind === 'file') await symlink(join(outside, 'e9-f01.md'), `${link}.md`);
    if (kind === 'folder') await symlink(outside, link);
    if (kind === 'chain') {
      await symlink(join(outside, 'e9-f01.md'), join(outside, 'first'));
      await symlink(join(outside, 'first'), `${link}.md`);
    }
    if (kind === 'replaced') {
      await symlink(join(outside, 'e9-f01.md'), join(site.folder, 'swap'));
      await rename(join(site.folder, 'swap'), real);
    }
    const other = join(site.specsFolder, `after-${id}.md`);
    await writeFile(other, `---\nid: ${id}0\ntitle: after\n---\n`);
    await until('what came after it is seen', () => specs().includes(`${id}0`));
    await delay(300);
    const events = JSON.stringify(reader.document.getArray('events').toJSON());
    for (const path of [real, other, link, `${link}.md`, outside])
      await rm(path, { recursive: true, force: true });
    if ((specs() + events).includes(mark)) throw new Error('a file outside of the folder was told of');
  },
};
