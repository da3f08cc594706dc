// The catalogue of alarms: what is wrong now, and what to do about it. An alarm is a condition and not an event: it
// stands in `status` as long as it is true. The manual's page is made from this list.

interface AlarmDefinition {
  /** `error`: clients are not served, or leases are at risk. `warn`: they will be if another thing fails. */
  readonly level: "error" | "warn";
  /** Placeholders in braces are the fields. */
  readonly text: string;
  /** The same placeholders. */
  readonly whatToDo: string;
  /** A paragraph for the manual. */
  readonly help: string;
}

const define = <const List extends Readonly<Record<string, AlarmDefinition>>>(list: List): List =>
  list;

export const ALARMS = define({
  NO_CONTACT: {
    level: "warn",
    text: "no contact with the partner {partner}",
    whatToDo:
      "Repair the partner {partner} or the connection to it. The pair goes on by itself afterwards.",
    help: "There is no working connection to the partner. Where another alarm of the relationship says why the partner was refused, look there first. Until contact is back no change reaches the partner, so leases are extended by the MCLT only.",
  },
  MAINTENANCE: {
    level: "warn",
    text: "this server is in maintenance: the partner serves alone",
    whatToDo: "When the work is done: `tandem failover maintenance end`, or restart the server.",
    help: "The operator handed over with `tandem failover maintenance begin`. If the partner fails now nobody serves.",
  },
  NOBODY_SERVES: {
    level: "error",
    text: "clients are not served: {who}",
    whatToDo:
      "Look at the other alarms of the relationship first: they say why the servers do not work together. If one server is off for good: `tandem failover partner-down --force` on the other one, and on that one only.",
    help: "This server may not answer clients in its state, and the partner does not either, or is out of contact. After a start of both that lasts for a moment. Two servers that have never met, or that have lost their disks, serve nobody until they have met.",
  },
  CLOCKS_DIFFER: {
    level: "error",
    text: "the partner's clock is {seconds} s {direction}; 5 s are permitted",
    whatToDo:
      "Repair time synchronisation on the machine whose clock is wrong (`timedatectl`), and look at `tandem status` of its server: if the alarm CLOCK_STEPPED stands there afterwards, say `tandem clock accept`. The servers connect by themselves. If the partner is off: `tandem failover partner-down`.",
    help: "RFC 8156 lets two servers work together only if their clocks agree. Times of leases would mean different things on the two machines. Until they agree, or until the operator says that the partner is down, known leases are renewed, none ends and no new one is given.",
  },
  CLOCK_STEPPED: {
    level: "warn",
    text: "the wall clock is {seconds} s {direction} lease time, which does not follow its steps",
    whatToDo: "If the wall clock is wrong, set it right. If it is right: `tandem clock accept`.",
    help: "Leases run by lease time, which a step of the wall clock does not move: none ends or grows by it, over a restart either. Times are shown and told to the partner as lease time. If the wall clock was wrong before and is right now, `tandem clock accept` lets lease time follow it; every running lease keeps what is left of it. If the partner's clock was wrong in the same way, say it there too.",
  },
  CLOCK_BEHIND: {
    level: "error",
    text: "the clock is {seconds} s behind the last record of the log: nothing is promised",
    whatToDo:
      "Set the clock (`timedatectl`), or start the partner, which tells the time. If the clock is right: `tandem clock accept`.",
    help: "With such a clock leases would be counted from a time in the past. The machine has no battery for its clock, was put back to an older image, or ran with its clock ahead before. The wait ends by itself when the clock is set or the partner is there.",
  },
  PARTNER_STANDS_STILL: {
    level: "error",
    text: "this server answers hardly any client: since {since} it has waited in {state} for {what}, and {partner} is in contact and does nothing",
    whatToDo:
      "Restart {partner}. If it is to be given up: `tandem failover partner-down --force`; this server then serves everybody.",
    help: "The partner keeps the connection alive and does not do its part. After a minute in POTENTIAL-CONFLICT the connection is closed and clients are answered again, with a pause of one to ten minutes before the next contact.",
  },
  CONTACT_PAUSED: {
    level: "warn",
    text: "no contact with {partner} before {until}: settling the differences made no progress",
    whatToDo: "Restart {partner}; look into its log. This server serves everybody meanwhile.",
    help: "The last contacts ended because nothing moved, or the operator gave the partner up. Contact is tried again by itself, after one minute at first and ten minutes at most; a restart of this server tries at once.",
  },
  UPDATES_REJECTED: {
    level: "warn",
    text: "the partner refuses what changed of {leases}",
    whatToDo:
      "Compare the configuration files of both servers: `tandem failover status` names the leases and the reasons.",
    help: "The partner does not take an update, so it does not know the lease as this server does. Updates are sent again by themselves. ConfigurationConflict means that the partner's file lacks the link or the pool.",
  },
  STATE_MENDED: {
    level: "warn",
    text: "damaged at the last start: {files}; no lease is lost",
    whatToDo:
      "Find out what changed files of the state directory: look at the disk's health and at who may write there. The alarm ends with the next start.",
    help: "Files of the state directory were missing or held other octets than were written. Older files held all the same, and a new snapshot was written at once. The next damage may be one that nothing can mend.",
  },
  SOCKET_CLOSED: {
    level: "error",
    text: "clients are not heard on {socket}: {reason}",
    whatToDo:
      "Is the name in `interfaces` right, is the interface there and up (`ip -6 addr`), does another DHCPv6 server run here (`ss -ulpn sport = 547`)? The server opens the socket by itself as soon as it can.",
    help: "The interface or the address of a socket for clients is missing, still tentative, or in use (log events UDP_WAITING and UDP_LOST). Clients on it are not served by this server.",
  },
  NO_CARRIER: {
    level: "error",
    text: "the interface {interface} has no carrier: no cable, or the switch is off",
    whatToDo:
      "Look at the cable and at the switch. Clients are served again as soon as it is back.",
    help: "The kernel says that nothing is connected to the interface. Clients on it are not served by this server.",
  },
  PARTNER_PORT_CLOSED: {
    level: "error",
    text: "the partner cannot connect: {reason}",
    whatToDo:
      "The failover port is not open: `address`, `listen` and `port` of this server must be those of this machine, and no other program may have the port (TCP 647 is shared with DHCPv4 failover).",
    help: "The secondary waits for the primary on the failover port and could not open it (log event LINK_NOT_LISTENING). It tries again every few seconds.",
  },
  CERTIFICATE_ENDS: {
    level: "warn",
    text: "this server's certificate {what} on {date}",
    whatToDo:
      'Make a new one: `tandem failover keygen --renew`, then put its fingerprint into the file of both servers (guide: recover, "A certificate has expired").',
    help: "The partner refuses a certificate outside its validity, and the pair then loses contact. The alarm comes 30 days before.",
  },
  MANY_DECLINED: {
    level: "warn",
    text: "{count} addresses of link {link} were declined; {most} stay out of use, beyond that the oldest return",
    whatToDo:
      "See who declines: `tandem leases list --status ABANDONED`, and the log event DHCP6_LEASE_DECLINED. One sender that declines whatever it gets is to be stopped; devices with fixed addresses from the pool are to be given others.",
    help: "Clients find their addresses in use by somebody else, or say so. At most a quarter of a link's addresses stays out of use for that.",
  },
  MANY_LEASES: {
    level: "warn",
    text: "{count} leases, {percent} % of the limit of {most} ({by})",
    whatToDo:
      "See who they are: `tandem leases list --status ACTIVE`. If they are real, raise `max-leases` before the limit is reached.",
    help: "From 80 % on. At the limit new clients get nothing and known ones are renewed. Where the file has no `max-leases` the limit is taken from the machine's memory and the state directory's disk at the start.",
  },
  NEARLY_ALL_LEASES: {
    level: "error",
    text: "{count} leases, {percent} % of the limit of {most} ({by})",
    whatToDo:
      "Raise `max-leases`, or give the machine more memory or disk, and restart: the partner serves meanwhile. If one sender invents clients, stop it and wait for its leases to end.",
    help: "From 95 % on: soon new clients get nothing. Known ones are renewed.",
  },
  DISK_UNFIT: {
    level: "error",
    text: "nothing can be written, so no lease is given or renewed here: {reason}",
    whatToDo:
      "Make space in the state directory, or repair its disk. The server serves again by itself when its disk takes what is written; meanwhile its partner serves.",
    help: "T-08: a write of the log took longer than a second, or the next segment of the log could not be made. The server has told its partner and closed the connection. It answers CONFIRM and INFORMATION-REQUEST, and without a partner SOLICIT, as they need no write. Space is looked for every two seconds.",
  },
  DISK_TROUBLE: {
    level: "error",
    text: "the state directory cannot be written as needed: {error}",
    whatToDo:
      "Make space in the state directory, or repair its disk. Without a partner the server serves while the present segment of its log has room.",
    help: "The next segment of the log or a snapshot could not be made. The server tries again every ten seconds. If it was a segment, a server in contact with its partner hands over at once (`DISK_UNFIT`); one without goes on while the present segment has room.",
  },
});

export type AlarmId = keyof typeof ALARMS;

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
type FieldsOf<Id extends AlarmId> = Readonly<
  Record<
    Placeholders<(typeof ALARMS)[Id]["text"]> | Placeholders<(typeof ALARMS)[Id]["whatToDo"]>,
    string | number
  >
>;

/** An alarm that is true now, as its source says it. */
export type AlarmFact = {
  readonly [Id in AlarmId]: {
    readonly id: Id;
    /** A relationship, an interface or the server, by name. */
    readonly subject: string;
    readonly fields: FieldsOf<Id>;
  };
}[AlarmId];

/** An alarm as it is shown. */
export interface Alarm {
  readonly id: AlarmId;
  readonly level: "error" | "warn";
  readonly subject: string;
  readonly text: string;
  readonly whatToDo: string;
}

export function describeAlarm({ id, subject, fields }: AlarmFact): Alarm {
  const { level, text, whatToDo } = ALARMS[id];
  return { id, level, subject, text: fill(text, fields), whatToDo: fill(whatToDo, fields) };
}

function fill(template: string, fields: Readonly<Record<string, string | number>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_all, name: string) => String(fields[name] ?? ""));
}
