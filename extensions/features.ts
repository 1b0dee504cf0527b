/**
 * Does this editor know all that a document may hold?
 *
 * One that does not would delete, for everybody, what its schema lacks, just by opening the document. What an editor
 * has it announces in the WebSocket's address (`?features=table,image`, made by `civicpress-realtime/client`).
 */
import type { Extension, onConnectPayload } from '@hocuspocus/server';
import { RealtimeError } from '../server/errors.ts';
import type { ConnectionContext } from '../server/session.ts';

export interface FeaturesOptions {
  /** What stands in documents as nodes of its own. */
  readonly configured: readonly string[];
  /** Whether an editor that announces nothing is kept out. */
  readonly mustAnnounce: boolean;
}

export class Features implements Extension<ConnectionContext> {
  readonly #options: FeaturesOptions;

  constructor(options: FeaturesOptions) {
    this.#options = options;
  }

  async onConnect({ context }: onConnectPayload<ConnectionContext>): Promise<void> {
    const { configured, mustAnnounce } = this.#options;
    const { features } = context.socket;
    if (features === null && !mustAnnounce) return;
    const missing = configured.filter((feature) => !features?.has(feature));
    if (features === null || missing.length > 0) {
      throw new RealtimeError('missing-features', { context: { missing } });
    }
  }
}
