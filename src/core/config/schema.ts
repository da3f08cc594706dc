// The configuration file's keys: names, types, defaults and meanings, in one place. Kea's words where
// Kea has one, RFC 8156's for failover. The manual's page is made from this.

import { z } from "zod";
import { oneOrMore, perServer } from "./composed.ts";
import * as s from "./scalars.ts";

/** An optional key with its meaning and default for the manual. */
function key<T extends z.ZodType>(schema: T, meaning: string, fallback?: string) {
  return schema.optional().meta({ meaning, fallback });
}

/** A key that must be there. */
function need<T extends z.ZodType>(schema: T, meaning: string) {
  return schema.meta({ ...schema.meta(), meaning, required: true });
}

/** A list whose broken elements are undefined after the first pass (see parse.ts). */
function list<T extends z.ZodType>(element: T) {
  return z.array(element.optional());
}

const optionData = z.strictObject({
  name: key(s.plainText, "The option's name, like `dns-servers`."),
  code: key(s.whole(1, 65_535), "The option's code, instead of its name."),
  data: key(
    s.optionValue,
    "Its value, in the option's own form: `2001:db8::1, 2001:db8::2`, or a list.",
    "empty",
  ),
  "csv-format": key(
    s.flag,
    "`false`: `data` is hex digits.",
    "true, false for a code without a name",
  ),
  "always-send": key(s.flag, "Send it to clients that did not ask for it.", "false"),
});

const scoped = {
  "valid-lifetime": key(
    s.lifetime,
    "How long a lease is valid. At least 30 s; under failover at most 34 years.",
    "4000",
  ),
  "preferred-lifetime": key(
    s.lifetime,
    "How long a lease is preferred; at most its valid lifetime.",
    "3000, or three quarters of a valid lifetime that is given",
  ),
  "renew-timer": key(s.lifetime, "Upper bound of T1.", "half of the preferred lifetime"),
  "rebind-timer": key(s.lifetime, "Upper bound of T2.", "0.8 of the preferred lifetime"),
  "rapid-commit": key(s.flag, "Answer a SOLICIT with Rapid Commit by a REPLY at once.", "false"),
  preference: key(s.whole(0, 255), "The Preference option of an ADVERTISE.", "0"),
  "option-data": key(
    list(optionData),
    "Options for clients. Nearer ones win: subnet, shared network, global.",
  ),
};

const place = {
  interface: key(
    perServer(s.interfaceName),
    "The interface that is on this link: a name, a list of names, or a map of server name to interface where the two machines differ.",
  ),
  "interface-id": key(
    oneOrMore(s.interfaceId),
    "Interface-Id values of relays that mean this link: text, or `0x` and hex digits.",
  ),
  relay: key(
    z.strictObject({
      "ip-addresses": need(
        list(s.address),
        "Link-addresses of relays that mean this link, besides its subnets.",
      ),
    }),
    "How relays name this link.",
  ),
  "max-leases": key(s.whole(1, 2 ** 31), "Most leases in use on the link.", "no limit"),
  server: key(s.name, "The one server that serves this link, where it belongs to no relationship."),
};

const subnet = z.strictObject({
  id: key(s.whole(1, 2 ** 32 - 1), "A number for logs and metrics.", "the lowest free one"),
  subnet: need(s.prefix, "The link's prefix."),
  pools: key(
    list(z.strictObject({ pool: need(s.addressRange(false), "`first - last`, or a prefix.") })),
    "Addresses that are given to clients.",
  ),
  "pd-pools": key(
    list(
      z.strictObject({
        prefix: need(s.prefixStart, "The delegable prefix, with or without its length."),
        "prefix-len": key(s.whole(1, 128), "Its length."),
        "delegated-len": need(
          s.whole(1, 128),
          "The length of each prefix that is delegated from it.",
        ),
      }),
    ),
    "Prefixes that are delegated to routers.",
  ),
  ...scoped,
  ...place,
});

const sharedNetwork = z.strictObject({
  name: need(s.name, "Its name. Leases are stored under it: renaming orphans them."),
  subnet6: need(list(subnet), "The subnets on this one link."),
  ...scoped,
  ...place,
});

const relationship = z.strictObject({
  name: need(s.name, "The same on both servers (RFC 8156 §5.5.19)."),
  primary: need(s.partnerName, "The primary's name in `servers`."),
  secondary: need(s.partnerName, "The secondary's name in `servers`."),
  mclt: key(
    s.seconds,
    "Maximum Client Lead Time: the lifetime of a first lease. At least 30 s.",
    "3600",
  ),
  keepalive: key(
    s.duration,
    "Longest silence before the connection counts as lost. At least 1 s, or 4 s with `strict-rfc8156`.",
    "10s, or 60s with `strict-rfc8156`",
  ),
  "contacts-per-keepalive": key(s.whole(2, 60), "CONTACT messages in that time.", "4"),
  "startup-time": key(
    s.duration,
    "How long a server that starts waits for its partner before it serves alone.",
    "10s",
  ),
  "connect-retry": key(s.duration, "Pause between attempts to connect.", "1s"),
  "auto-partner-down": key(
    s.durationOrOff,
    "Go to PARTNER-DOWN by itself after this time without contact.",
    "off",
  ),
  "partner-down-when-new": key(
    s.flag,
    "A server without any record serves alone when its partner is absent.",
    "false",
  ),
  "strict-rfc8156": key(
    s.flag,
    "For a foreign partner that insists: no answers to messages that name the partner, no silence about doubtful leases, no extensions. What keeps two clients apart stays on.",
    "false",
  ),
  security: key(
    s.word("tls", "plain"),
    "`plain` sends everything, and takes commands from anybody on the path, in the clear.",
    "tls",
  ),
  links: key(
    list(s.plainText),
    "Names of shared networks, and subnets by prefix, that belong to it. Needed only with several relationships or links outside them.",
    "all links",
  ),
});

