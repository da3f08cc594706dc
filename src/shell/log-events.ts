// Log events of the shell itself, in the form of the core's catalogue (core/model/log-events.ts).
// The manual's page is made from both.

import type { LogEvent, LogLevel } from "../core/model/log-events.ts";

interface ShellLogDefinition {
  readonly level: LogLevel;
  /** Placeholders in braces are the event's fields. */
  readonly template: string;
  readonly help: string;
  readonly record?: true;
}

const define = <T extends Record<string, ShellLogDefinition>>(events: T): T => events;

export const SHELL_LOG_EVENTS = define({
  STATE_LOST: {
    level: "error",
    template: "the claim on {directory} is gone: ending at once",
    help: "T-15: the socket `claim.…` in the state directory was removed, or the directory was moved or replaced, while this server ran (or another machine that shares the directory took it, after this one stood still). Another server may use the state now, so nothing more is written or sent. Find out who touched the directory; one server uses one directory.",
  },
  UDP_LISTENING: {
    level: "info",
    template: "serving {socket}",
    help: "A socket for clients or relays is open.",
  },
  UDP_WAITING: {
    level: "warn",
    template: "not serving {socket} yet: {reason}; trying again",
    help: "The interface or address is missing, still tentative, or in use. The server tries again with growing pauses of at most 30 seconds and says when it has succeeded. If it stays so: is the name in `interfaces` right, is the interface up (`ip -6 addr`), does another DHCPv6 server run here (`ss -ulpn sport = 547`)?",
  },
  UDP_LOST: {
    level: "warn",
    template: "no longer serving {socket}: {reason}",
    help: "An interface went away or its link-local address changed. It is opened again when it is back.",
  },
  UDP_STALE: {
    level: "warn",
    template: "the process stood still for {millis} ms; client messages of unknown age are dropped",
    help: "T-06: after such a gap nobody can tell how old the waiting client messages are, and answering old ones could contradict the partner. Clients repeat them. If it happens often the machine is overloaded, suspended or short of memory.",
  },
  UDP_OLD: {
    level: "warn",
    template: "client messages waited too long in {socket}; they are dropped until it is empty",
    help: "T-06: more comes than this machine can answer, so that messages grow old before they are read. Old ones are dropped, which is quick, and the next ones are answered again; clients repeat theirs. `udp_dropped_stale_total` in `tandem status` counts them. Look for a sender that floods, and at the load of the machine.",
  },
  LINK_LISTENING: {
    level: "info",
    template: "waiting for the partner on {address} port {port}",
    help: "The failover port is open (the secondary listens, the primary connects).",
  },
  LINK_NOT_LISTENING: {
    level: "warn",
    template: "cannot listen for the partner on {address} port {port}: {reason}; trying again",
    help: "The address is not on this machine yet, or another program has the port (TCP 647 is shared with DHCPv4 failover: set `listen` or `port` of this server).",
  },
  LINK_TOO_MANY: {
    level: "warn",
    template: "refused a connection from {peer}: {open} are open",
    help: "More connections on the failover port than a pair can need. Restrict TCP 647 to the partner in the firewall.",
  },
  CERTIFICATE_ENDS: {
    level: "warn",
    template: "this server's certificate {what} on {date}",
    help: "The partner refuses a certificate outside its validity, and the pair then loses contact. Make a new one with `tandem failover keygen` and put its fingerprint into the configuration of both servers.",
  },
  CONTROL_LISTENING: {
    level: "info",
    template: "commands are taken on {path}",
    help: "The control socket that `tandem status` and the other commands use.",
  },
  SIGNAL_IGNORED: {
    level: "info",
    template: "{signal} is ignored: restart the server to load a changed configuration",
    help: "A changed configuration is not reloaded on a signal. Check it with `tandem check`, then restart one server after the other; the pair keeps serving.",
  },
  SIGNAL_STOP: {
    level: "info",
    template: "{signal}: planned stop; a second signal ends the process at once",
    help: "T-05: unacknowledged updates go to the partner first, then the process ends.",
  },
  LOG_SUPPRESSED: {
    level: "warn",
    template: "{count} more events {event} within a second were not written",
    help: "An event that comes more than 50 times a second is written 50 times and then counted, so that nobody's packets fill the disk with the log; leases that come and go, of which a record may have to be kept, are written 1,000 times. `log_suppressed_total` in `tandem status` counts what was not written, and the other counters count everything.",
  },
  TANDEM_FAILED: {
    level: "error",
    template: "a bug stopped the server: {error}",
    help: "An assertion or an unexpected error. Nothing was promised that is not on disk; the partner serves on. Please report the message with its stack.",
  },
});

type ShellLogEventId = keyof typeof SHELL_LOG_EVENTS;

export interface ShellLogEvent {
  readonly id: ShellLogEventId;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** Takes an event of either catalogue. */
export type LogSink = (event: LogEvent | ShellLogEvent) => void;
