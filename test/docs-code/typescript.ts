/**
 * Reads the docs' TypeScript with the compiler, against the sources: a name of the package means the file that is built
 * into it.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Block, root } from './blocks.ts';

const surroundings = join(import.meta.dirname, 'surroundings.ts');

/** A folder where a program finds the packages that ours finds; it goes with `close()`. */
export async function openWorkshop(): Promise<{ folder: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'docs-code-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  return { folder, close: () => rm(folder, { recursive: true, force: true }) };
}

/** What the compiler has to say of these programs, by their names; empty when all is well. */
export async function complaintsOf(programs: Readonly<Record<string, string>>): Promise<string> {
  const { folder, close } = await openWorkshop();
  try {
    for (const [name, text] of Object.entries(programs)) await writeFile(join(folder, name), text);
    const options = {
      extends: join(root, 'tsconfig.json'),
      // The sources are found by their whole paths.
      compilerOptions: { rewriteRelativeImportExtensions: false },
      include: ['*.ts'],
      exclude: ['node_modules'],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options));
    const compiler = join(root, 'node_modules/.bin/tsc');
    const { stdout } = await promisify(execFile)(compiler, ['-p', folder], { cwd: folder }).catch(
      (failed: { stdout: string; stderr: string }) => ({ stdout: `${failed.stdout}${failed.stderr}` }),
    );
    return stdout;
  } finally {
    await close();
  }
}

/** One that is run says everything itself; the others are what stands somewhere in a program of the reader. */
export async function programOf({ text, words }: Block): Promise<string> {
  const whole = await onSources(text);
  if (words.includes('run')) return whole;
  const imports = whole.match(/^import [\s\S]*?;$/gm) ?? [];
  const rest = imports.reduce((remaining, one) => remaining.replace(one, ''), whole);
  const given = (await readFile(surroundings, 'utf8')).matchAll(
    /^export (?:declare (?:const|function) (\w+)|\{ (\w+) \})/gm,
  );
  const names = [...given].map(([, declared, passedOn]) => declared ?? passedOn);
  return [
    ...imports,
    `import { ${names.join(', ')} } from ${JSON.stringify(surroundings)};`,
    `export async function block() {${rest}}`,
  ].join('\n');
}

/** `civicpress-realtime/client` → the file of the sources that is built into it. */
async function onSources(text: string): Promise<string> {
  const { name, exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, { default: string }>;
  };
  return text.replace(new RegExp(`'${name}(/\\w+)?'`, 'g'), (specifier, path = '') => {
    const built = exports[`.${path}`]?.default;
    if (!built) return specifier;
    return JSON.stringify(join(root, built.replace('./dist/', '').replace(/\.js$/, '.ts')));
  });
}
