/**
 * Connection state recovery of Socket.IO over the feed's own history.
 *
 * Socket.IO's own adapter keeps every packet for two minutes, however many there are, and sends what was missed before
 * it is known who asks. Here an offset is an `eventId`: who comes back is asked for its token as everybody is, and the
 * feed tells it what it missed, or everything when that is too long ago.
 */
import { Adapter, type BroadcastOptions, type Session } from 'socket.io-adapter';

type Persisted = Omit<Session, 'missedPackets'>;

/** As long as Socket.IO's own. */
const keptMs = 120_000;

/** Beyond so many, those that left longest ago are forgotten: they subscribe anew. */
const maxSessions = 5_000;

export class SpecSessions extends Adapter {
  /** In the order in which they left. */
  readonly #sessions = new Map<string, Persisted & { readonly validUntil: number }>();

  /** What Socket.IO takes for its offset is a text behind the data. */
  override broadcast(packet: { data?: unknown[] }, options: BroadcastOptions): void {
    const eventId = (packet.data?.[1] as { eventId?: unknown } | undefined)?.eventId;
    if (typeof eventId === 'string') packet.data?.push(eventId);
    super.broadcast(packet, options);
  }

  override persistSession(session: Persisted): void {
    const now = performance.now();
    // Rooms are entered anew, with what was missed.
    this.#sessions.set(session.pid, { ...session, rooms: [session.sid], validUntil: now + keptMs });
    for (const [pid, { validUntil }] of this.#sessions) {
      if (validUntil > now && this.#sessions.size <= maxSessions) return;
      this.#sessions.delete(pid);
    }
  }

  override async restoreSession(pid: string): Promise<Session> {
    const session = this.#sessions.get(pid);
    this.#sessions.delete(pid);
    if (!session || session.validUntil <= performance.now()) return null as unknown as Session;
    return { ...session, missedPackets: [] };
  }
}
