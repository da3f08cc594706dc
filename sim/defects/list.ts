// Seeded defects: each breaks one rule in the source, and the simulator must notice. They are applied when a bundle
// is made (tools/sim-defects.mjs), so that the product carries no switches for tests.

export interface Defect {
  readonly name: string;
  /** The rule that it breaks. */
  readonly rule: string;
  readonly file: string;
  /** Stands exactly once in the file, whatever its white space. */
  readonly find: string;
  readonly replace: string;
  /** Worlds to try at most; undefined: the tool's default. */
  readonly worlds?: number;
  /** Faults that its worlds have besides those they draw, as `--with` of the simulator takes them. */
  readonly with?: string;
}

const LIFETIMES: readonly Defect[] = [
  {
    name: "mclt-ignored",
    rule: "F-052: no lease beyond MCLT past what is acknowledged",
    file: "src/core/failover/updates/mclt.ts",
    find: "return addSeconds(laterOf(acked, ceilTime(now)), mclt);",
    replace: "return addSeconds(laterOf(acked, ceilTime(now)), mclt * 3);",
  },
  {
    name: "ack-of-a-rejection",
    rule: "F-355: a rejected update acknowledges nothing",
    file: "src/core/failover/updates/bndreply-apply.ts",
    find: "if (answer.status === 0) applyAccepted(context, lease, answer);",
    replace: "if (answer.status !== 99) applyAccepted(context, lease, answer);",
  },
  {
    name: "no-grace",
    rule: "T-06 (6): a lease ends here ten seconds after its client's expiry",
    file: "src/core/model/limits.ts",
    find: "graceSeconds: 10,",
    replace: "graceSeconds: -12,",
    worlds: 200,
  },
  {
    name: "earlier-expiry-recorded",
    rule: "T-04, F-558: no earlier expiry than either server told the client is recorded",
    file: "src/core/failover/updates/bndupd-store.ts",
    find: "const expiry = laterOf(update.stateExpirationTime, later?.stateExpirationTime ?? NO_TIME);",
    replace: "const expiry = update.stateExpirationTime;",
  },
  {
    name: "survivor-ends-early",
    rule: "T-14: a lease runs here as long as the partner may have promised",
    file: "src/core/model/lease-status.ts",
    find: "return wasOurs ? stateExpirationTime : laterOf(stateExpirationTime, expirationTime);",
    replace: "return wasOurs ? stateExpirationTime : stateExpirationTime;",
  },
];

const ALLOCATION: readonly Defect[] = [
  {
    name: "parity-swapped",
    rule: "F-016, F-017: the lowest bit names the server that may begin a lease",
    file: "src/core/model/lease-status.ts",
    find: 'return lowBit(key.address) === 1 ? "FREE" : "FREE-BACKUP";',
    replace: 'return lowBit(key.address) === 0 ? "FREE" : "FREE-BACKUP";',
  },
  {
    name: "both-halves",
    rule: "F-021, F-023: the partner's half is not used",
    file: "src/core/failover/authority.ts",
    find: 'if (key.kind === "address") return freedStatus(key) === ownStatus;',
    replace: 'if (key.kind === "address") return true;',
  },
  {
    name: "every-prefix-is-own",
    rule: "F-029: only prefixes of the own part are delegated",
    file: "src/core/failover/authority.ts",
    find: "return prefixOwner(lease, block) === ownStatus;",
    replace: "return true;",
  },
  {
    name: "taken-back-at-once",
    rule: "F-034: what is taken back is the primary's when the secondary has answered",
    file: "src/core/failover/prefixes/moves.ts",
    find: 'status: "FREE", startTimeOfState: floorTime(now), });',
    replace: 'status: "FREE", startTimeOfState: floorTime(now), }); context.removeBlock(part);',
  },
  {
    name: "t-01-dropped",
    rule: "T-01: what the partner may still be renewing goes to nobody else",
    file: "src/core/failover/authority.ts",
    find: "if (!isOf(lease, client) || lease.endingSent || endpoint.isAlone(now)) return false;",
    replace: "",
  },
  {
    name: "private-for-everybody",
    rule: "T-01: only what nobody else ever knew is reused in PARTNER-DOWN",
    file: "src/core/model/lease-status.ts",
    find: "!lease.everSent && lease.expirationTime === NO_TIME",
    replace: "true || lease.expirationTime === NO_TIME",
  },
  {
    name: "freed-without-acknowledgement",
    rule: "F-045, F-262: what has ended is free by the partner's answer only",
    file: "src/core/leasing/expiry.ts",
    find: 'context.save(authority.ended(lease, "EXPIRED", now));',
    replace:
      'context.save({ ...authority.ended(lease, "EXPIRED", now), status: "FREE", marked: true });',
  },
];

