/** Records that take for ever to read: each opens, as source if need be, and nobody waits for it. */
import { until } from '../../helpers/until.ts';
import type { Random } from '../../markdown/helpers/random.ts';
import { type Attack, between } from '../attack.ts';

const filled = (piece: string, length: number) => piece.repeat(Math.ceil(length / piece.length));

function bombs(random: Random): Record<string, { markdown: string; fields?: string }> {
  const length = between(random, 50_000, 400_000);
  return {
    quotes: { markdown: `${filled('> ', length)}a\n` },
    lists: { markdown: `${filled('* ', length)}a\n` },
    emphasis: { markdown: `${filled('*a _b ', length)}\n` },
    brackets: { markdown: `${filled('[a](', length)}\n` },
    images: { markdown: `${filled('![', length)}\n` },
    tables: {
      markdown: `|${filled('a|', 4_000)}\n|${filled('-|', 4_000)}\n${filled(`|${filled('a|', 200)}\n`, length)}`,
    },
    entities: { markdown: `${filled('&amp', length)}\n` },
    ticks: { markdown: Array.from({ length: 600 }, (_, count) => '`'.repeat(count)).join(' x ') },
    keys: {
      markdown: 'A text.\n',
      fields: `${Array.from({ length: 100_000 }, (_, key) => `k${key}: ${key}`).join('\n')}\n`,
    },
    aliases: {
      markdown: 'A text.\n',
      fields: `a0: &a0 x\n${Array.from({ length: 30 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]`).join('\n')}\n`,
    },
    code: { markdown: '---js\nprocess.exit(1)\n---\n\nA text.\n' },
  };
}

const bombsInRound = 4;

export const textBombs: Attack = {
  name: 'text-bombs',
  async run(site, random) {
    const all = Object.entries(bombs(random));
    const first = random(all.length);
    // A few in each round: each may take its second.
    for (const [kind, { markdown, fields }] of [...all, ...all].slice(first, first + bombsInRound)) {
      const recordId = `bomb-${kind}-${random(1e9)}`;
      await site.addRecord(recordId, `# A plan\n\n${markdown}\nThe end.\n`, fields);
      const clerk = await site.join(recordId, 'reads-bombs');
      await until(
        `"${kind}" opens, or is refused`,
        () => clerk.provider.isSynced || clerk.refusals.length > 0,
        30_000,
      );
      if (clerk.provider.isSynced && !clerk.text.includes('The end'))
        throw new Error(`"${kind}" lost its end`);
      clerk.leave();
    }
  },
};
