// Bounds of the configuration file, each with its reason.

export const CONFIG_LIMITS = {
  /** Nesting of maps and lists: the parser recurses. The schema needs ten. */
  depth: 256,
  /** Octets of text; a file of this size takes seconds to parse. */
  textLength: 64 * 1024 * 1024,
  /** YAML aliases multiply: what they expand to is bounded. */
  aliases: 1_000,
  /** Problems reported for one file; the rest is counted. */
  problems: 1_000,
  /** Characters of a source line that are shown around a problem. */
  shownLine: 120,
  /** Times a broken file is parsed again without its wrong parts, to find the rest of its errors. */
  passes: 64,
  /** 34 years. One and a half times this (the partner-lifetime) is still below 2^31. */
  failoverLifetimeSeconds: 2 ** 30,
  /** F-002: RFC 8156 §1. */
  validLifetimeSeconds: 30,
  /** RFC 8415 §21.23 IRT_MINIMUM (D-178). */
  refreshTimeSeconds: 600,
  /** Between Tandems (docs/internals/core.md); a foreign partner needs more. */
  keepaliveMillis: 1_000,
  keepaliveForeignMillis: 4_000,
  /** Prefixes of one pool are counted in a double. */
  prefixBits: 52,
  /** Linux: IFNAMSIZ - 1. */
  interfaceName: 15,
} as const;
