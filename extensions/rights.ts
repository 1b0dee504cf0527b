/**
 * May they still? Everybody who is in is asked about again, on a period and on revocation, and what CivicPress says
 * counts at once.
 *
 * Who may only read from now on is told so, in place: what was taken before stays theirs, nothing after it is taken. Who
 * may edit now has perhaps typed already, and who may not be here any longer would go on typing into nothing: their
 * socket is closed, and a provider comes back with all that it has, or is refused.
 */
import type { Connection } from '@hocuspocus/server';
import { parseDocumentName } from '../server/document-name.ts';
import { asRealtimeError, type ErrorCode, errors, RealtimeError } from '../server/errors.ts';
import type { Announcer } from '../server/events.ts';
import type { Access, Credentials, Identity, Logger, Revocation, User } from '../server/ports.ts';
import { Rechecks } from '../server/rechecks.ts';
import type { RoomTypes } from '../server/room-types.ts';
import type { ClientSocket, Session } from '../server/session.ts';
import { Turns } from '../server/turns.ts';
import type { Notices } from './notices.ts';
import { setScope } from './scope.ts';

export interface RightsOptions {
  readonly identity: Identity;
  readonly roomTypes: RoomTypes;
  readonly notices: Notices;
  readonly recheckMs: number;
  readonly staleMs: number;
  readonly events: Announcer;
  readonly log: Logger;
}

/** What a re-check came to, in connections. */
export interface RecheckResult {
  checked: number;
  /** To reading. */
  demoted: number;
  /** To editing. */
  promoted: number;
  closed: number;
  /** CivicPress did not answer: they are checked again as soon as it does. */
  unanswered: number;
}

/** Where somebody comes in. */
export interface Door {
  readonly socket: ClientSocket;
  /** Hocuspocus makes the connection by it, once the document is loaded. */
  readonly connectionConfig: { readOnly: boolean };
}

/** One connection: a session on a document. */
interface Seat extends Door {
  readonly documentName: string;
  readonly session: Session;
  readonly since: number;
  holder: Holder;
  /** Unset while the document is loading. */
  connection: Connection | undefined;
  /** What the editor was told that it may do. */
  told: Access;
}

/** Everybody who is in with one token: they are asked about together. */
interface Holder {
  readonly credentials: Credentials;
  readonly seats: Set<Seat>;
}

/** What CivicPress says of a token now. */
interface Verdict {
  readonly user: User;
  /** By document. */
  readonly access: ReadonlyMap<string, Access>;
}

type Outcome = 'unchanged' | 'demoted' | 'promoted' | 'closed';

/** Why somebody is closed who may not be here any longer. */
const lost: ReadonlySet<string> = new Set<ErrorCode>(['no-such-record', 'not-authenticated']);

/** A join that has come to nothing after this long is forgotten. */
const joiningMs = 60_000;

/** So many are asked about at once on a revocation. */
const atOnce = 10;

export class Rights {
  readonly #options: RightsOptions;
  readonly #rechecks: Rechecks<Holder>;

  /** By token. It stays in memory for as long as it is in use: CivicPress is asked about it. */
  readonly #holders = new Map<string, Holder>();
  readonly #seats = new Map<Session, Seat>();

  /** The checks of one token, so that no late answer comes after a newer one. */
  readonly #turns = new Turns();

  /** How many there were: who asked before one asks again. */
  #revocations = 0;

