/**
 * How fast may this socket go?
 *
 * At its own rate, messages are handled as they come. What comes faster waits in the lane that all such sockets share
 * (lane.ts), and meanwhile nothing more is read from this one: the rest stays with its sender, not in our memory. So a
 * paste or an hour of offline typing is taken as fast as the others allow, and a flood holds up nobody.
 */
import { type FrameKind, kindOf } from './frame-address.ts';
import type { Lane } from './lane.ts';
import { TokenBucket } from './token-bucket.ts';

export interface PaceOptions {
  /** Messages a second that are handled as they come. */
  readonly messagesPerSecond: number;
  readonly lane: Lane;
  /** Whether what waits may go on: not while documents are being opened that hold enough already. */
  readonly isReady: () => boolean;
  readonly handle: (frame: Buffer) => void;
  /** Whether this edit may be one of those that queued up while its editor was offline. */
  readonly mayBeFromOffline: (frame: Buffer) => boolean;
  /** Of the frames; what was read already may still come from it when it is paused. */
  readonly source: { pause(): void; resume(): void };
  /** How much has gone beyond the rate, and the last frame that did. */
  readonly onExcess: (weight: number, frame: Buffer) => void;
}

/**
 * So many may be handled at once; the rest of what comes together waits its turn, at no loss: a keystroke is two
 * messages, and what they cost is known only when they are handled.
 */
const atOnce = 10;

/** This many seconds' worth may come together, over a bad line, before it counts as too fast. */
const burstSeconds = 5;

/** A longer message counts as several: one for each 4 KB. */
const bytesOfOne = 4_096;

/**
 * What makes us do much for little, such as sending a whole document. A page with twenty documents asks forty times
 * when it opens, twice for each, and then no more.
 */
const questionsPerSecond = 2;
const questionsTogether = 50;
const questionsAtOnce = 2;

/**
 * How much each weighs that came too fast. Edits queue up while an editor is offline; nothing else does so in numbers.
 * Who is connected types fast only behind a line that stood still, and that for a minute at most: then it is given up.
 */
const weights: Readonly<Record<Exclude<FrameKind, 'question'>, number>> = { edit: 10, other: 20 };
const weightFromOffline = 1;
const weightOfEarlyQuestion = 1_000;

export class Pace {
  readonly #options: PaceOptions;
  /** What may be handled as it comes. */
  readonly #now: Readonly<Record<'messages' | 'questions', TokenBucket>>;
  /** What may come; beyond that it is excess. */
  readonly #messages: TokenBucket;
  readonly #questions = new TokenBucket(questionsPerSecond, questionsTogether);
  /** Read already, in order: what is left of the bytes that came at once. */
  #waiting: Buffer[] = [];
  /** Whether the first that waits is a question that came too fast. */
  #isEarly = false;
  /** Whether nothing is read from the socket. */
  #isPaused = false;
  #isStopped = false;
  #whenDone: (() => void) | undefined;

  constructor(options: PaceOptions) {
    const { messagesPerSecond } = options;
    this.#options = options;
    this.#now = {
      messages: new TokenBucket(messagesPerSecond, atOnce),
      questions: new TokenBucket(questionsPerSecond, questionsAtOnce),
    };
    this.#messages = new TokenBucket(messagesPerSecond, messagesPerSecond * burstSeconds);
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** A frame has come. */
  take(frame: Buffer): void {
    if (this.#isStopped) return;
    if (this.isWaiting) {
      // Asked twice in a row, answered once.
      const isSame = kindOf(frame) === 'question' && this.#waiting.at(-1)?.equals(frame);
      if (!isSame) this.#waiting.push(frame);
      return;
    }
    if (this.#options.isReady() && this.#isInTime(frame)) return this.#options.handle(frame);
    this.#waiting.push(frame);
    this.#isPaused = true;
    this.#options.source.pause();
    this.#options.lane.join(this);
  }

  /** Hands on what waits, for about this cost; says what it came to. */
  serve(budget: number): number {
    let cost = 0;
    let weight = 0;
    let last: Buffer | undefined;
    while (this.isWaiting && cost < budget && this.#options.isReady()) {
      const frame = this.#waiting[0] as Buffer;
      const kind = kindOf(frame) ?? 'other';
      if (kind === 'question' && !this.#questions.take(1)) {
        this.#isEarly = true;
        break;
      }
      this.#waiting.shift();
      if (this.#isEarly) weight += weightOfEarlyQuestion;
      else if (kind !== 'question' && !this.#messages.take(costOf(frame)))
        weight += this.#weightOf(kind, frame);
      this.#isEarly = false;
      cost += kind === 'question' ? budget : costOf(frame);
      last = frame;
      this.#options.handle(frame);
    }
    if (last && weight > 0) this.#options.onExcess(weight, last);
    if (!this.isWaiting) this.#done();
    return cost;
  }

  /** The peer has left: calls back when the edits that it sent before have been handled. Nobody hears an answer. */
  finish(then: () => void): void {
    this.#waiting = this.#waiting.filter((frame) => kindOf(frame) === 'edit');
    this.#isEarly = false;
    if (this.isWaiting) this.#whenDone = then;
    else then();
  }

  /** Takes nothing any more, and forgets what waits: nobody was told that it is saved. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
    this.#done();
  }

  #weightOf(kind: Exclude<FrameKind, 'question'>, frame: Buffer): number {
    const weight =
      kind === 'edit' && this.#options.mayBeFromOffline(frame) ? weightFromOffline : weights[kind];
    return Math.max(weight, costOf(frame));
  }

  #isInTime(frame: Buffer): boolean {
    const { messages, questions } = this.#now;
    if (kindOf(frame) === 'question') return questions.take(1) && this.#questions.take(1);
    const cost = costOf(frame);
    return messages.take(cost) && this.#messages.take(cost);
  }

  #done(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#options.source.resume();
    this.#whenDone?.();
  }
}

function costOf({ byteLength }: Buffer): number {
  return 1 + Math.floor(byteLength / bytesOfOne);
}
