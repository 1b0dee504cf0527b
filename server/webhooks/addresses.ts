/**
 * Where a webhook may go: to the public internet, and to whatever the configuration allows by name.
 *
 * A name is looked up once for each request, every address that it has is judged, and the request goes to one of
 * those: a name that leads elsewhere a moment later leads nowhere.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Not the public internet (RFC 6890 and its registry). */
const privateV4 = blockListOf('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]);

/** In IPv6 all that is public begins with 001; of that, what leads into IPv4 or is for documentation. */
const publicV6 = blockListOf('ipv6', [['2000::', 3]]);
const privateV6 = blockListOf('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

/** Whether this IP address is on the public internet. An IPv4 address in IPv6 clothes is not. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !privateV4.check(address, 'ipv4');
  return isIP(address) === 6 && publicV6.check(address, 'ipv6') && !privateV6.check(address, 'ipv6');
}

/** The host of a URL as it is configured and looked up: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * The addresses that may be connected to, each of them judged.
 *
 * @param privateHosts names (or addresses) that may be private
 * @throws Error when there are none, or when one of them is private and that was not allowed
 */
export async function addressesFor(url: URL, privateHosts: readonly string[]): Promise<Address[]> {
  const host = hostOf(url);
  const found = isIP(host) ? [{ address: host, family: isIP(host) }] : await lookup(host, { all: true });
  const forbidden = found.find(({ address }) => !isPublic(address));
  if (forbidden && !privateHosts.includes(host)) {
    throw new Error(
      `${host} is at the private address ${forbidden.address}; webhooks.private_hosts does not name it`,
    );
  }
  return found as Address[];
}

function blockListOf(family: 'ipv4' | 'ipv6', subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, family);
  return list;
}
