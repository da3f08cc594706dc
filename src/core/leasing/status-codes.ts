// DHCP status codes that leasing uses (RFC 8415 §21.13). N-003: no UseMulticast (5).

export const STATUS = {
  Success: 0,
  UnspecFail: 1,
  NoAddrsAvail: 2,
  NoBinding: 3,
  NotOnLink: 4,
  NoPrefixAvail: 6,
} as const;