const server = z.strictObject({
  address: key(s.address, "Where its partner reaches it. Needed under failover."),
  port: key(s.whole(1, 65_535), "TCP port of the failover connection.", "647"),
  listen: key(s.address, "Local address for the failover connection.", "`address`"),
  interfaces: key(
    list(s.interfaceName),
    "Interfaces with clients or relays on them.",
    "`interfaces-config`, else those the links name",
  ),
  unicast: key(list(s.addressAndPort), "Addresses (and ports) at which relays reach this server."),
  duid: key(
    s.duid,
    "Its DUID in hex. `tandem failover keygen` writes it.",
    "made from name and address",
  ),
  certificate: key(s.path, "PEM file with its certificate."),
  key: key(s.path, "PEM file with its private key."),
  "certificate-fingerprint": key(
    s.fingerprint,
    "SHA-256 of its certificate, by which its partner knows it. `tandem failover keygen` writes it.",
    "read from `certificate` where that file exists",
  ),
  "state-directory": key(s.path, "Where the leases are kept.", "/var/lib/tandem"),
  "control-socket": key(
    s.path,
    "Where `tandem` commands reach the server.",
    "/run/tandem/control.sock, or control.sock in another `state-directory`",
  ),
});

export const fileSchema = z.strictObject({
  "interfaces-config": key(
    z.strictObject({
      interfaces: key(list(s.interfaceName), "Interfaces with clients or relays on them."),
    }),
    "Interfaces for servers that list none.",
  ),
  subnet6: key(list(subnet), "Links with one subnet."),
  "shared-networks": key(list(sharedNetwork), "Links with several subnets."),
  ...scoped,
  failover: key(
    z.strictObject({ relationships: need(list(relationship), "One for each pair of servers.") }),
    "The failover pair (RFC 8156).",
  ),
  servers: key(
    z.record(z.string(), server.optional()),
    "The servers by name. Each machine finds itself by `--server NAME`, else by its host name.",
  ),
  "information-refresh-time": key(s.lifetime, "Information Refresh Time. At least 600 s.", "86400"),
  "excluded-addresses": key(
    list(s.addressRange(true)),
    "Addresses, ranges or prefixes that are never given (routers, servers).",
  ),
  // D-295: a predictable order of addresses would have to be asked for, and cannot be.
  allocator: key(
    s.word("random"),
    "How addresses are chosen. Predictable addresses (`iterative`) are not offered.",
    "random",
  ),
  heartbeat: key(s.duration, "How often an idle server notes in its log that it is alive.", "2s"),
  "offer-lifetime": key(s.duration, "How long an advertised lease is held for its client.", "60s"),
  "decline-probation-period": key(
    s.seconds,
    "How long a declined address is kept out of use.",
    "24h",
  ),
  "drain-time": key(
    s.duration,
    "At a planned stop: how long to wait for the partner's acknowledgements.",
    "5s",
  ),
  "create-on-renew": key(s.flag, "Give a lease to a client that renews one nobody knows.", "false"),
  "max-leases": key(s.whole(1, 2 ** 31), "Most leases in use in all.", "by memory and disk"),
  "max-leases-per-client": key(s.whole(1, 65_536), "Most leases of one client.", "32"),
  "max-declines-per-client": key(
    s.whole(1, 65_536),
    "Most addresses that one client may have declined at a time.",
    "8",
  ),
  "max-messages-per-client": key(
    s.whole(1, 1_000_000),
    "Messages that one client may send in ten seconds.",
    "no limit",
  ),
  "max-messages-per-source": key(
    s.whole(1, 100_000_000),
    "Messages that one relay, or one address on a link, may send in ten seconds. A relay speaks for all of its clients.",
    "no limit",
  ),
  "trusted-relays": key(
    list(s.addressRange(true)),
    "Addresses, ranges or prefixes of the relays that are heard; the last relay before the server counts.",
    "every relay",
  ),
  testing: key(
    z.strictObject({
      "allow-short-times": key(
        s.flag,
        "Lowers the floors of times (MCLT, lifetimes, keepalive). Never in service.",
        "false",
      ),
    }),
    "For tests only.",
  ),
});

export type FileConfig = z.output<typeof fileSchema>;
export type FileSubnet = z.output<typeof subnet>;
export type FileSharedNetwork = z.output<typeof sharedNetwork>;
export type FileRelationship = z.output<typeof relationship>;
export type FileServer = z.output<typeof server>;
export type FileOption = z.output<typeof optionData>;
