// The text form of messages that are broken (sound ones are the golden packets).

import { describe, expect, it } from "vitest";
import { DHCP_EPOCH } from "../../../../src/core/model/time.ts";
import { describeMessage } from "../../../../src/core/wire/describe.ts";
import { timeText } from "../../../../src/core/wire/time-text.ts";
import { ascii, CLIENT, failover, hex, ip, join, msg, opt, relayForw, u16, u32 } from "./bytes.ts";

describe("describeMessage", () => {
  it("shows what stands before a broken option frame", () => {
    expect(describeMessage(join(msg(1, opt(8, u16(0))), hex("0006000401")), "udp")).toEqual([
      "SOLICIT xid 0x123456",
      "  ELAPSED_TIME (8): value 0",
      "  ! broken option frame: 00:06:00:04:01",
    ]);
    expect(describeMessage(join(msg(1), hex("0006")), "udp").at(-1)).toBe(
      "  ! broken option frame: 00:06",
    );
  });

  it("shows a container with a broken inside, and malformed options, as octets", () => {
    expect(
      describeMessage(msg(1, opt(3, u32(1), u32(0), u32(0), [0, 5]), opt(14, [1]), opt(14)), "udp"),
    ).toEqual([
      "SOLICIT xid 0x123456",
      "  IA_NA (3) ! trailing-octets: 00:00:00:01:00:00:00:00:00:00:00:00:00:05",
      "  RAPID_COMMIT (14) ! too long: 01",
      "  RAPID_COMMIT (14)",
    ]);
  });

  it("says what is too short or unknown", () => {
    expect(describeMessage(hex(""), "udp")).toEqual(["! too short for a message: (empty)"]);
    expect(describeMessage(hex("0c0102"), "udp")).toEqual([
      "! too short for a RELAY-FORW: 0c:01:02",
    ]);
    expect(describeMessage(hex("63010203"), "udp")).toEqual(["unknown message type 99: 01:02:03"]);
    expect(describeMessage(hex("18010203"), "failover")).toEqual([
      "! too short for a failover message: 18:01:02:03",
    ]);
    expect(describeMessage(hex("6301020304050607"), "failover")).toEqual([
      "unknown failover message type 99: 01:02:03:04:05:06:07",
    ]);
  });

  it("reads one or more whole frames of the failover connection", () => {
    const frame = (message: Uint8Array): Uint8Array => join(u16(message.length), message);
    const bytes = join(frame(failover(35)), frame(failover(26)));
    const time = timeText(0x31000000);
    expect(describeMessage(bytes, "failover")).toEqual([
      `CONTACT xid 0x123456 sent-time ${time}`,
      `POOLREQ xid 0x123456 sent-time ${time}`,
    ]);
    expect(describeMessage(failover(35), "failover")).toEqual([
      `CONTACT xid 0x123456 sent-time ${time}`,
    ]);
  });

  it("stops at relays nested too deep", () => {
    let bytes = msg(1, opt(1, CLIENT));
    for (let i = 0; i < 300; i++) bytes = relayForw(0, "::", "::", opt(9, bytes));
    expect(describeMessage(bytes, "udp").at(-1)).toMatch(/! nested too deep: .* … \(\d+ octets\)$/);
  });

  it("names statuses, states and asked-for options, and keeps numbers without a name", () => {
    expect(
      describeMessage(
        msg(
          7,
          opt(13, u16(99), ascii("x")),
          opt(6, u16(23), u16(60_000)),
          opt(19, [5]),
          opt(132, [11]),
          opt(12, ip("::")),
        ),
        "udp",
      ).slice(1),
    ).toEqual([
      '  STATUS_CODE (13): status 99, message "x"',
      "  ORO (6): codes DNS_SERVERS,60000",
      "  RECONF_MSG (19): value RENEW",
      "  F_SERVER_STATE (132): value 11",
      "  UNICAST (12): address ::",
    ]);
  });
});

describe("timeText", () => {
  it("is the calendar in UTC over the whole range", () => {
    expect(timeText(0)).toBe("none");
    for (const time of [
      1, 59, 86_399, 86_400, 5_097_600, 31_622_399, 31_622_400, 826_000_000, 3_166_214_400,
      0xffffffff,
    ]) {
      expect(timeText(time)).toBe(
        new Date((time + DHCP_EPOCH) * 1000).toISOString().replace(".000", ""),
      );
    }
    for (let time = 7; time < 0xffffffff; time += 86_399 * 57) {
      expect(timeText(time)).toBe(
        new Date((time + DHCP_EPOCH) * 1000).toISOString().replace(".000", ""),
      );
    }
  });
});
