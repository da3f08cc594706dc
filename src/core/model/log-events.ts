// The catalogue of log events: stable ids, a template and a paragraph for the operator.
// The manual's page is made from it.

export type LogLevel = "error" | "warn" | "info" | "debug";

interface LogEventDefinition {
  readonly level: LogLevel;
  /** Placeholders in braces are the event's fields. */
  readonly template: string;
  readonly help: string;
  /** A lease that came or went, which an operator may have to keep a record of. A packet can cause nearly every event, so all are
   * limited per second (`LIMITS.logLines`), records less narrowly (`LIMITS.recordLines`). */
  readonly record?: true;
}

const define = <T extends Record<string, LogEventDefinition>>(events: T): T => events;

export const LOG_EVENTS = define({
  TANDEM_STARTED: {
    level: "info",
    template: "server {server} started, {leases} leases",
    help: "The log was replayed and the server begins to work.",
  },
  TANDEM_STOPPING: {
    level: "info",
    template: "stopping: no new work, handing over to the partner",
    help: "A planned stop (T-05). Unacknowledged updates are sent first, for at most five seconds.",
  },
  TANDEM_STOPPED: {
    level: "info",
    template: "stopped, {unacknowledged} updates not acknowledged by the partner",
    help: "Zero is the normal figure. Any other number is of leases the partner does not know yet; it asks for them when this server is back.",
  },
  DHCP6_DISCARD: {
    level: "debug",
    template: "discarded {message} from {source}: {reason}",
    help: "A message that the RFCs say to discard. Each reason has a counter in `tandem status`.",
  },
  DHCP6_LEASE_NEW: {
    level: "info",
    record: true,
    template: "{lease} leased to {duid} (iaid {iaid}) for {valid} s",
    help: "A new lease was given to a client.",
  },
  DHCP6_LEASE_EXTEND: {
    level: "debug",
    record: true,
    template: "{lease} of {duid} (iaid {iaid}) extended to {valid} s",
    help: "A RENEW, REBIND or REQUEST extended a lease.",
  },
  DHCP6_LEASE_RELEASED: {
    level: "info",
    record: true,
    template: "{lease} released by {duid}",
    help: "The client gave the lease back.",
  },
  DHCP6_LEASE_DECLINED: {
    level: "warn",
    record: true,
    template: "{lease} declined by {duid}: kept out of use",
    help: "The client found the address in use by somebody else. The address is kept out of use; look for a device with a fixed address from the pool.",
  },
  DHCP6_DECLINED_RETURNED: {
    level: "info",
    template:
      "{lease} is used again before its time: more than {most} addresses of link {link} were declined",
    help: "At most a quarter of a link's addresses stays out of use because clients declined them; beyond that the oldest return. See the alarm MANY_DECLINED.",
  },
  DHCP6_LEASE_EXPIRED: {
    level: "info",
    record: true,
    template: "{lease} of {duid} expired",
    help: "The valid lifetime ended without a renewal.",
  },
  LEASES_WITHOUT_LINK: {
    level: "warn",
    template: "{leases} leases are on no link of the configuration: they end by their times",
    help: "A subnet or a pool of prefixes was taken out of the file, or was changed, while leases in it were in use. Nobody extends them; a client that asks is told to stop using them and is given another where there is one. `tandem leases list --unplaced` shows them. Those of a failover pair stay on record as EXPIRED, so that nobody gets them if the subnet comes back, until the partner knows of their end.",
  },
  DHCP6_POOL_EXHAUSTED: {
    level: "warn",
    template: "no {kind} left for {duid} on link {link}",
    help: "No free lease in this server's part of the pools of the link, and no offer that could be passed on. New clients get NoAddrsAvail or NoPrefixAvail; those that have leases keep them. Make the pool larger, or the lifetimes shorter. If this server works without its partner the other part of the pools is the partner's: it is used again when the partner is back, or after `tandem failover partner-down --reclaim` when its machine is gone for good.",
  },
  DHCP6_CLIENT_LIMIT: {
    level: "warn",
    template: "no new {kind} for {duid} on link {link}: it holds the limit of {most} leases ({by})",
    help: "The pool is not empty. One client asks for ever more leases: a machine that starts from the network with a new IAID each time, or one that misbehaves. Its leases run out by their lifetimes; shorter lifetimes or a higher `max-leases-per-client` help sooner.",
  },
  DHCP6_LINK_LIMIT: {
    level: "warn",
    template:
      "no new {kind} for {duid} on link {link}: the link has its limit of {most} leases ({by})",
    help: "The pool is not empty. The link's own `max-leases` is reached; known clients are renewed.",
  },
  DHCP6_SERVER_LIMIT: {
    level: "warn",
    template:
      "no new {kind} for {duid} on link {link}: the server has its limit of {most} leases ({by})",
    help: "The pool is not empty. The `max-leases` of the server is reached, or what its memory or disk bears where the file has none; known clients are renewed.",
  },
  DHCP6_MANY_LEASES: {
    level: "warn",
    template: "{count} leases are {percent} % of the limit of {most} ({by})",
    help: "Said at 80 % and at 95 %. At the limit new clients get nothing and known ones are renewed. Is one sender inventing clients (`tandem leases list`)? If they are real, set `max-leases` to what the machine bears, or give it more memory or disk: without `max-leases` the limit is taken from them at the start.",
  },
  DHCP6_WAIT: {
    level: "warn",
    template: "no new {kind} for {duid} on link {link}{when}: {reason}; {ends}",
    help: "The pool is not empty. New clients have to wait, as leases that this server does not know may still run; known clients are renewed. The event names what ends the wait; `tandem failover status` shows it too.",
  },
  DHCP6_DOUBTFUL: {
    level: "info",
    template: "{lease} asked for by {duid} is unknown here and may be the partner's: not answered",
    help: "T-02: the partner may have granted this lease and not told us yet. It is neither confirmed nor denied until the two servers have resynchronised.",
  },
  FAILOVER_STATE: {
    level: "info",
    template: "{relationship}: {from} -> {to} ({reason})",
    help: "The endpoint entered another state. `tandem failover status` tells what that means and what to do.",
  },
  FAILOVER_ADVICE: {
    level: "info",
    template: "{relationship}: {advice}",
    help: "The state that was entered waits for something outside of the pair. It names the command for the operator, if there is one.",
  },
  FAILOVER_ALARM: {
    level: "warn",
    template: "{relationship}: {alarm}",
    help: "Something about the pair needs a look: lost contact, a rejected update, a conflict, or clocks that differ. `tandem failover status` shows where the pair stands and what to do.",
  },
  FAILOVER_LINK: {
    level: "info",
    template: "{relationship}: {what}",
    help: "The connection to the partner was opened, secured, refused or lost.",
  },
  FAILOVER_CONFLICT: {
    level: "warn",
    template: "{relationship}: {lease}: {what}",
    help: "Both servers knew something different about a lease. It says which version was kept. Nothing has to be done.",
  },
  FAILOVER_DECISION: {
    level: "debug",
    template: "{relationship}: {lease}: {own} here, {received} received, {order}: {verdict}",
    help: "An update of the partner was accepted or rejected by the table of RFC 8156 section 7.5.4.",
  },
  FAILOVER_BALANCE: {
    level: "info",
    template:
      "{relationship}: {moved} prefixes of {pool} go to the {side} (the primary could delegate {primary}, the secondary {secondary})",
    help: "The primary keeps what both servers could delegate even, so that either has enough when it is alone. Prefixes that are on their way are given to nobody until the partner has answered. Many of these lines an hour mean that a pool is short: make it larger.",
  },
  FAILOVER_REJECTED: {
    level: "warn",
    template: "{relationship}: the partner refused the update of {lease}: {status} {message}",
    help: "The partner did not take an update. It is sent again with growing pauses. ConfigurationConflict means that the two configurations differ.",
  },
  CLOCK_STEPPED: {
    level: "warn",
    template:
      "the wall clock is now {seconds} s ahead of lease time, which does not follow its steps; if the wall clock is right: tandem clock accept",
    help: "T-06: no lease ends or grows by a step of the clock. The difference is kept over restarts, and nothing is lost by it; times are shown and told to the partner as lease time. A negative figure: the wall clock is behind. If the wall clock is wrong, set it right and the difference is gone. If it is right now and was wrong before, `tandem clock accept` lets lease time follow it.",
  },
  CLOCK_BEHIND: {
    level: "warn",
    template:
      "the clock is {seconds} s behind the last record of the log: nothing is promised until the partner tells the time or the clock is set; if it is right: tandem clock accept",
    help: "T-06: with such a clock new leases would be counted from a time in the past. The machine started without a battery for its clock, was put back to an older image, or ran with its clock ahead before. The wait ends by itself when the clock is set (NTP) or the partner is there. If this clock is right and the one before was wrong: `tandem clock accept`.",
  },
  CLOCK_KNOWN: {
    level: "info",
    template: "the time is known: {how}",
    help: "The wait of CLOCK_BEHIND is over; the server begins to work.",
  },
  CLOCK_ACCEPTED: {
    level: "warn",
    template: "lease time follows the wall clock: every lease was shifted by {seconds} s",
    help: "The operator said `tandem clock accept`. Every running lease keeps what was left of it. The partner is told everything anew at the next connection.",
  },
  STORE_FAILED: {
    level: "error",
    template: "stable storage failed: {error}",
    help: "A write to the log failed. The server stops at once, so that nothing is promised that is not on disk; the partner takes over.",
  },
  DISK_UNFIT: {
    level: "error",
    template: "the disk is not written ({reason}): handing over to the partner",
    help: "T-08: a write of the log took longer than a second, or no further segment of it could be made (no space). The connection to the partner is closed, so that it serves everybody, and this server gives and renews no lease. It stays up and comes back by itself.",
  },
  DISK_FIT: {
    level: "info",
    template: "the disk takes what is written again: serving",
    help: "The end of `DISK_UNFIT`: everything that waited is on disk, and the partner is looked for.",
  },
  STORE_TORN: {
    level: "warn",
    template: "the last group of the log was incomplete and was dropped ({file}, offset {offset})",
    help: "The server or the machine was stopped in the middle of a write. Nothing that a client was told is lost: a reply leaves only after its write. If neither was stopped so, the disk has lost what it said was written: look at its own log, and replace it.",
  },
  STORE_MENDED: {
    level: "error",
    template: "{file} is damaged ({reason}); all leases were found in the other files",
    help: "No lease is lost: an older snapshot and the log made good for the file. A new snapshot is written at once, after which the damage is gone. But the disk, or somebody, has changed a file of the state directory: find out, because the next damage may be one that nothing can mend. After an upgrade from a version that wrote no file `head` this is said once of `head`.",
  },
});

export type LogEventId = keyof typeof LOG_EVENTS;

/** A log event as a value; the shell writes it. */
export interface LogEvent {
  readonly id: LogEventId;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}
