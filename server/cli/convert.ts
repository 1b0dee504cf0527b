/**
 * `convert`: reads Markdown and writes what the editor's document would write back, which without an edit is the same,
 * byte for byte; or the document itself, as ProseMirror JSON or as a Yjs update.
 */
import { parseArgs } from 'node:util';
import { applyUpdate, Doc } from 'yjs';
import {
  type DialectName,
  dialectNames,
  type Feature,
  featuresHeldBy,
  jsonOf,
  MarkdownError,
  open,
  save,
  seedUpdate,
} from '../../markdown/index.ts';
import { type Command, success, UsageError } from './terminal.ts';

const formats = ['markdown', 'json', 'yjs'];

export const convert: Command = async (args, terminal) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      to: { type: 'string', default: 'markdown' },
      dialect: { type: 'string', default: 'tiptap' },
      features: { type: 'string' },
    },
  });
  const { dialect, features } = editorOf(values);
  const to = oneOf('to', values.to, formats);

  const { json, base } = openOr(await terminal.input(), { dialect, features });
  const update = seedUpdate(json, 'convert', dialect);
  if (to === 'yjs') {
    terminal.write(update);
    return success;
  }
  const document = new Doc();
  applyUpdate(document, update);
  const opened = jsonOf(document, dialect);
  terminal.write(to === 'json' ? `${JSON.stringify(opened, null, 2)}\n` : save({ json: opened, base }));
  return success;
};

/**
 * The editor that `--dialect` and `--features` describe; one that knows all without the latter.
 *
 * @throws UsageError
 */
export function editorOf(values: { readonly dialect: string; readonly features?: string | undefined }): {
  dialect: DialectName;
  features: Feature[];
} {
  const dialect = oneOf('dialect', values.dialect, dialectNames);
  const held = featuresHeldBy(dialect);
  const names = values.features?.split(',').filter((name) => name !== '') ?? held;
  return { dialect, features: names.map((name) => oneOf<Feature>('features', name, held)) };
}

/** @throws UsageError for what is no text */
function openOr(markdown: Uint8Array, options: Parameters<typeof open>[1]): ReturnType<typeof open> {
  try {
    return open(markdown, options);
  } catch (error) {
    throw error instanceof MarkdownError ? new UsageError(error.message) : error;
  }
}

function oneOf<Name extends string>(option: string, name: string, known: readonly Name[]): Name {
  const found = known.find((candidate) => candidate === name);
  if (found === undefined) throw new UsageError(`--${option} knows ${known.join(', ')}, not "${name}".`);
  return found;
}
