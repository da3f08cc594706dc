// T-07: what two Tandems tell each other of their stores in STATE and CONTACT, in two sub-options of ours (T-12): the own
// store with the sequence of its last record, and the highest that was seen of the partner's.

import type { Option } from "../../wire/options.ts";
import { ourSuboptions, type Suboption } from "./extensions.ts";

const OWN = 16;
const SEEN = 17;
/** 16 octets name a store, 8 are the sequence. */
const OCTETS = 24;
const ID_OCTETS = 16;
const LOW = 0x1_0000_0000;

/** A store and a sequence of its log. */
export interface StoreMark {
  /** 32 hex digits. */
  readonly id: string;
  readonly sequence: number;
}

export interface StoreWords {
  readonly own: StoreMark;
  /** undefined: nothing was ever seen of the partner's. */
  readonly seen: StoreMark | undefined;
}

function encode(code: number, { id, sequence }: StoreMark): Suboption {
  const data = new Uint8Array(OCTETS);
  for (let i = 0; i < ID_OCTETS; i++) data[i] = Number.parseInt(id.slice(2 * i, 2 * i + 2), 16);
  const view = new DataView(data.buffer);
  view.setUint32(ID_OCTETS, Math.floor(sequence / LOW));
  view.setUint32(ID_OCTETS + 4, sequence % LOW);
  return { code, data };
}

function decode(data: Uint8Array | undefined): StoreMark | undefined {
  if (data?.length !== OCTETS) return undefined;
  const view = new DataView(data.buffer, data.byteOffset);
  const id = [...data.subarray(0, ID_OCTETS)]
    .map((octet) => octet.toString(16).padStart(2, "0"))
    .join("");
  const sequence = view.getUint32(ID_OCTETS) * LOW + view.getUint32(ID_OCTETS + 4);
  return Number.isSafeInteger(sequence) ? { id, sequence } : undefined;
}

export function storeSuboptions({ own, seen }: StoreWords): readonly Suboption[] {
  return [encode(OWN, own), ...(seen === undefined ? [] : [encode(SEEN, seen)])];
}

/** What the partner says; undefined: nothing, or nothing that can be read. */
export function readStoreWords(options: readonly Option[]): StoreWords | undefined {
  const found = ourSuboptions(options);
  const own = decode(found.find(({ code }) => code === OWN)?.data);
  const seen = decode(found.find(({ code }) => code === SEEN)?.data);
  return own === undefined ? undefined : { own, seen };
}
