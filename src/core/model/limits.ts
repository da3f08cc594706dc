// Every number that bounds something, with its reason. Defaults of the configuration stand here too.

export const LIMITS = {
  /** RFC 8415 §7.6 HOP_COUNT_LIMIT is 8, so hop-counts 0 to 8 reach a server: nine levels (D-182). */
  relayLevels: 9,
  /** Options nested in options: CLIENT_DATA > IA > IAADDR > options is 4; a margin, then malformed. */
  optionNesting: 8,
  /** An outgoing datagram: the UDP payload limit (D-008). */
  datagramBytes: 65_527,
  /** No step touches more rows than this. */
  rowsPerStep: 4_096,
  /** Leases that one tick ends (housekeeping, after client traffic). */
  expiriesPerTick: 1_024,
  /** D-294: leases one client may hold. */
  leasesPerClient: 32,
  /** Free leases by which a client's earlier ones are found again; older ones are only rows that are free. */
  hintsPerClient: 32,
  /** IAs that one message may name; a real client names two or three. */
  iasPerMessage: 32,
  /** IAs beyond these that are refused with a status each; of any more a message says nothing: the answer has to fit. */
  iasRefused: 1_024,
  /** Memory that a lease may need: a row with its indexes, and relay data and FQDN of the longest kind. */
  leaseMemoryBytes: 4_608,
  /** Room on the disk that a lease may need: in two snapshots and the log between them. */
  leaseDiskBytes: 13_824,
  /** Leases that any machine may hold, however small it says it is. */
  leastCapacity: 1_000,
  /** Addresses one client may have declined at a time (N-013). */
  declinesPerClient: 8,
  /** One in so many addresses of a link stays out of use because clients declined it; more return early, the oldest first. Real
   * duplicates are few, and one that is given again is declined again. */
  declinedPart: 4,
  /** Declined addresses of a link that return in one look, and those looked at for them. */
  declinedReturned: 64,
  declinedLookedAt: 256,
  /** Links that one tick looks at for such addresses. */
  linksPerLook: 256,
  /** Candidates tried for one new lease before it is "none available". */
  allocationAttempts: 256,
  /** Candidates tried in order after hashing found nothing (small pools are exhausted exactly). */
  allocationScan: 4_096,
  /** Candidates tried for all IAs of one message: two searches to the end of a pool that is nearly full. */
  candidatesPerMessage: 8_704,
  /** Of the oldest offers of a link this many are looked at for a client that finds nothing else. */
  offersTried: 16,
  /** Offers held at a time, for all clients. */
  offersHeld: 100_000,
  /** Entries of a prefix pool's block map. */
  blocksPerPool: 4_096,
  /** Prefix records that a balance counts in a tick: it has time. */
  rowsPerBalance: 1_024,
  /** Prefix pools that a balance counts in a tick. */
  poolsPerBalance: 64,
  /** Prefix pools in an answer of `failover status`. */
  poolsShown: 100,
  /** Single prefixes that a balance gives back to the secondary, for each pool: each is a message. */
  holesPerBalance: 256,
  /** Parts of pools remembered because the partner refused them. */
  refusedParts: 1_000,
  /** Records that may be looked at to join two blocks. */
  rowsToJoin: 64,
  /** Leases in one BNDUPD; one client rarely has more, the rest go in another (F-290). */
  leasesPerBndupd: 16,
  /** IAs and leases in a BNDUPD that is taken: the answer has up to 156 octets for each, and a frame 65,535. */
  leasesInUpdate: 256,
  /** BNDUPDs we take without acknowledging (OPTION_F_MAX_UNACKED_BNDUPD that we send). */
  maxUnackedBndupd: 1_000,
  /** BNDUPDs that we leave open even if the partner takes more: bounds the window's memory. */
  windowMax: 4_000,
  /** UPDREQs and UPDREQALLs of a partner that wait for their UPDDONE; it needs one at a time. */
  updateRequests: 16,
  /** Octets of one failover message: the frame length has 16 bits. */
  frameBytes: 65_535,
  /** Connections from one partner's address that no CONNECT has been accepted on yet (F-551): a partner needs one at a
   * time. Of more the oldest that has got least far yields. */
  pendingLinks: 16,
  /** Incoming connections that the process holds for each relationship before the core has seen them (F-551): four times
   * what the core keeps, so that a burst does not shut the partner out. */
  incomingLinks: 64,
  /** Held outputs before client messages are shed. */
  heldOutputs: 65_536,
  /** Lines of one log event in a second; the rest is counted. A packet of 64 kB can name 2,000 leases. */
  logLines: 50,
  /** The same for the record of leases: above what a large network does on a busy morning, 400 kB at most. */
  recordLines: 1_000,
  /** Octets of a client's FQDN or relay data kept with a lease; longer ones are not kept. */
  keptBytes: 2_048,
} as const;

