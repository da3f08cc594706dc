// Damages messages: octets, lengths, whole options, relay levels. Everything comes from one seed.

import type { Prng } from "../../sim/prng.ts";
import { type Area, areas, headerOf, type Node, parse, serialize } from "./tree.ts";

/** Values at which comparisons and lengths tend to break. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 24, 25, 127, 128, 254, 255];
const WIDE_EDGES = [0, 1, 3, 4, 12, 16, 24, 25, 128, 255, 256, 0x7fff, 0x8000, 0xfffe, 0xffff];
const MOST_OCTETS = 65_000;

type Operation = (bytes: Uint8Array) => Uint8Array;

export class Mutator {
  readonly #random: Prng;
  readonly #corpus: readonly Uint8Array[];
  readonly #failover: boolean;
  readonly #operations: readonly Operation[];

  constructor(random: Prng, corpus: readonly Uint8Array[], failover = false) {
    this.#random = random;
    this.#corpus = corpus;
    this.#failover = failover;
    this.#operations = [
      (bytes) => this.#flip(bytes),
      (bytes) => this.#edge(bytes),
      (bytes) => this.#length(bytes),
      (bytes) => bytes.subarray(0, random.below(bytes.length + 1)),
      (bytes) => join(bytes, random.bytes(random.below(40))),
      (bytes) => this.#cut(bytes),
      (bytes) => this.#splice(bytes),
    ];
  }

  /** A damaged message of the corpus. */
  next(): Uint8Array {
    return this.damage(this.#random.pick(this.#corpus));
  }

  damage(message: Uint8Array): Uint8Array {
    const tree = parse(message, headerOf(message, this.#failover));
    // Three in four are sound to the last frame, so that the damage is met behind the decoder.
    if (tree !== undefined && this.#random.chance(0.75)) {
      for (let i = this.#random.below(3); i >= 0; i--) this.#prune(tree);
      return serialize(tree).subarray(0, MOST_OCTETS);
    }
    let bytes = message.slice();
    for (let i = this.#random.below(3); i >= 0; i--) {
      bytes = this.#random.pick(this.#operations)(bytes).slice();
    }
    return bytes.subarray(0, MOST_OCTETS);
  }

  /** One change to the tree: an option twice, elsewhere, gone, renamed, with other octets, or very often. */
  #prune(tree: Area): void {
    const random = this.#random;
    const area = random.pick(areas(tree));
    const at = random.below(area.options.length);
    const node = area.options[at];
    if (node === undefined || random.chance(0.1)) {
      this.#flip(area.head);
      return;
    }
    switch (random.below(8)) {
      case 0:
        area.options.splice(at, 1);
        return;
      case 1:
        area.options.splice(random.below(area.options.length), 0, node);
        return;
      case 2:
        area.options.sort(() => random.fraction() - 0.5);
        return;
      case 3:
        area.options.splice(at, 1, {
          ...node,
          code: random.chance(0.9) ? random.below(150) : 65_535,
        });
        return;
      case 4:
        area.options.splice(at, 0, ...this.#foreign());
        return;
      case 5:
        if (random.chance(0.1)) {
          const copies = Array.from({ length: random.below(300) }, () => node);
          area.options.splice(at, 0, ...copies);
        }
        return;
      default:
        this.#content(node);
    }
  }

  /** An option of another message of the corpus, with all that is in it. */
  #foreign(): readonly Node[] {
    const other = this.#random.pick(this.#corpus);
    const tree = parse(other, headerOf(other, this.#failover));
    if (tree === undefined) return [];
    const { options } = this.#random.pick(areas(tree));
    return options.length === 0 ? [] : [this.#random.pick(options)];
  }

  #content(node: Node): void {
    const { content } = node;
    if (!(content instanceof Uint8Array)) {
      node.content = { ...content, head: this.#octets(content.head) };
    } else node.content = this.#octets(content);
  }

  /** The same octets with a change; rarely more or fewer of them. */
  #octets(before: Uint8Array): Uint8Array {
    const bytes = before.slice();
    if (this.#random.chance(0.15)) return this.#random.pick(this.#operations)(bytes);
    return this.#random.chance(0.5) ? this.#edge(bytes) : this.#flip(bytes);
  }

  /** A place in the message; early ones, where the headers are, more often. */
  #place(bytes: Uint8Array): number {
    const limit = this.#random.chance(0.3) ? Math.min(48, bytes.length) : bytes.length;
    return this.#random.below(limit);
  }

  #flip(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return bytes;
    for (let i = this.#random.below(4); i >= 0; i--) {
      const at = this.#place(bytes);
      bytes[at] = (bytes[at] as number) ^ (1 << this.#random.below(8));
    }
    return bytes;
  }

  #edge(bytes: Uint8Array): Uint8Array {
    if (bytes.length > 0) bytes[this.#place(bytes)] = this.#random.pick(EDGES);
    return bytes;
  }

  /** Sixteen bits with an edge value or a little off: most lengths are sixteen bits. */
  #length(bytes: Uint8Array): Uint8Array {
    if (bytes.length < 2) return bytes;
    const at = this.#random.below(bytes.length - 1);
    const before = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    const off = before + this.#random.between(-5, 5);
    const value = this.#random.chance(0.5) ? off : this.#random.pick(WIDE_EDGES);
    bytes[at] = value >> 8;
    bytes[at + 1] = value;
    return bytes;
  }

  #cut(bytes: Uint8Array): Uint8Array {
    const start = this.#random.below(bytes.length + 1);
    return join(bytes.subarray(0, start), bytes.subarray(start + this.#random.below(30)));
  }

  #splice(bytes: Uint8Array): Uint8Array {
    const other = this.#random.pick(this.#corpus);
    const from = this.#random.below(other.length + 1);
    const part = other.subarray(from, from + this.#random.below(80));
    const at = this.#random.below(bytes.length + 1);
    const over = this.#random.chance(0.5) ? part.length : 0;
    return join(bytes.subarray(0, at), part, bytes.subarray(at + over));
  }
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
