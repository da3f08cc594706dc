// Messages for the checkers' tests, put together by hand: nothing of the servers' codec, nothing of the checkers'.

type Octets = readonly number[];

const u16 = (value: number): Octets => [value >> 8, value & 255];
const u32 = (value: number): Octets => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];
const option = (code: number, data: Octets): Octets => [...u16(code), ...u16(data.length), ...data];
const octets = (hex: string): Octets =>
  (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));

export interface TestLease {
  /** The last octets; the rest is 2001:db8::. */
  readonly tail: string;
  /** Absent: an address. */
  readonly length?: number;
  readonly preferred?: number;
  readonly valid: number;
}

export const address = (tail: string): string => `20010db8${tail.padStart(24, "0")}`;
export const prefix = (head: string): string => `20010db8${head.padEnd(24, "0")}`;

const addressOf = (lease: TestLease): string =>
  lease.length === undefined ? address(lease.tail) : prefix(lease.tail);

function leaseOption(lease: TestLease, options: Octets = []): Octets {
  const { length, preferred = lease.valid, valid } = lease;
  const times = [...u32(preferred), ...u32(valid)];
  const at = octets(addressOf(lease));
  return length === undefined
    ? option(5, [...at, ...times, ...options])
    : option(26, [...times, length, ...at, ...options]);
}

function ia(lease: TestLease, iaid: number, inner: Octets): Octets {
  return option(lease.length === undefined ? 3 : 25, [
    ...u32(iaid),
    ...u32(0),
    ...u32(0),
    ...inner,
  ]);
}

export const DUID = { one: "00030001aaaaaaaaaa01", two: "00030001aaaaaaaaaa02" } as const;
export const SERVER = { a: "00030001bbbbbbbbbb0a", b: "00030001bbbbbbbbbb0b" } as const;

export interface TestMessage {
  readonly type: "REPLY" | "ADVERTISE" | "RELEASE" | "DECLINE" | "RENEW" | "SOLICIT";
  readonly duid: string;
  readonly server?: string;
  readonly leases?: readonly TestLease[];
  /** An IA with only this status. */
  readonly denied?: number;
}

const TYPES = { SOLICIT: 1, ADVERTISE: 2, RENEW: 5, REPLY: 7, RELEASE: 8, DECLINE: 9 } as const;

/** All leases stand in one IA with IAID 7. */
export function message({ denied, duid, leases = [], server, type }: TestMessage): Uint8Array {
  const [first] = leases;
  const inner = leases.flatMap((lease) => leaseOption(lease));
  const status =
    denied === undefined ? [] : [ia({ tail: "0", valid: 0 }, 7, option(13, u16(denied)))];
  return Uint8Array.from([
    TYPES[type],
    ...[1, 2, 3],
    ...option(1, octets(duid)),
    ...(server === undefined ? [] : option(2, octets(server))),
    ...(first === undefined ? [] : ia(first, 7, inner)),
    ...status.flat(),
  ]);
}

/** The same inside one RELAY-REPL. */
export function relayed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([13, 0, ...new Array<number>(32).fill(0), ...option(9, [...bytes])]);
}

const STATUS = { ACTIVE: 1, EXPIRED: 2, RELEASED: 3, FREE: 5 } as const;

export interface TestUpdate {
  readonly type: "BNDUPD" | "BNDREPLY";
  readonly id?: number;
  readonly duid: string;
  readonly lease: TestLease;
  readonly status: keyof typeof STATUS;
  /** Seconds since 2000. */
  readonly partnerLifetimeSent?: number;
  readonly stateExpirationTime?: number;
  readonly error?: number;
}

/** One framed message of the failover connection about one lease (RFC 8156 §7.4, §7.6). */
export function update(given: TestUpdate): Uint8Array {
  const inner = [
    ...option(114, [STATUS[given.status]]),
    ...(given.stateExpirationTime === undefined ? [] : option(134, u32(given.stateExpirationTime))),
    ...(given.partnerLifetimeSent === undefined ? [] : option(124, u32(given.partnerLifetimeSent))),
    ...(given.error === undefined ? [] : option(13, u16(given.error))),
  ];
  const data = [
    ...option(1, octets(given.duid)),
    ...ia(given.lease, 7, leaseOption(given.lease, inner)),
  ];
  const type = given.type === "BNDUPD" ? 24 : 25;
  const body = [type, 0, 0, given.id ?? 1, ...u32(0), ...option(45, data)];
  return Uint8Array.from([...u16(body.length), ...body]);
}
