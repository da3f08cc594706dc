// The endpoint record as JSON in a record of the log (RFC 8156 §8.2; F-531, F-533, F-534, F-541, F-544): rare, and
// fields are likely to be added. A field that an older version did not write gets the value that is safe.

import type { Duid } from "../model/duid.ts";
import { type EndpointRecord, SERVER_STATE, type ServerState } from "../model/endpoint-record.ts";
import { assert } from "../model/unreachable.ts";
import { ByteReader, type ByteWriter, StoredFormatError } from "./bytes.ts";

type Fields = Readonly<Record<string, unknown>>;
type RecordedState = EndpointRecord["state"];

export function encodeEndpoint(record: EndpointRecord, into: ByteWriter): void {
  for (const value of Object.values(record)) {
    assert(typeof value !== "number" || Number.isFinite(value), "an endpoint's numbers are finite");
  }
  into.text(JSON.stringify(record));
}

export function decodeEndpoint(from: ByteReader, length: number): EndpointRecord {
  const body = new ByteReader(from.bytes, from.take(length), from.at);
  const fields = parse(body.text());
  return {
    relationship: text(fields, "relationship") ?? missing("relationship"),
    state: recorded(fields, "state") ?? missing("state"),
    previousState: recorded(fields, "previousState"),
    startTimeOfState: number(fields, "startTimeOfState"),
    reason: text(fields, "reason") ?? "",
    partnerState: state(fields, "partnerState"),
    partnerFlags: number(fields, "partnerFlags"),
    partnerStartTimeOfState: number(fields, "partnerStartTimeOfState"),
    partnerDownTime: number(fields, "partnerDownTime"),
    partnerLastContact: number(fields, "partnerLastContact"),
    partnerDuid: text(fields, "partnerDuid") as Duid | undefined,
    communicated: flag(fields, "communicated"),
    updateAllNeeded: flag(fields, "updateAllNeeded"),
    partnerUpdateAll: flag(fields, "partnerUpdateAll"),
    ackEpoch: number(fields, "ackEpoch"),
    mclt: number(fields, "mclt"),
    mcltHighest: number(fields, "mcltHighest"),
    noNewLeasesUntil: number(fields, "noNewLeasesUntil"),
    recoverWaitUntil: number(fields, "recoverWaitUntil"),
    aloneSince: number(fields, "aloneSince"),
    firstSplitDone: flag(fields, "firstSplitDone"),
  };
}

function parse(json: string): Fields {
  try {
    return JSON.parse(json) as Fields;
  } catch (error) {
    if (error instanceof SyntaxError) throw new StoredFormatError("an endpoint record is not JSON");
    throw error;
  }
}

function missing(name: string): never {
  throw new StoredFormatError(`an endpoint record has no ${name}`);
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
}

function number(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === "number" ? value : 0;
}

function flag(fields: Fields, name: string): boolean {
  return fields[name] === true;
}

function state(fields: Fields, name: string): ServerState | undefined {
  const value = text(fields, name);
  if (value === undefined) return undefined;
  if (!Object.hasOwn(SERVER_STATE, value)) throw new StoredFormatError(`state ${value} is unknown`);
  return value as ServerState;
}

function recorded(fields: Fields, name: string): RecordedState | undefined {
  const value = state(fields, name);
  if (value === "STARTUP") throw new StoredFormatError("STARTUP is never recorded");
  return value;
}
