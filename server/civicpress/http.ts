/**
 * CivicPress over its HTTP API, as the ports that the server asks for.
 */
import type { Identity, Records } from '../ports.ts';
import { CivicPressClient } from './client.ts';
import { CivicPressIdentity } from './identity.ts';
import { CivicPressRecords } from './records.ts';
import { type ServiceCredentials, ServiceSession } from './service-session.ts';

export interface CivicPressOptions {
  /** Base URL, without `/api/v1`. */
  readonly url: string;
  /** The CivicPress user that the server reads and writes drafts as. */
  readonly service: ServiceCredentials;
  readonly timeoutMs: number;
  readonly cacheMs: number;
  readonly forwardAddress: boolean;
  /** How long somebody is taken for an administrator before CivicPress is asked again whether they are. */
  readonly administratorMs?: number;
}

export interface CivicPress {
  readonly identity: Identity;
  readonly records: Records;
  /** The server's own session, for what else is asked of CivicPress. */
  readonly service: ServiceSession;
}

export function connectCivicPress(options: CivicPressOptions): CivicPress {
  const client = new CivicPressClient({
    url: options.url.replace(/\/+$/, ''),
    timeoutMs: options.timeoutMs,
  });
  const service = new ServiceSession(client, options.service);
  return {
    identity: new CivicPressIdentity({
      client,
      cacheMs: options.cacheMs,
      forwardAddress: options.forwardAddress,
      administratorMs: options.administratorMs,
    }),
    records: new CivicPressRecords(service),
    service,
  };
}
