// The configuration file from its text to the frozen structure that the server works with.

import { DEFAULTS, LIMITS } from "../model/limits.ts";
import { compileLinks } from "./compile-links.ts";
import { type Context, elements, type LoadOptions, type LoadResult } from "./context.ts";
import { checkPlaces, draftLinks } from "./links.ts";
import { withIndex } from "./lookup.ts";
import { globalRefreshTime, OptionScopes } from "./option-data.ts";
import { parseFile } from "./parse.ts";
import { sortProblems } from "./problem.ts";
import { assignLinks, draftRelationships, relationshipFor } from "./relationships.ts";
import type { FileConfig } from "./schema.ts";
import { checkServers, ownName, serversOf, settingsOf, warnDerivedDuid } from "./servers.ts";
import { readSource, type Source } from "./source.ts";
import type { CompiledConfig, Link, Tunables } from "./types.ts";

/**
 * Reads a configuration file (YAML, so JSON too). Never throws for any text: all faults of the file come back
 * at once, with their places. There is a configuration exactly when no problem is an error.
 */
export function loadConfig(text: string, options: LoadOptions): LoadResult {
  const source = readSource(options.fileName, text);
  const file = parseFile(source);
  const config = file === undefined ? undefined : compile(contextOf(source, file, options));
  const problems = sortProblems(source.problems);
  const failed = problems.some((problem) => problem.severity === "error");
  return failed || config === undefined ? { problems } : { config, problems };
}

function contextOf(source: Source, file: FileConfig, options: LoadOptions): Context {
  const report =
    (severity: "error" | "warning"): Context["error"] =>
    (code, place, message, hint) => {
      const finding = { severity, code, message, hint };
      if ("key" in place) source.report(place.key, finding, "key");
      else source.report(place, finding);
    };
  return {
    file,
    options,
    shortTimes: file.testing?.["allow-short-times"] === true,
    error: report("error"),
    warn: report("warning"),
    has: source.has,
  };
}

function compile(context: Context): CompiledConfig | undefined {
  const { file } = context;
  if (context.shortTimes) {
    context.warn(
      "short-times",
      ["testing", "allow-short-times"],
      "TIMES ARE NOT CHECKED: leases may be too short for failover to be safe",
      "for tests only: remove `testing` in service",
    );
  }
  const servers = serversOf(context);
  checkServers(context, servers);
  const drafts = draftLinks(context);
  const relationships = draftRelationships(context, servers);
  const assigned = assignLinks(context, relationships, drafts);
  const own = ownName(context);
  const names = Object.keys(file.servers ?? {});
  checkPlaces(context, drafts, names.length === 0 && own !== undefined ? [own] : names);
  const options = new OptionScopes(context);
  const links = compileLinks({
    context,
    drafts,
    relationships,
    assigned,
    own,
    serverNames: names,
    options,
  });
  const mine =
    own === undefined
      ? []
      : relationships.flatMap((draft) => relationshipFor(context, draft, own, servers) ?? []);
  const tunables = tunablesOf(context);
  const globalOptions = options.merged([{ value: file, path: [] }]);
  if (own === undefined) return undefined;
  for (const name of [own, ...mine.map((relationship) => relationship.partner.server)])
    warnDerivedDuid(context, name, servers.get(name));
  const server = settingsOf(
    context,
    own,
    servers.get(own),
    links.flatMap((link) => link.interfaces),
  );
  checkServed(context, server.interfaces, links);
  return withIndex(deepFreeze({ server, links, relationships: mine, tunables, globalOptions }));
}

/** An interface without a link, or a link's interface that is not listened on, is a slip. */
function checkServed(
  context: Context,
  interfaces: readonly string[],
  links: readonly Link[],
): void {
  const onLinks = links.flatMap((link) => link.interfaces);
  for (const name of interfaces) {
    if (!onLinks.includes(name))
      context.warn(
        "interface-without-link",
        { key: ["interfaces-config"] },
        `interface \`${name}\` is on no link: its own clients get nothing (relays do)`,
        "give a subnet `interface: …`",
      );
  }
  for (const name of onLinks) {
    if (!interfaces.includes(name))
      context.warn(
        "interface-not-served",
        { key: ["interfaces-config"] },
        `a link names interface \`${name}\`, which is not in \`interfaces\``,
        "add it to `interfaces`",
      );
  }
}

function tunablesOf(context: Context): Tunables {
  const { file } = context;
  return {
    heartbeat: file.heartbeat ?? DEFAULTS.heartbeatMillis,
    offerHeld: file["offer-lifetime"] ?? DEFAULTS.offerHeldMillis,
    declinedHeld: file["decline-probation-period"] ?? DEFAULTS.declinedHeldSeconds,
    drain: file["drain-time"] ?? DEFAULTS.drainMillis,
    createOnRenew: file["create-on-renew"] ?? false,
    leasesPerClient: file["max-leases-per-client"] ?? LIMITS.leasesPerClient,
    declinesPerClient: file["max-declines-per-client"] ?? LIMITS.declinesPerClient,
    maxLeases: file["max-leases"],
    messagesPerClient: file["max-messages-per-client"],
    messagesPerSource: file["max-messages-per-source"],
    trustedRelays: elements(file["trusted-relays"]).map((element) => element.value),
    informationRefreshTime: globalRefreshTime(context),
    excluded: elements(file["excluded-addresses"]).map((element) => element.value),
  };
}

function deepFreeze<T>(value: T): T {
  if (
    typeof value !== "object" ||
    value === null ||
    value instanceof Uint8Array ||
    Object.isFrozen(value)
  )
    return value;
  Object.freeze(value);
  if (value instanceof Map) for (const item of value.values()) deepFreeze(item as unknown);
  else for (const item of Object.values(value)) deepFreeze(item as unknown);
  return value;
}
