/** Names of documents that are none: refused in the same words, and nowhere in the log as they came. */
import { until } from '../../helpers/until.ts';
import { type Attack, between } from '../attack.ts';

export const wrongNames: Attack = {
  name: 'wrong-names',
  async run(site, random) {
    const token = await site.tokenOf('mallory-names');
    const mark = `m${random(1e9)}`;
    const names = [
      `record:../../${mark}`,
      `record:${mark}\n{"level":"error"}`,
      `record:\u001b[31m${mark}`,
      `record:${mark}\u202e`,
      '__proto__',
      'constructor',
      'record:__proto__/x',
      'record:caf\u00e9',
      'record:cafe\u0301',
      'record:',
      ':',
      '\u0000',
      `record:${mark}\u0000/../x`.replace('record:', 'RECORD:'),
      'x'.repeat(between(random, 129, 900)),
      `record:${'x'.repeat(between(random, 1_000_000, 3_000_000))}`,
    ];
    for (const name of names) {
      const client = await site.connect().connected();
      const known = await site.connect().enter('record:honest', token);
      for (const each of [client, known]) {
        each.authenticate(name, token);
        each.edit(name, Uint8Array.from([0, 0]));
        const before = each.denials.length;
        await until(
          `"${name.slice(0, 30)}" is refused`,
          () => each.isOver || each.denials.length > before || each.denials.length > 0,
        );
        if (each.entered.includes(name)) throw new Error(`"${name.slice(0, 30)}" was opened`);
        each.end();
      }
    }
    if (site.server.lastWords.includes(`../../${mark}`)) throw new Error('a name is in the log as it came');
    if (site.server.lastWords.includes('\u001b[31m'))
      throw new Error('the log holds a command for terminals');
  },
};
