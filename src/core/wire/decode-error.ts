// The one error a decoder throws: bytes whose frame is broken, so that nothing after it can be found (D-016).

export type DecodeErrorCode =
  /** Fewer octets than the header (D-009, F-073). */
  | "too-short"
  /** An option-len passes the end of its container (D-015). */
  | "option-overrun"
  /** One to three octets are left after the last option. */
  | "trailing-octets"
  /** A RELAY-FORW or RELAY-REPL without RELAY_MSG (D-037). */
  | "relay-without-message"
  /** More relay levels than LIMITS.relayLevels (D-182). */
  | "too-many-relays";

export class DecodeError extends Error {
  readonly code: DecodeErrorCode;
  /** Where in the bytes given, octets. */
  readonly offset: number;
  /** The option concerned, when there is one. */
  readonly option: number | undefined;

  constructor(code: DecodeErrorCode, offset: number, option?: number) {
    super(`${code} at octet ${offset}${option === undefined ? "" : ` in option ${option}`}`);
    this.name = "DecodeError";
    this.code = code;
    this.offset = offset;
    this.option = option;
  }
}