const DISK: readonly Defect[] = [
  {
    name: "head-not-asked",
    rule: "R7031-62: a log that ends before what `head` noted has lost something",
    file: "src/core/store/replay.ts",
    find: "refuse(HEAD_NAME, head.content?.sequence ?? 0);",
    replace: "refuse(HEAD_NAME, 0);",
    with: "rot",
  },
  {
    name: "never-fit-again",
    rule: "T-08: a server whose disk takes what is written serves again by itself",
    file: "src/core/server/disk-watch.ts",
    find: 'this.#unfit = undefined; return "became fit";',
    replace: "return undefined;",
    with: "stalled-disk",
  },
  {
    name: "released-before-commit",
    rule: "R7031-63, F-530, F-538: an output leaves when what it rests on is durable",
    file: "src/core/server/release.ts",
    find: "if (after > durable) break;",
    replace: "",
  },
  {
    name: "step-not-waited-for",
    rule: "An output waits for everything up to the end of its step",
    file: "src/core/server/server.ts",
    find: "this.#release.hold(after, output);",
    replace: "this.#release.hold(after - 1, output);",
  },
  {
    name: "torn-group-accepted",
    rule: "DESIGN §5: a group counts only when it is whole",
    file: "src/core/store/group.ts",
    find: "return crc32(group.subarray(GROUP_HEADER_BYTES)) >>> 0 === recordsCrc;",
    replace: "return crc32(group.subarray(GROUP_HEADER_BYTES)) >= 0 || recordsCrc === 0;",
  },
  {
    name: "snapshot-without-the-table",
    rule: "A snapshot holds every lease",
    file: "src/core/server/state.ts",
    find: "if (cursor === 0) return { changes: this.#smallThings(), next: 1 };",
    replace: "if (cursor === 0) return { changes: this.#smallThings(), next: undefined };",
  },
  {
    name: "mark-not-stored",
    rule: "F-540: the mark is durable with the change",
    file: "src/core/store/record.ts",
    find: "(lease.marked ? MARKED : 0) |",
    replace: "",
  },
];

const UPDATES: readonly Defect[] = [
  {
    name: "late-ack-clears-a-new-mark",
    rule: "F-301: a late answer does not clear the mark of a newer change",
    file: "src/core/failover/updates/bndreply-apply.ts",
    find: "if (lease.version !== sent.version) {",
    replace: "if (lease.version < 0) {",
  },
  {
    name: "never-told",
    rule: "F-298, F-299: a granted lease is marked for the partner",
    file: "src/core/failover/authority.ts",
    find: "partnerLifetimeHighest: laterOf(after.partnerLifetimeHighest, partnerLifetime), marked: true,",
    replace:
      "partnerLifetimeHighest: laterOf(after.partnerLifetimeHighest, partnerLifetime), marked: false,",
  },
  {
    name: "tie-accepted",
    rule: "A-17, T-04: a doubtful update within the skew never frees a lease",
    file: "src/core/failover/updates/bndupd-decide.ts",
    find: 'if (own === "ACTIVE") return received === "ABANDONED";',
    replace: "",
    worlds: 200,
  },
  {
    name: "every-tie-rejected",
    rule: "A-17: what is informed or brings nothing new is accepted",
    file: "src/core/failover/updates/bndupd-decide.ts",
    find: "if (accept.informed || isNoNews(own, update)) return accept;",
    replace: 'return outdated("every tie");',
  },
  {
    name: "older-update-accepted",
    rule: "F-315: an update about an earlier contact is rejected",
    file: "src/core/failover/updates/bndupd-decide.ts",
    find: 'if (accept.order === "earlier") return outdated("a later contact is known here");',
    replace: 'if (accept.order === "earlier") return accept;',
    worlds: 200,
  },
  {
    name: "active-ended-by-the-partner",
    rule: "F-318: an ACTIVE lease ends by its own time only",
    file: "src/core/failover/updates/bndupd-decide.ts",
    find: "own.stateExpirationTime !== NO_TIME && isPast(addSeconds(own.stateExpirationTime, grace), now)",
    replace: "own.stateExpirationTime !== NO_TIME || isPast(addSeconds(grace, grace), now)",
  },
];

