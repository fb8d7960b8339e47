import { quoted } from '#promql/syntax/go-text';

/** An address as a number of 32 or 128 bits. */
export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
  readonly zone: string;
}

/** Whether an address is the one, or in the range or network, that a query names. */
export type AddressMatcher = (address: Address) => boolean;

/** `10.0.0.1`, `10.0.0.1-10.0.0.9` or `10.0.0.0/8`, and the same for IPv6. Throws an error with Loki's text. */
export function compileAddressMatcher(pattern: string): AddressMatcher {
  const single = parseAddress(pattern);
  if (single !== undefined) return (address) => compare(address, single) === 0 && address.zone === single.zone;
  const matcher = network(pattern) ?? range(pattern);
  if (matcher === undefined) throw new Error(`ip: invalid pattern: ${quoted(pattern)}`);
  return matcher;
}

function network(pattern: string): AddressMatcher | undefined {
  const slash = pattern.lastIndexOf('/');
  const base = slash === -1 ? undefined : parseAddress(pattern.slice(0, slash));
  const length = pattern.slice(slash + 1);
  if (base === undefined || base.zone !== '' || !/^(?:0|[1-9]\d*)$/.test(length) || Number(length) > base.bits) {
    return undefined;
  }
  const shift = BigInt(base.bits - Number(length));
  return ({ bits, value, zone }) => bits === base.bits && zone === '' && value >> shift === base.value >> shift;
}

function range(pattern: string): AddressMatcher | undefined {
  const dash = pattern.indexOf('-');
  const from = dash === -1 ? undefined : parseAddress(pattern.slice(0, dash));
  const to = dash === -1 ? undefined : parseAddress(pattern.slice(dash + 1));
  if (from === undefined || to === undefined || from.bits !== to.bits || from.zone !== '' || to.zone !== '') {
    return undefined;
  }
  if (from.value > to.value) return undefined;
  return (address) => compare(address, from) >= 0 && compare(address, to) <= 0 && address.zone === '';
}

function compare(left: Address, right: Address): number {
  if (left.bits !== right.bits) return left.bits - right.bits;
  return left.value < right.value ? -1 : left.value > right.value ? 1 : 0;
}

/** An address in Go's form; undefined for what is none. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const value = parseIpv4(text);
    return value === undefined ? undefined : { bits: 32, value, zone: '' };
  }
  const [address = '', ...zones] = text.split('%');
  const zone = zones.join('%');
  if (zones.length > 0 && zone === '') return undefined;
  const value = parseIpv6(address);
  return value === undefined ? undefined : { bits: 128, value, zone };
}

function parseIpv4(text: string): bigint | undefined {
  if (!/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(text)) return undefined;
  const parts = text.split('.').map(Number);
  return parts.some((part) => part > 255) ? undefined : parts.reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [before, after] = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  if (before === undefined || (halves.length === 2 && after === undefined)) return undefined;
  const written = before.length + (after?.length ?? 0);
  if (halves.length === 1 ? written !== 8 : written > 7) return undefined;
  const groups = [...before, ...new Array<number>(8 - written).fill(0), ...(after ?? [])];
  return groups.reduce((value, group) => value * 65_536n + BigInt(group), 0n);
}

/** Groups of 16 bits; the last two may be an IPv4 address. */
function groupsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    const embedded = isLast && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (embedded !== undefined) groups.push(Number(embedded >> 16n), Number(embedded & 65_535n));
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

const ipv4Hint = /^[0-9](?:\.|.\.|..\.)/s;
const ipv6Hint = /^(?:::[0-9a-fA-F]|[0-9a-fA-F]{1,4}:)/;
const ipv4Text = /[0-9.]*/y;
const ipv6Text = /[0-9a-fA-F:.]*/y;
/** Where an address can begin. */
const candidate = /[0-9a-fA-F:]/g;

/** Whether one of the addresses in a text matches. */
export function holdsAddress(text: string, matches: AddressMatcher): boolean {
  candidate.lastIndex = 0;
  for (let found = candidate.exec(text); found !== null; found = candidate.exec(text)) {
    const at = found.index;
    const ahead = text.slice(at, at + 5);
    const isIpv4 = at + 3 < text.length && ipv4Hint.test(ahead.slice(0, 4));
    if (!isIpv4 && !ipv6Hint.test(ahead)) continue;
    const extent = isIpv4 ? ipv4Text : ipv6Text;
    extent.lastIndex = at;
    const [written = ''] = extent.exec(text)!;
    const address = parseAddress(written);
    if (address !== undefined && matches(address)) return true;
    // What is behind the text is looked at from its second character on, as Loki does.
    candidate.lastIndex = at + written.length + 1;
  }
  return false;
}
