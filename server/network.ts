/**
 * What counts as one sender: an IPv4 address, or the first half of an IPv6 address. Whoever has one of those has them
 * all: 2⁶⁴ addresses would make a limit for each of them none.
 */
import { isIPv6 } from 'node:net';

const groupsOfNetwork = 4;
const groups = 8;

/** @returns what is no IPv6 address as it is, and IPv4 in IPv6 clothes without them */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '');
  const clothed = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain);
  if (clothed) return clothed[1] as string;
  if (!isIPv6(plain)) return address;
  // Written in one way only, and without IPv4 at its end.
  const { hostname } = new URL(`http://[${plain}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : groups - first.length - last.length;
  const all = [...first, ...Array<string>(zeros).fill('0'), ...last];
  return `${all.slice(0, groupsOfNetwork).join(':')}::/64`;
}

/**
 * The networks around one, of 24 and 16 bits, or of 48 and 32: whoever has very many networks has most of them there.
 *
 * @param network as `networkOf` gives it
 */
export function surroundingsOf(network: string): string[] {
  const separator = network.includes(':') ? ':' : '.';
  const parts = network.split(separator);
  return [3, 2].map((count) => parts.slice(0, count).join(separator) + separator);
}
