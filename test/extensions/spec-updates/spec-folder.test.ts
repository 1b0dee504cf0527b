import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { relativePathOf, SpecFolder } from '../../../extensions/spec-updates/spec-folder.ts';
import { specText } from './watched-folder.ts';

let parent: string;
let root: string;
const at = (...path: string[]) => join(root, ...path);

beforeEach(() => {
  parent = realpathSync(mkdtempSync(join(tmpdir(), 'folder-')));
  root = join(parent, 'specs');
  mkdirSync(at('in', 'deep'), { recursive: true });
  writeFileSync(at('in', 'deep', 'E13.md'), specText({ id: 'E13' }));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const open = () => new SpecFolder(root, 1_024);

it('lists what may be a spec, at any depth', () => {
  for (const name of ['E1.MD', 'E2.markdown', 'E3.txt', '.E4.md', 'E5.md~', '#E6.md#'])
    writeFileSync(at(name), '');
  mkdirSync(at('.git'));
  writeFileSync(at('.git', 'E7.md'), '');
  expect(open().list().sort()).toEqual(['E1.MD', 'E2.markdown', 'in/deep/E13.md']);
});

it('tells by its mark that a file is unchanged, but not of one that was just written', async () => {
  const folder = open();
  const fresh = folder.look(['in/deep/E13.md', '']);
  expect(fresh).toMatchObject({ kind: 'spec', file: { mark: '', isEmpty: false } });
  await new Promise((resolve) => setTimeout(resolve, 80));
  const found = folder.look(['in/deep/E13.md', '']);
  const mark = found.kind === 'spec' ? found.file.mark : '';
  expect(mark).not.toBe('');
  expect(folder.look(['in/deep/E13.md', mark])).toEqual({ kind: 'unchanged' });
  truncateSync(at('in', 'deep', 'E13.md'));
  expect(folder.look(['in/deep/E13.md', mark])).toMatchObject({ kind: 'spec', file: { isEmpty: true } });
});

it('says of a folder what is in it, and of what is gone nothing', () => {
  const folder = open();
  expect(folder.look(['in', ''])).toEqual({ kind: 'folder', paths: ['in/deep/E13.md'] });
  expect(folder.look(['in/deep/E14.md', ''])).toEqual({ kind: 'nothing' });
  expect(folder.look(['in/deep/E13.md/E14.md', ''])).toEqual({ kind: 'nothing' });
});

it('[U8] follows no symbolic link, at the end of a path or within it', () => {
  const folder = open();
  writeFileSync(join(parent, 'secret.md'), specText({ id: 'SECRET' }));
  mkdirSync(join(parent, 'elsewhere'));
  writeFileSync(join(parent, 'elsewhere', 'E13.md'), specText({ id: 'SECRET' }));
  symlinkSync(join(parent, 'secret.md'), at('link.md'));
  symlinkSync(join(parent, 'elsewhere'), at('linked'));
  renameSync(at('in', 'deep'), at('was'));
  symlinkSync(join(parent, 'elsewhere'), at('in', 'deep'));
  for (const path of ['link.md', 'linked', 'linked/E13.md', 'in/deep/E13.md', 'in/deep', '../secret.md']) {
    expect([path, folder.look([path, ''])]).toEqual([path, { kind: 'nothing' }]);
  }
  expect(folder.list()).toEqual(['was/E13.md']);
});

it('takes a folder that is a link itself for what it leads to', () => {
  symlinkSync(root, join(parent, 'alias'));
  const folder = new SpecFolder(join(parent, 'alias'), 1_024);
  expect(folder.identity()?.root).toBe(root);
  expect(folder.look(['in/deep/E13.md', ''])).toMatchObject({ kind: 'spec' });
});

it('knows that it is not there, and that another one took its place', () => {
  const folder = open();
  const before = folder.identity();
  renameSync(root, join(parent, 'away'));
  expect(folder.identity()).toBeNull();
  expect(folder.list()).toEqual([]);
  expect(folder.look(['in/deep/E13.md', ''])).toEqual({ kind: 'nothing' });
  mkdirSync(root);
  expect(folder.identity()?.key).not.toBe(before?.key);
});

it('does not take what the system cannot say for a file that is gone', () => {
  expect(open().look([`${'x'.repeat(300)}.md`, ''])).toMatchObject({ kind: 'unknown' });
});

it('leaves files alone that are too large', () => {
  writeFileSync(at('large.md'), 'x'.repeat(1_025));
  expect(open().look(['large.md', ''])).toEqual({ kind: 'nothing' });
});

it.each([
  ['/specs', ''],
  ['/specs/a/b.md', 'a/b.md'],
  ['/specs-too/b.md', null],
  ['/specs/.git/b.md', null],
  ['/specs/node_modules/b.md', null],
])('finds its way: %s is %j', (absolute, path) => {
  expect(relativePathOf('/specs', absolute)).toBe(path);
});
