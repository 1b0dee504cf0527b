/**
 * An embedded CivicPress, the flaky proxy before it, and the ports that the server would have to it.
 */
import { onTestFinished } from 'vitest';
import { type CivicPressOptions, connectCivicPress } from '../../../server/civicpress/http.ts';
import type { EmbeddedCivicPressOptions } from '../../../server/demo/civicpress/index.ts';
import type { Credentials, Identity, Records } from '../../../server/ports.ts';
import { startTestApi, type TestApi } from '../../demo/api-client.ts';
import { type FlakyProxy, startFlakyProxy } from '../../helpers/flaky-proxy.ts';

export interface Office {
  readonly api: TestApi;
  /** Stands between the ports and CivicPress. */
  readonly wire: FlakyProxy;
  readonly identity: Identity;
  readonly records: Records;
  /** Signs somebody in at CivicPress. */
  credentialsOf(username: string, role: string): Promise<Credentials>;
}

export interface OfficeOptions {
  readonly civicpress?: Partial<EmbeddedCivicPressOptions>;
  readonly connection?: Partial<CivicPressOptions>;
}

const service = { username: 'realtime', password: 'of the tests' };

export async function openOffice({ civicpress, connection }: OfficeOptions = {}): Promise<Office> {
  const api = await startTestApi({ users: [{ ...service, role: 'clerk' }], ...civicpress });
  const wire = await startFlakyProxy(api.civicpress.url);
  onTestFinished(() => wire.close());
  const ports = connectCivicPress({
    ...{ url: wire.url, service, timeoutMs: 2_000, cacheMs: 60_000, forwardAddress: false },
    ...connection,
  });
  const credentialsOf = async (username: string, role: string) => ({
    token: await api.login(username, role),
    address: '192.0.2.1',
  });
  return { api, wire, ...ports, credentialsOf };
}
