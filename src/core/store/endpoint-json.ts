// The endpoint record as JSON in a record of the log (RFC 8156 §8.2; F-531, F-533, F-534, F-541, F-544): it is rare,
// and fields are likely to be added.

import { type EndpointRecord, isRecordedState } from "../model/endpoint-record.ts";
import { assert } from "../model/unreachable.ts";
import { ByteReader, type ByteWriter, StoredFormatError } from "./bytes.ts";

/** Fields that the first version did not write, with the value that is safe for its records. */
export const LATER_FIELDS: Partial<EndpointRecord> = {
  partnerLostAt: 0,
  partnerServed: true,
  ownLostAt: 0,
  clockShifted: 0,
  validHighest: 0,
  reclaimedAt: 0,
  reclaimWait: 0,
  partnerStore: undefined,
};

/** All of RFC 8156 §8.2 in one record, so that state, partner state and times never disagree (F-531, F-534). */
export function encodeEndpoint(record: EndpointRecord, into: ByteWriter): void {
  for (const value of Object.values(record)) {
    assert(typeof value !== "number" || Number.isFinite(value), "an endpoint's numbers are finite");
  }
  // JSON has no undefined: null stands for it, so that every field comes back.
  into.text(JSON.stringify(record, (_, value: unknown) => (value === undefined ? null : value)));
}

export function decodeEndpoint(from: ByteReader, length: number): EndpointRecord {
  const body = new ByteReader(from.bytes, from.take(length), from.at);
  const fields: Record<string, unknown> = { ...LATER_FIELDS };
  for (const [name, value] of Object.entries(parse(body.text()))) {
    fields[name] = value === null ? undefined : value;
  }
  const { relationship, state } = fields;
  if (typeof relationship !== "string" || typeof state !== "string") {
    throw new StoredFormatError("an endpoint record names no relationship or no state");
  }
  // F-531: STARTUP is never recorded, and an unknown state is never guessed.
  if (!isRecordedState(state)) {
    throw new StoredFormatError(`an endpoint record names the state ${state}`);
  }
  return fields as unknown as EndpointRecord;
}

function parse(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
    throw new StoredFormatError("an endpoint record is no JSON object");
  } catch (error) {
    if (error instanceof SyntaxError) throw new StoredFormatError("an endpoint record is not JSON");
    throw error;
  }
}
