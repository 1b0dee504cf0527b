/**
 * What must not happen to those who type, nor by them: each trial throws when it did.
 */
import { ok, strictEqual } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import type { Awareness } from 'y-protocols/awareness';
import type { Clerk } from '../helpers/clerk.ts';
import { until } from '../helpers/until.ts';
import type { Office } from './office.ts';
import type { Trial } from './record-trials.ts';

/** A question about somebody's rights, each minute unless configured otherwise. */
const askedMs = 90_000;

const text = '# Trial\n\nFirst paragraph.\n\nSecond paragraph.\n';

export const peopleTrials: readonly Trial[] = [
  {
    name: 'what was acknowledged survives kill -9, and is in the draft after it',
    async run(office) {
      const id = await office.newRecord('killed', text);
      const clerk = await office.join(id);
      clerk.type('First', ' acknowledged');
      await clerk.saved();
      if (!(await office.killServer())) return 'NOT TRIED: the server is not ours to kill';
      clerk.leave();
      const later = await office.join(id);
      strictEqual(later.text.match(/acknowledged/g)?.length, 1);
      const wanted = text.replace('First', 'First acknowledged');
      await until('the draft has it', async () => (await office.textOf(id)) === wanted);
      return undefined;
    },
  },
  {
    name: 'whoever types twelve keys a second, with a cursor, is not cut off',
    async run(office) {
      const id = await office.newRecord('fast', text);
      const editor = await office.joinAsEditor(id);
      const clerk = await office.join(id);
      for (let key = 0; key < 120; key += 1) {
        editor.type('First', 'k');
        editor.provider.awareness.setLocalStateField('cursor', { anchor: key, head: key });
        await delay(1_000 / 12);
      }
      await clerk.sees(`First${'k'.repeat(120)}`);
      strictEqual(editor.closes.length, 0);
      return undefined;
    },
  },
  {
    name: 'who logs out is sent away',
    async run(office) {
      const token = await office.signIn('trial-leaver', 'clerk');
      if (!token) return notSimulated;
      return sentAway(office, token, () => office.ask('POST', '/auth/logout', {}, token));
    },
  },
  {
    name: 'who is deleted is sent away',
    async run(office) {
      const token = await office.signIn('trial-deleted', 'clerk');
      if (!token) return notSimulated;
      return sentAway(office, token, () => office.ask('DELETE', '/users/trial-deleted'));
    },
  },
  {
    name: 'who loses the right to edit only reads from then on',
    async run(office) {
      const token = await office.signIn('trial-demoted', 'clerk');
      if (!token) return notSimulated;
      const id = await office.newRecord('demoted', text);
      await office.publish(id);
      const [demoted, other] = [await office.join(id, token), await office.join(id)];
      demoted.type('First', ' before');
      await other.sees('First before');
      const { status } = await office.ask('PUT', '/users/trial-demoted', { role: 'public' });
      if (status === 403) return 'NOT TRIED: the account may not change users';
      const since = performance.now();
      const maySend = () => demoted.provider.authorizedScope !== 'readonly' && !wasSentAway(demoted);
      await until('they only read', () => !maySend(), askedMs);
      demoted.type('First', ' FORBIDDEN');
      await delay(2_000);
      ok(!other.text.includes('FORBIDDEN'));
      const how = wasSentAway(demoted) ? 'sent away' : 'made a reader';
      return `${how} after ${Math.round(performance.now() - since - 2_000)} ms`;
    },
  },
  {
    name: 'nobody is shown by a name that is not theirs, and who leaves is gone',
    async run(office) {
      const id = await office.newRecord('names', text);
      const clerk = await office.join(id);
      const { awareness } = clerk.provider;
      const editor = await office.joinAsEditor(id);
      editor.provider.awareness.setLocalStateField('user', { name: 'The Mayor', color: '#f00' });
      editor.provider.awareness.setLocalStateField('cursor', { anchor: 1, head: 1 });
      const others = () =>
        [...(awareness as Awareness).getStates()].filter(([client]) => client !== clerk.document.clientID);
      await until('the editor is seen', () => others().some(([, { cursor }]) => cursor));
      ok(!others().some(([, { user }]) => user?.name === 'The Mayor'));
      editor.leave();
      await until('the editor is gone', () => others().length === 0);
      return undefined;
    },
  },
  {
    name: 'who wrote what is known, and how the server does',
    async run(office) {
      const id = await office.newRecord('authors', text);
      const clerk = await office.join(id);
      clerk.type('First', ' mine');
      await clerk.saved();
      const answer = await office.askServer(`/api/v1/realtime/records/${id}/authors`);
      strictEqual(answer.status, 200);
      const { blocks } = (await answer.json()) as { blocks: { text: string; authors: unknown[] }[] };
      strictEqual(blocks.find((block) => block.text.startsWith('First mine'))?.authors.length, 1);
      strictEqual(blocks.find((block) => block.text.startsWith('Second'))?.authors.length, 0);
      ok((await (await office.askServer('/metrics')).text()).includes('realtime_'));
      return undefined;
    },
  },
];

const notSimulated = 'NOT TRIED: this CivicPress has no simulated accounts';

function wasSentAway({ closeCodes }: Clerk): boolean {
  return closeCodes.some((code) => code === 4001 || code === 4003);
}

async function sentAway(
  office: Office,
  token: string,
  end: () => Promise<{ status: number; text: string }>,
): Promise<string | undefined> {
  const id = await office.newRecord('left', text);
  await office.publish(id);
  const [clerk, other] = [await office.join(id, token), await office.join(id)];
  const { status, text: said } = await end();
  if (status === 403) return 'NOT TRIED: the account may not change users';
  ok(status < 300, said);
  const since = performance.now();
  await until('the socket is closed', () => wasSentAway(clerk), askedMs);
  clerk.type('First', ' FORBIDDEN');
  await delay(2_000);
  ok(!other.text.includes('FORBIDDEN'));
  return `after ${Math.round(performance.now() - since - 2_000)} ms`;
}