const STATES: readonly Defect[] = [
  {
    name: "doubt-denied",
    rule: "T-02: a doubtful lease is not denied",
    file: "src/core/failover/authority.ts",
    find: "if (lease === undefined) return true;",
    replace: "if (lease === undefined) return false;",
  },
  {
    name: "no-wait-after-recovery",
    rule: "F-420: RECOVER-WAIT lasts the MCLT past the failure",
    file: "src/core/failover/endpoint/record.ts",
    find: "mcltWait(mclt, times.heartbeat),",
    replace: "0 * mcltWait(mclt, times.heartbeat),",
    worlds: 200,
  },
  {
    name: "lost-database-unnoticed",
    rule: "F-413, A-61: a lost database asks for everything",
    file: "src/core/failover/endpoint/endpoint.ts",
    find: "if (knowsUs) ownLost(this, {}, now);",
    replace: "",
  },
  {
    name: "hidden-promises-forgotten",
    rule: "T-04: a partner without memory cannot end what it may have extended",
    file: "src/core/failover/updates/forgotten.ts",
    find: "if (lostAt === NO_TIME) return NO_TIME;",
    replace: "if (lostAt !== 1) return NO_TIME;",
    worlds: 200,
  },
  {
    name: "old-replies-sent",
    rule: "T-06 (4): a reply that waited too long is not sent",
    file: "src/core/server/release.ts",
    find: 'if (sink.now() > datagram.dropAt) this.#counters.add("reply-too-late");',
    replace: "if (sink.now() > Number.MAX_SAFE_INTEGER) return;",
  },
  {
    name: "age-by-the-batch",
    rule: "T-06 (4): the age of an answer is judged when it is sent, not once a batch",
    file: "src/core/server/server.ts",
    find: "this.#sink = sink;",
    replace: "sink = { ...sink, now: () => now }; this.#sink = sink;",
  },
  {
    name: "read-is-fresh",
    rule: "T-06 (4): what waited in the kernel has an age",
    file: "src/core/server/queue-age.ts",
    find: "const since = Math.max(this.#emptyAt, behind);",
    replace: "const since = now;",
  },
];

const ITS_OWN: readonly Defect[] = [
  {
    name: "ended-for-its-client",
    rule: "T-02: what ended here by its time alone goes back to its client",
    file: "src/core/failover/authority.ts",
    find: "return !lease.endingSent && !endpoint.isAlone(now);",
    replace: "return lease.endingSent && !endpoint.isAlone(now);",
    worlds: 200,
  },
  {
    name: "held-from-its-client",
    rule: "T-02: no hold keeps a lease from its own client",
    file: "src/core/failover/updates/stream.ts",
    find: "endingSent: lease.endingSent || (ending && !isHold),",
    replace: "endingSent: lease.endingSent || (ending && !(isHold && ending === undefined)),",
    worlds: 200,
  },
  {
    name: "committed-in-doubt",
    rule: "T-02: in doubt a SOLICIT with Rapid Commit gets an ADVERTISE",
    file: "src/core/leasing/exchanges/solicit.ts",
    find: "return !authority.isOutOfStep() && link.subnets.some((subnet) => subnet.rapidCommit);",
    replace: "return link.subnets.some((subnet) => subnet.rapidCommit);",
    worlds: 200,
  },
];

export const DEFECTS: readonly Defect[] = [
  ...LIFETIMES,
  ...ALLOCATION,
  ...DISK,
  ...UPDATES,
  ...STATES,
  ...ITS_OWN,
];