/** Defaults in milliseconds or seconds, as the name says; all configurable. */
export const DEFAULTS = {
  preferredLifetimeSeconds: 3_000,
  validLifetimeSeconds: 4_000,
  /** RFC 8156 §4.4, peers' convention. */
  mcltSeconds: 3_600,
  /** Below this a first lease would be shorter than RFC 8156 §1 allows (F-003). */
  mcltMinimumSeconds: 30,
  heartbeatMillis: 2_000,
  offerHeldMillis: 60_000,
  declinedHeldSeconds: 86_400,
  startupMillis: 10_000,
  keepaliveMillis: 10_000,
  keepaliveForeignMillis: 60_000,
  contactsPerKeepalive: 4,
  drainMillis: 5_000,
  /** T-06 (6): a lease ends here this long after its client's expiry. */
  graceSeconds: 10,
  /** T-06: how long after its recorded expiry a client may hold a lease: 2 s until the answer leaves, 5 s on its way,
   * 1 s by its own clock. */
  heldSeconds: 8,
  /** F-561: the partner's clock may have been behind (5 s permitted, 1 s rounding). */
  skewMarginSeconds: 6,
  /** F-168, F-232: clocks may differ by this. */
  skewPermittedSeconds: 5,
  /** T-06 (1): the wall clock has stepped when it is this far from where it was. */
  clockStepMillis: 1_000,
  /** T-06: no datagram is under way for longer than this. */
  datagramLifeSeconds: 5,
  /** T-06 (4): a reply to a client older than this is not sent. */
  replyMaxAgeMillis: 2_000,
  /** T-07: so old may the partner's memory of our log be: an older copy of it that is put back is noticed. */
  storeToldMillis: 1_000,
  /** T-06 (4): what may have waited in the kernel for longer is dropped when it is read: its answer would be too late. */
  queueOldMillis: 1_000,
  /** A queue that grew too old is served again once it is empty, or younger than this. */
  queueYoungMillis: 500,
  /** D-300: a SOLICIT that waited longer is dropped, its client has sent the next one. */
  solicitMaxWaitMillis: 1_000,
  connectRetryMillis: 1_000,
  /** With its jitter 2 s: so soon a healed connection is tried. */
  connectRetryMaxMillis: 1_600,
  /** A connection that nobody accepts within this is given up: the system would ask ever less often. */
  connectOpenMillis: 2_000,
  /** F-151: after a rejection or DISCONNECT. */
  connectRetryRejectedMillis: 15_000,
  /** F-160: no CONNECT, CONNECTREPLY or first STATE within this. */
  connectPhaseMillis: 10_000,
  /** POOLREQ at most once in this time. */
  poolRequestMillis: 60_000,
  /** F-039: prefix pools are counted again at most once in this time. */
  balanceMillis: 10_000,
  /** a rejected update goes out again after this, doubling up to an hour. */
  rejectedRetryMillis: 10_000,
  rejectedRetryMaxMillis: 3_600_000,
  /** F-417: neither UPDDONE nor a BNDUPD for this long. */
  updateSilenceMillis: 60_000,
  /** T-13: the pause in contact after settling made no progress, doubling up to ten minutes. */
  standstillPauseMillis: 60_000,
  standstillPauseMaxMillis: 600_000,
  informationRefreshSeconds: 86_400,
} as const;

/** A message may have been sent this much before a time on record that it arrives after: it was under way, and the time
 * may be by the partner's clock (F-561, T-06). */
export const MAY_BE_OLD_SECONDS = DEFAULTS.datagramLifeSeconds + DEFAULTS.skewMarginSeconds;
