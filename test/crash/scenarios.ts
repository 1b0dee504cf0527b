/**
 * When the server is killed, and what becomes of those who were typing.
 *
 * Each scenario makes its moment come and calls `kill` in it; what must hold afterwards is the same for all of them
 * (trial.ts).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../helpers/until.ts';
import type { Random } from '../markdown/helpers/random.ts';
import type { ApiWire } from './api-wire.ts';
import type { SlowLine } from './slow-line.ts';
import type { Writer } from './writer.ts';

/** What a scenario plays on. */
export interface Stage {
  readonly recordId: string;
  readonly writers: readonly Writer[];
  readonly random: Random;
  readonly wire: ApiWire | null;
  /** The first writer's. */
  readonly line: SlowLine;
  /** Kills the server at once, and stops all typing: the crash that is looked at. */
  readonly kill: () => void;
  /** A crash before that one; resolves when the server answers again. Providers come back by themselves, later. */
  readonly crashBefore: () => Promise<void>;
}

export interface Moment {
  readonly name: string;
  /** Completes "the server is killed …". */
  readonly when: string;
  /** Over those that every trial has. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Of the record; a large one makes what is done to it last. */
  readonly sections?: number;
  /** Whether there is such a moment for bare Hocuspocus. */
  readonly isForBare: boolean;
  play(stage: Stage): Promise<void>;
}

/** `gone`: nobody comes back, so that what the server lost is lost. `staying`: they come back and go on typing. */
export type Clients = 'gone' | 'staying';

export interface Scenario {
  readonly moment: Moment;
  readonly clients: Clients;
  /** As `--scenario` takes it, such as `ack/gone`. */
  readonly name: string;
}

const moments: readonly Moment[] = [
  {
    name: 'typing',
    when: 'while everybody types',
    isForBare: true,
    play: async (stage) => killWhileTyping(stage),
  },
  {
    name: 'ack',
    when: 'at the moment of an acknowledgement',
    isForBare: true,
    play: async (stage) => atAnAcknowledgement(stage, stage.kill),
  },
  {
    name: 'ack-1ms',
    when: '1 ms after an acknowledgement',
    isForBare: true,
    play: async (stage) => atAnAcknowledgement(stage, () => setTimeout(stage.kill, 1)),
  },
  {
    name: 'compaction',
    when: 'while the log of edits becomes a snapshot, again and again',
    settings: { REALTIME_SNAPSHOTS_MAX_UPDATES: '5', REALTIME_SNAPSHOTS_INTERVAL: '1' },
    sections: 40,
    isForBare: false,
    play: async (stage) => killWhileTyping(stage),
  },
  {
    name: 'writeback',
    when: 'between a snapshot and its writeback',
    isForBare: false,
    play: betweenSnapshotAndWriteback,
  },
  {
    name: 'twice',
    when: 'twice in a row, the second time as soon as it answers',
    isForBare: true,
    play: twiceInARow,
  },
  {
    name: 'return',
    when: 'while everybody comes back from a crash before, with what they typed meanwhile',
    isForBare: true,
    play: whileTheyComeBack,
  },
  {
    name: 'offline',
    when: 'when somebody who typed offline has everything acknowledged',
    isForBare: true,
    play: afterOfflineEdits,
  },
  {
    name: 'slow-line',
    when: 'when somebody whose line was cut comes back over a slow one, and has everything acknowledged',
    isForBare: true,
    play: overASlowLine,
  },
];

export const scenarios: readonly Scenario[] = moments.flatMap((moment) =>
  (['gone', 'staying'] as const).map((clients) => ({ moment, clients, name: `${moment.name}/${clients}` })),
);

async function killWhileTyping(stage: Stage): Promise<void> {
  await typeForAWhile(stage);
  stage.kill();
}

/** Until a few edits are acknowledged, and then for up to 700 ms; they go on typing. */
async function typeForAWhile({ writers, random }: Stage): Promise<void> {
  for (const writer of writers) void writer.type();
  const promised = () => writers.flatMap((writer) => writer.promised.present);
  await until('a few edits are acknowledged', () => promised().length >= 5);
  await delay(random(700));
}

/** At one of the first, whoever's it is. */
function atAnAcknowledgement({ writers, random }: Stage, act: () => void): void {
  let left = 1 + random(40);
  for (const writer of writers) {
    writer.onAcknowledged = () => {
      left -= 1;
      if (left === 0) act();
    };
    void writer.type();
  }
}

/** They pause, so that the draft holds everything: the same one sent again would be the same text twice. */
async function betweenSnapshotAndWriteback({ recordId, writers, random, wire, kill }: Stage): Promise<void> {
  const held = wire?.holdDraft(recordId, random(2) === 0 ? 'request' : 'answer');
  await Promise.all(writers.map((writer) => writer.type({ edits: 1 + random(10) })));
  await held;
  kill();
}

async function twiceInARow(stage: Stage): Promise<void> {
  await typeForAWhile(stage);
  await stage.crashBefore();
  stage.kill();
}

/** A provider waits a second, and then as long again when it was too early. */
async function whileTheyComeBack(stage: Stage): Promise<void> {
  const { writers, random, kill, crashBefore } = stage;
  await typeForAWhile(stage);
  await crashBefore();
  for (const writer of writers) void writer.type({ longestPauseMs: 100 });
  await delay(random(2_500));
  kill();
}

async function afterOfflineEdits({ writers, random, kill }: Stage): Promise<void> {
  const [traveller, ...others] = writers as [Writer, ...Writer[]];
  for (const other of others) void other.type();
  await traveller.type({ edits: 1 + random(10) });
  await traveller.goOffline();
  await traveller.type({ edits: 2 + random(20) });
  traveller.onAcknowledged = kill;
  traveller.comeBack();
}

/** Some edits are lost on their way, and only the provider's document still has them; later ones build on them. */
async function overASlowLine({ writers, random, line, kill }: Stage): Promise<void> {
  const [traveller, ...others] = writers as [Writer, ...Writer[]];
  for (const other of others) void other.type({ longestPauseMs: 100 });
  await traveller.type({ edits: 5 });
  line.bytesPerSecond = 0;
  await traveller.type({ edits: 1 + random(20) });
  line.cut();
  await traveller.cutOff();
  await traveller.type({ edits: 30 + random(120), longestPauseMs: 0 });
  traveller.onAcknowledged = kill;
  line.bytesPerSecond = 1_500 + random(2_500);
}
