// The end of every `switch` over a union, and the assertion for bugs (on in production).

/** Fails to compile when a case was forgotten. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** A bug when it does not hold; the sentence says what was expected. */
export function assert(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${sentence}`);
}
