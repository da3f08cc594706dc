// The file `head`: how far the log was durable at some moment, and which snapshots there were. A log that ends before it,
// or a snapshot that is not there, was lost; without it the loss of the last segments would look like a shorter log. Two
// places are written in turn, so that one is always whole. Version 1 of the format:
//
//   0 magic  4 version  8 store id  24 number  32 sequence  40 newest snapshot  48 the one before it  56 CRC of 0 to 55
//
// It is written in place, which needs no room on a full disk: with each new segment and each snapshot, with each heartbeat
// of the server, and at a planned end.

import type { Crc32, DiskReader, DiskRequest } from "../../ports/disk.ts";
import { duidFromBytes } from "../model/duid.ts";
import { octetsOf } from "../model/octets.ts";
import { getU32, getU53, putU32, putU53 } from "./bytes.ts";
import { HEAD_NAME } from "./file-names.ts";

const MAGIC = 0x54444d48;
const FORMAT_VERSION = 1;
const CRC_AT = 56;
const HEAD_BYTES = 60;
const PLACE_BYTES = 4_096;
const FILE_BYTES = 2 * PLACE_BYTES;

export interface HeadContent {
  readonly storeId: string;
  /** All records up to here were durable. */
  readonly sequence: number;
  /** Ids of the snapshots that a start may use, the newest first; 0 = none. */
  readonly snapshots: readonly [number, number];
}

export interface HeadFound {
  /** Undefined: nothing that can be read. */
  readonly content: HeadContent | undefined;
  /** Of the newest place. */
  readonly number: number;
  /** The file has both its places. */
  readonly isMade: boolean;
  /** Why something of it cannot be read. */
  readonly damage: string | undefined;
}

/** Reads it at a start. */
export function readHead(reader: DiskReader, crc32: Crc32): HeadFound {
  if (!reader.list().includes(HEAD_NAME)) {
    return { content: undefined, number: 0, isMade: false, damage: "is missing" };
  }
  if (reader.size(HEAD_NAME) !== FILE_BYTES) {
    return { content: undefined, number: 0, isMade: false, damage: "has the wrong size" };
  }
  const places = [0, 1].map((place) =>
    readPlace(reader.read(HEAD_NAME, place * PLACE_BYTES, HEAD_BYTES), crc32),
  );
  const whole = places.filter((place) => typeof place === "object");
  const newest = whole.reduce<Place | undefined>(
    (best, place) => (best === undefined || place.number > best.number ? place : best),
    undefined,
  );
  // From the second write on both places hold something.
  const bothWritten = newest === undefined || newest.number > 1;
  const isBad = places.includes("bad") || (bothWritten && places.includes("unwritten"));
  return {
    content: newest?.content,
    number: newest?.number ?? 0,
    isMade: true,
    damage: isBad ? "cannot be read" : undefined,
  };
}

interface Place {
  readonly number: number;
  readonly content: HeadContent;
}

function readPlace(bytes: Uint8Array, crc32: Crc32): Place | "unwritten" | "bad" {
  if (bytes.every((octet) => octet === 0)) return "unwritten";
  const isSound =
    getU32(bytes, 0) === MAGIC &&
    getU32(bytes, 4) === FORMAT_VERSION &&
    getU32(bytes, CRC_AT) === crc32(bytes.subarray(0, CRC_AT)) >>> 0;
  if (!isSound) return "bad";
  return {
    number: getU53(bytes, 24),
    content: {
      storeId: duidFromBytes(bytes, 8, 24),
      sequence: getU53(bytes, 32),
      snapshots: [getU53(bytes, 40), getU53(bytes, 48)],
    },
  };
}

/** Without its id: the store gives it one. */
export type HeadRequest =
  | Omit<Extract<DiskRequest, { type: "zero" }>, "id">
  | Omit<Extract<DiskRequest, { type: "write" }>, "id">;

/** Writes it: one request outstanding. */
export class Head {
  readonly #crc32: Crc32;
  #number: number;
  /** The file is there: writing needs no room. */
  isMade: boolean;
  #isWanted = false;
  #outstanding: "zero" | "write" | undefined;

  constructor(crc32: Crc32, found: Pick<HeadFound, "number" | "isMade"> | undefined) {
    this.#crc32 = crc32;
    this.#number = found?.number ?? 0;
    this.isMade = found?.isMade ?? false;
  }

  /** What was asked for is written. */
  get isSettled(): boolean {
    return !this.#isWanted && this.#outstanding === undefined;
  }

  want(): void {
    this.#isWanted = true;
  }

  /** What to do now; `content` is asked for when it is written. */
  step(content: () => HeadContent): HeadRequest | undefined {
    if (!this.#isWanted || this.#outstanding !== undefined) return undefined;
    if (!this.isMade) {
      this.#outstanding = "zero";
      return { type: "zero", file: HEAD_NAME, size: FILE_BYTES };
    }
    this.#outstanding = "write";
    this.#isWanted = false;
    this.#number += 1;
    const bytes = encode({ number: this.#number, content: content() }, this.#crc32);
    const offset = (this.#number % 2) * PLACE_BYTES;
    return { type: "write", file: HEAD_NAME, offset, bytes };
  }

  done(isMade: boolean): void {
    this.isMade ||= isMade;
    this.#outstanding = undefined;
  }
}

function encode({ number, content }: Place, crc32: Crc32): Uint8Array {
  const bytes = new Uint8Array(PLACE_BYTES);
  putU32(bytes, 0, MAGIC);
  putU32(bytes, 4, FORMAT_VERSION);
  bytes.set(octetsOf(content.storeId), 8);
  putU53(bytes, 24, number);
  putU53(bytes, 32, content.sequence);
  putU53(bytes, 40, content.snapshots[0]);
  putU53(bytes, 48, content.snapshots[1]);
  putU32(bytes, CRC_AT, crc32(bytes.subarray(0, CRC_AT)) >>> 0);
  return bytes;
}
