// Time in the core: lease time in milliseconds (T-06) and whole seconds since 2000 as on the wire
// (RFC 8156 §3, modulo 2^32, compared as serial numbers; 0 means "none").

/** Lease time: milliseconds since the Unix epoch, monotonic; never read from a clock in the core. */
export type Millis = number;

/** Seconds since 2000-01-01T00:00:00Z modulo 2^32; 0 = none. */
export type DhcpTime = number;

/** A length of time in whole seconds (0xffffffff = infinity where RFC 8415 §7.7 says so). */
export type Seconds = number;

/** RFC 8415 §7.7. */
export const INFINITY_SECONDS = 0xffffffff;

/** F-012: Unix time of 2000-01-01T00:00:00Z in seconds (RFC 8156 §3). */
export const DHCP_EPOCH = 946_684_800;

/** No time. */
export const NO_TIME: DhcpTime = 0;

/** T-06 (2): the second in which `now` lies, for transaction times. */
export function floorTime(now: Millis): DhcpTime {
  return (Math.floor(now / 1000) - DHCP_EPOCH) >>> 0;
}

/** T-06 (2): the first whole second not before `now`, the base of every expiry. */
export function ceilTime(now: Millis): DhcpTime {
  return (Math.ceil(now / 1000) - DHCP_EPOCH) >>> 0;
}

/** Lease time at which a second begins. */
export function startOf(time: DhcpTime): Millis {
  return (time + DHCP_EPOCH) * 1000;
}

/** Adds seconds modulo 2^32. */
export function addSeconds(time: DhcpTime, seconds: Seconds): DhcpTime {
  return (time + seconds) >>> 0;
}

/** F-013, A-58: `a - b` as a signed serial difference in seconds (-2^31 to 2^31-1). */
export function diffSeconds(a: DhcpTime, b: DhcpTime): number {
  return (a - b) | 0;
}

/** Whether `a` is strictly later than `b`; none (0) is earlier than any time. */
export function isLater(a: DhcpTime, b: DhcpTime): boolean {
  if (a === NO_TIME) return false;
  return b === NO_TIME || diffSeconds(a, b) > 0;
}

/** The later of two times; none (0) loses against any time. */
export function laterOf(a: DhcpTime, b: DhcpTime): DhcpTime {
  return isLater(a, b) ? a : b;
}

/** Whether `time` is set and not after the second of `now`. */
export function isPast(time: DhcpTime, now: Millis): boolean {
  return time !== NO_TIME && diffSeconds(floorTime(now), time) >= 0;
}
