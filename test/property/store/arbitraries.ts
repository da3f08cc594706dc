// Random leases, blocks, endpoint records and changes of every type.

import fc from "fast-check";
import { BINDING_STATUS, type BindingStatus } from "../../../src/core/model/binding-status.ts";
import type { Block } from "../../../src/core/model/blocks.ts";
import type { Change } from "../../../src/core/model/change.ts";
import { type Duid, duidFromBytes } from "../../../src/core/model/duid.ts";
import {
  type EndpointRecord,
  SERVER_STATE,
  type ServerState,
} from "../../../src/core/model/endpoint-record.ts";
import { type Ipv6Address, ipv6FromBytes, maskTo } from "../../../src/core/model/ipv6.ts";
import type { Lease, LeaseKey } from "../../../src/core/model/lease.ts";
import { LATER_FIELDS } from "../../../src/core/store/endpoint-json.ts";

const word = fc.oneof(
  fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.nat(0xffffffff),
);
const version = fc.oneof(fc.nat(1000), fc.maxSafeNat());
const address: fc.Arbitrary<Ipv6Address> = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => ipv6FromBytes(bytes));
const duid: fc.Arbitrary<Duid> = fc
  .uint8Array({ minLength: 3, maxLength: 130 })
  .map((bytes) => duidFromBytes(bytes));
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const kept = optional(fc.uint8Array({ maxLength: 2_048 }));
const text = fc.string({ unit: "binary", maxLength: 40 });

const prefix = fc
  .tuple(address, fc.nat(128))
  .map(([bits, length]) => ({ address: maskTo(bits, length), length }));
const key: fc.Arbitrary<LeaseKey> = fc.oneof(
  address.map((value): LeaseKey => ({ kind: "address", address: value, length: 128 })),
  prefix.map((value): LeaseKey => ({ kind: "prefix", ...value })),
);

/** Any lease; its version is any number of 53 bits. */
export const leases: fc.Arbitrary<Lease> = fc
  .tuple(
    key,
    fc.record({
      link: text,
      duid: optional(duid),
      iaid: word,
      status: fc.constantFrom(...(Object.keys(BINDING_STATUS) as BindingStatus[])),
      validLifetime: word,
      preferredLifetime: word,
      t1: word,
      t2: word,
      clientExpiry: word,
      expirationTime: word,
      ackedPartnerLifetime: word,
      partnerLifetime: word,
      clientLastTransactionTime: word,
      partnerRawCltTime: word,
      startTimeOfState: word,
      stateExpirationTime: word,
      partnerLifetimeSent: word,
      partnerLifetimeHighest: word,
      version,
      primarySince: version,
      ackEpoch: word,
      marked: fc.boolean(),
      everSent: fc.boolean(),
      endingSent: fc.boolean(),
      relayData: kept,
      fqdn: kept,
      reconfigureData: kept,
    }),
  )
  .map(([own, body]) => ({
    ...own,
    ...body,
    // Only a prefix has an owner that is written down.
    primarySince: own.kind === "prefix" ? body.primarySince : 0,
  }));

export const blocks: fc.Arbitrary<Block> = fc
  .tuple(
    prefix,
    fc.record({
      status: fc.constantFrom("FREE" as const, "FREE-BACKUP" as const),
      link: text,
      startTimeOfState: word,
      version,
      givenAt: version,
      marked: fc.boolean(),
    }),
  )
  .map(([own, body]) => ({ ...own, ...body }));

const states = Object.keys(SERVER_STATE) as ServerState[];
const recorded = fc.constantFrom(
  ...states.filter((state): state is EndpointRecord["state"] => state !== "STARTUP"),
);

export const endpoints: fc.Arbitrary<EndpointRecord> = fc
  .record({
    relationship: text,
    state: recorded,
    previousState: optional(recorded),
    startTimeOfState: word,
    reason: text,
    partnerState: optional(fc.constantFrom(...states)),
    partnerFlags: fc.nat(255),
    partnerStartTimeOfState: word,
    partnerDownTime: word,
    partnerLastContact: word,
    partnerDuid: optional(duid),
    communicated: fc.boolean(),
    updateAllNeeded: fc.boolean(),
    partnerUpdateAll: fc.boolean(),
    ackEpoch: word,
    mclt: word,
    mcltHighest: word,
    validHighest: word,
    partnerServed: fc.boolean(),
    noNewLeasesUntil: word,
    recoverWaitUntil: word,
    aloneSince: word,
  })
  // Fields that the record gains are carried like these.
  .map((record) => ({ ...LATER_FIELDS, ...record }) as unknown as EndpointRecord);

export const changes: fc.Arbitrary<Change> = fc.oneof(
  leases.map((lease): Change => ({ type: "lease", lease })),
  key.map((own): Change => ({ type: "lease-removed", key: own })),
  blocks.map((block): Change => ({ type: "block", block })),
  prefix.map((own): Change => ({ type: "block-removed", prefix: own })),
  endpoints.map((record): Change => ({ type: "endpoint", record })),
  fc.maxSafeNat().map((at): Change => ({ type: "heartbeat", at })),
  fc
    .record({ offset: fc.maxSafeInteger(), shift: fc.maxSafeInteger() })
    .map(({ offset, shift }): Change => ({ type: "clock", record: { offset, shift } })),
);
