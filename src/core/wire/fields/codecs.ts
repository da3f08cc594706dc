// The codec of every kind but `options`, which nests the table itself.

import { duid, ip4, ip6, ip6Any, ip6Some, prefix, prefix6 } from "./addresses.ts";
import { resolver, suboptions, timeSource } from "./composite.ts";
import type { FieldCodec, Kind, KindTypes } from "./kinds.ts";
import { prefixLength, seconds, time, u8, u16, u16Any, u16Some, u32 } from "./numbers.ts";
import {
  name,
  nameAny,
  nameSome,
  octets8,
  opaque,
  opaqueSome,
  partialName,
  text,
  tuple,
  tupleAny,
  tupleSome,
} from "./texts.ts";

export const FIELD_CODECS: { readonly [K in Exclude<Kind, "options">]: FieldCodec<KindTypes[K]> } =
  {
    u8,
    u16,
    u32,
    seconds,
    time,
    "u16+": u16Some,
    "u16*": u16Any,
    ip6,
    "ip6+": ip6Some,
    "ip6*": ip6Any,
    ip4,
    "prefix-length": prefixLength,
    prefix,
    prefix6,
    duid,
    name,
    "name+": nameSome,
    "name*": nameAny,
    "partial-name": partialName,
    text,
    tuple,
    "tuple+": tupleSome,
    "tuple*": tupleAny,
    octets8,
    opaque,
    "opaque+": opaqueSome,
    message: opaque,
    suboptions,
    "time-source": timeSource,
    resolver,
  };
