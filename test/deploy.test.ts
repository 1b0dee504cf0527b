/**
 * What operators are given fits the server: metrics that it has, and an answer to each alert.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { Dependencies } from '../server/operations/dependencies.ts';
import { Metrics } from '../server/operations/metrics.ts';
import { Traffic } from '../server/operations/traffic.ts';
import { RecordedLog } from './helpers/recorded-log.ts';

const root = join(import.meta.dirname, '..');
const read = (name: string) => readFile(join(root, name), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
}

async function alerts(): Promise<Rule[]> {
  const { groups } = parse(await read('deploy/alerts.yml')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

async function expressions(): Promise<string[]> {
  const { panels } = JSON.parse(await read('deploy/grafana-dashboard.json')) as {
    panels: { targets: { expr: string }[] }[];
  };
  const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  return [...shown, ...(await alerts()).map(({ expr }) => expr)];
}

it('every metric of the dashboard and of the alerts is one that the server has', async () => {
  const dependencies = new Dependencies(new RecordedLog());
  const metrics = new Metrics({ sockets: () => 0, rooms: () => [], traffic: new Traffic(), dependencies });
  metrics.watchProcess();
  const known = new Set((await metrics.text()).match(/(?<=^# TYPE )\w+/gm));
  const used = (await expressions()).flatMap(
    (expr) => expr.match(/\b(?:realtime|nodejs|process)_\w+/g) ?? [],
  );
  expect(used.length).toBeGreaterThan(20);
  for (const name of used) expect(known).toContain(name.replace(/_bucket$/, ''));
});

it('docs/operations.md says what to do about every alert', async () => {
  const headings = (await read('docs/operations.md')).match(/(?<=^## )\w+$/gm);
  expect(headings).toEqual((await alerts()).map(({ alert }) => alert));
});