  constructor(options: RightsOptions) {
    this.#options = options;
    const { identity, recheckMs, staleMs, log } = options;
    this.#rechecks = new Rechecks({
      periodMs: recheckMs,
      staleMs,
      paceOf: ({ credentials }) => identity.paceOf(credentials),
      check: async (holder) => void (await this.#check(holder)),
      giveUp: (holder, error) => this.#giveUp(holder, error),
      log,
    });
  }

  /** @throws RealtimeError when CivicPress does not let them in, or does not answer */
  async admit(documentName: string, credentials: Credentials, door: Door): Promise<Session> {
    const { user, access } = await this.#ask(documentName, credentials);
    if (access === 'none') throw new RealtimeError('no-such-record', { context: { userId: user.id } });
    const session: Session = { user, access };
    const holder = this.#holderOf(credentials);
    const seat = { ...door, documentName, session, holder, connection: undefined, told: access };
    this.#seat({ ...seat, since: performance.now() }, holder);
    return session;
  }

  /** The document is loaded. */
  seated(session: Session, connection: Connection): void {
    const seat = this.#seats.get(session);
    if (!seat) return;
    seat.connection = connection;
    if (seat.told !== session.access) this.#tell(seat, connection);
  }

  left(session: Session): void {
    const seat = this.#seats.get(session);
    if (seat) this.#remove(seat);
  }

  /** The editor sent another token: of the same user it takes the place of the one before. */
  async renewToken(session: Session, token: string): Promise<void> {
    const seat = this.#seats.get(session);
    if (!seat || token === seat.holder.credentials.token) return;
    const credentials = { token, address: seat.socket.address };
    try {
      const { user, access } = await this.#ask(seat.documentName, credentials);
      if (this.#seats.get(session) !== seat) return;
      if (user.id !== session.user.id) throw new RealtimeError('another-user');
      this.#remove(seat);
      this.#seat(seat, this.#holderOf(credentials));
      this.#apply(seat, user, access);
    } catch (thrown) {
      const error = asRealtimeError(thrown);
      const { documentName, socket } = seat;
      const fields = {
        socket: socket.id,
        documentName,
        userId: session.user.id,
        code: error.code,
        ...error.context,
      };
      this.#options.log.info(fields, 'a new token was not taken');
      // Without an answer the token before goes on counting, until it ends.
      const isUnanswered = error.isRetryable && error.code !== 'another-user';
      if (!isUnanswered && this.#seats.has(session)) this.#close(seat, error.code);
    }
  }

  /** Believes nothing of this any longer, and asks at once about everybody whom it concerns. */
  async revoke(revocation: Revocation): Promise<RecheckResult> {
    const { identity } = this.#options;
    this.#revocations += 1;
    identity.forget(revocation);
    const waiting = [...this.#holders.values()].filter((holder) => concerns(revocation, holder));
    const total = nothing();
    const work = async () => {
      for (let holder = waiting.shift(); holder; holder = waiting.shift()) {
        const result = await this.#checkNow(holder);
        for (const key of Object.keys(total) as (keyof RecheckResult)[]) total[key] += result[key];
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return total;
  }

  /** With which somebody is in. */
  tokens(): Iterable<string> {
    return this.#holders.keys();
  }

  stop(): void {
    this.#rechecks.stop();
  }

  /** What is known, or what CivicPress says; asked again when it may have been answered before a revocation. */
  async #ask(
    documentName: string,
    credentials: Credentials,
  ): Promise<{ readonly user: User; readonly access: Access }> {
    const { identity, roomTypes } = this.#options;
    for (;;) {
      const revocations = this.#revocations;
      const user = await identity.userOf(credentials);
      const access = await roomTypes.accessTo(documentName, credentials);
      if (revocations === this.#revocations) return { user, access };
    }
  }

  #holderOf(credentials: Credentials): Holder {
    const holder = this.#holders.get(credentials.token) ?? { credentials, seats: new Set() };
    if (!this.#holders.has(credentials.token)) {
      this.#holders.set(credentials.token, holder);
      this.#rechecks.add(holder, this.#options.identity.askedAt(credentials));
    }
    return holder;
  }

  #seat(seat: Seat, holder: Holder): void {
    seat.holder = holder;
    holder.seats.add(seat);
    this.#seats.set(seat.session, seat);
  }

  #remove(seat: Seat): void {
    const { holder, session } = seat;
    this.#seats.delete(session);
    holder.seats.delete(seat);
    if (holder.seats.size > 0) return;
    this.#holders.delete(holder.credentials.token);
    this.#rechecks.remove(holder);
  }

  async #checkNow(holder: Holder): Promise<RecheckResult> {
    try {
      const result = await this.#check(holder);
      this.#rechecks.checked(holder);
      return result;
    } catch (thrown) {
      this.#rechecks.checked(holder, asRealtimeError(thrown));
      return { ...nothing(), checked: holder.seats.size, unanswered: holder.seats.size };
    }
  }

  /** @throws RealtimeError without an answer */
  #check(holder: Holder): Promise<RecheckResult> {
    return this.#turns.take(holder.credentials.token, async () => {
      const result = nothing();
      for (const seat of holder.seats) {
        if (!seat.connection && seat.since < performance.now() - joiningMs) this.#remove(seat);
      }
      const seats = [...holder.seats];
      if (seats.length === 0) return result;
      const verdict = await this.#verdictOn(holder.credentials, seats);
      for (const seat of seats) {
        // Somebody may have left meanwhile, or have another token now.
        if (seat.holder !== holder || this.#seats.get(seat.session) !== seat) continue;
        result.checked += 1;
        const outcome = verdict
          ? this.#apply(seat, verdict.user, verdict.access.get(seat.documentName) ?? seat.session.access)
          : this.#close(seat, 'not-authenticated');
        if (outcome !== 'unchanged') result[outcome] += 1;
      }
      return result;
    });
  }

  /** `null` when the session has ended. */
  async #verdictOn(credentials: Credentials, seats: readonly Seat[]): Promise<Verdict | null> {
    const { identity } = this.#options;
    const documentNames = [...new Set(seats.map(({ documentName }) => documentName))];
    try {
      await identity.renew(credentials, documentNames.flatMap(recordIdIn));
      const user = await identity.userOf(credentials);
      const access = new Map<string, Access>();
      for (const name of documentNames) {
        const answer = await this.#accessNow(name, credentials);
        if (answer !== null) access.set(name, answer);
      }
      return { user, access };
    } catch (thrown) {
      const error = asRealtimeError(thrown);
      if (error.code === 'not-authenticated') return null;
      throw error;
    }
  }

  /** `null` when that cannot be said for another reason than rights, such as a record that nobody can read now. */
  async #accessNow(documentName: string, credentials: Credentials): Promise<Access | null> {
    try {
      return await this.#options.roomTypes.accessTo(documentName, credentials);
    } catch (thrown) {
      const error = asRealtimeError(thrown);
      if (error.isRetryable || error.code === 'not-authenticated') throw error;
      return null;
    }
  }

  #apply(seat: Seat, user: User, access: Access): Outcome {
    const { session, connection, connectionConfig } = seat;
    if (access === 'none') return this.#close(seat, 'no-such-record');
    session.user = user;
    if (access === session.access) return 'unchanged';
    if (access === 'edit' && connection) return this.#promote(seat);
    session.access = access;
    connectionConfig.readOnly = access === 'read';
    if (connection) this.#tell(seat, connection);
    this.#note(seat, access);
    return access === 'read' ? 'demoted' : 'promoted';
  }

  /** The notice says why. */
  #tell(seat: Seat, connection: Connection): void {
    const { access } = seat.session;
    const isReader = access === 'read';
    seat.told = access;
    setScope(connection, isReader);
    const { reason } = errors['not-allowed'];
    if (isReader) {
      this.#options.notices.tellOne(connection, {
        event: 'rights-changed',
        data: { access: 'read', reason },
      });
    }
  }

  /** What was refused so far is on no way to us any longer: a provider that comes back brings all of it. */
  #promote(seat: Seat): Outcome {
    this.#close(seat, 'may-edit-now');
    return 'promoted';
  }

  #giveUp(holder: Holder, error: RealtimeError): void {
    this.#options.identity.forget({ token: holder.credentials.token });
    for (const seat of [...holder.seats]) this.#close(seat, error.code);
  }

  #close(seat: Seat, code: ErrorCode): 'closed' {
    const { socket, connection, connectionConfig } = seat;
    const { closeCode, reason } = errors[code];
    // What is on its way in is not taken any longer, and nothing goes out behind the close frame.
    connectionConfig.readOnly = true;
    if (connection) connection.readOnly = true;
    socket.close(closeCode, reason);
    connection?.close({ code: closeCode, reason });
    this.#remove(seat);
    this.#note(seat, code);
    return 'closed';
  }

  #note({ session, documentName, socket }: Seat, outcome: Access | ErrorCode): void {
    const fields = { socket: socket.id, userId: session.user.id, documentName, outcome };
    this.#options.log.info(fields, 'rights changed');
    const left = outcome === 'read' ? 'read' : lost.has(outcome) ? 'none' : null;
    if (left === null) return;
    const facts = { documentName, userId: session.user.id, access: left } as const;
    this.#options.events.emit('realtime:access:revoked', facts, socket.id);
  }
}

function nothing(): RecheckResult {
  return { checked: 0, demoted: 0, promoted: 0, closed: 0, unanswered: 0 };
}

function concerns(revocation: Revocation, { credentials, seats }: Holder): boolean {
  if ('token' in revocation) return credentials.token === revocation.token;
  return [...seats].some(({ session, documentName }) =>
    'userId' in revocation
      ? session.user.id === revocation.userId
      : recordIdIn(documentName).includes(revocation.recordId),
  );
}

function recordIdIn(documentName: string): string[] {
  const { type, id } = parseDocumentName(documentName);
  return type === 'record' && id !== null ? [id] : [];
}
