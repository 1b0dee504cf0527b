/** One seed: three editors, so many random things done in them, and a save after every few. */

import { jsonOf, open, type RecordDocument } from '../../markdown/index.ts';
import { keyOf } from '../../markdown/tidy.ts';
import { type Random, randomFrom } from '../markdown/helpers/random.ts';
import { allBases } from './bases.ts';
import { opened, type Report, saveAndCheck } from './checks.ts';
import { actAtRandom, type Command, firstCommands } from './commands.ts';
import { moreCommands } from './more-commands.ts';
import { documentOf, editorKinds } from './mount.ts';
import { Room } from './room.ts';

export interface Scenario {
  readonly seed: number;
  readonly editor: keyof typeof editorKinds;
  /** The name of the text that it begins with. */
  readonly base: string;
  readonly steps: number;
  /** What is done; the first commands alone, in what was kept before there were more. */
  readonly commands?: 'first' | 'all';
}

const allCommands: Readonly<Record<string, Command>> = { ...firstCommands, ...moreCommands };

export interface Outcome {
  readonly faults: readonly string[];
  /** What was saved with these faults. */
  readonly document?: RecordDocument;
  /** How many saves had to put something else for it, by what Markdown cannot say. */
  readonly approximations: ReadonlyMap<string, number>;
  /** How often Tiptap tripped. */
  readonly reloads: number;
  /** What was done since the last save that was right. */
  readonly trace: readonly string[];
  readonly saves: number;
  /** How many blocks that nobody touched were compared by untouched.ts. */
  readonly untouched: number;
}

export function scenarioOf(seed: number, steps: number): Scenario {
  const random = randomFrom(seed);
  const names = [...allBases.keys()];
  return {
    seed,
    editor: random(2) === 0 ? 'demo' : 'starterKit',
    base: names[random(names.length)] as string,
    steps,
    commands: 'all',
  };
}

export function play({ seed, editor, base: name, steps, commands }: Scenario): Outcome {
  const vocabulary = commands === 'all' ? allCommands : firstCommands;
  const kind = editorKinds[editor];
  const random = randomFrom(seed);
  const markdown = allBases.get(name);
  if (markdown === undefined) throw new Error(`there is no text named "${name}"`);
  const { base } = open(markdown, kind);
  const json = documentOf(markdown, kind);
  const room = new Room(json, kind, random);
  const approximations = new Map<string, number>();
  let saved = opened(room.doc, base);
  let trace: string[] = [];
  let saves = 0;
  const compared = { blocks: 0 };
  const check = (): Report => {
    room.settle();
    saves += 1;
    const report = saveAndCheck(room.doc, saved, compared);
    saved = report.saved;
    for (const name of report.approximations) approximations.set(name, (approximations.get(name) ?? 0) + 1);
    return report;
  };
  const outcome = (faults: readonly string[], document?: RecordDocument): Outcome => {
    const reloads = room.clerks.reduce((sum, clerk) => sum + clerk.reloads, 0);
    const untouched = compared.blocks;
    return { faults, trace, saves, approximations, reloads, untouched, ...(document && { document }) };
  };
  try {
    for (let step = 1; step <= steps; step += 1) {
      trace.push(act(room, random, step, vocabulary));
      room.tick();
      if (random(4) > 0 && step < steps) continue;
      const { faults, document } = check();
      if (faults.length > 0) return outcome(faults, document);
      trace = [];
    }
    trace.push('undo everything');
    for (const clerk of room.clerks) clerk.undoAll();
    const { faults, document } = check();
    const isAsBefore = keyOf(jsonOf(room.doc)) === keyOf(json);
    if (isAsBefore && saved.base.markdown !== markdown)
      faults.push('undoing everything does not bring the bytes back');
    return outcome(faults, document);
  } catch (error) {
    return outcome([error instanceof Error ? (error.stack ?? error.message) : String(error)]);
  } finally {
    room.close();
  }
}

function act(
  { clerks }: Room,
  random: Random,
  step: number,
  commands: Readonly<Record<string, Command>>,
): string {
  const number = random(clerks.length);
  const others = clerks.filter((_, index) => index !== number).map(({ editor }) => editor);
  const done = clerks[number]?.does((editor) => actAtRandom(editor, random, others, commands));
  return `${step}: ${number} ${done ?? 'reloads'}`;
}
