import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Control, createControlApp, openControl } from "../../../src/admin/control.ts";
import type { Command } from "../../../src/api/commands.ts";
import type { CommandResult } from "../../../src/api/results.ts";
import { answering, CORE_RESULTS, PROCESS_STATUS } from "../../support/api-results.ts";

/** The routes with a core that notes commands and answers as told. */
function setUp(answer?: CommandResult) {
  const commands: Command[] = [];
  const options = {
    path: "",
    ask: answering(commands, () => answer),
    process: () => ({ status: PROCESS_STATUS, alarms: [] }),
  };
  const app = createControlApp(options);
  const request = async (path: string, init?: RequestInit) => {
    const response = await app.request(path, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const post = (path: string, body?: string) =>
    request(path, { method: "POST", ...(body === undefined ? {} : { body }) });
  return { commands, options, request, post };
}

describe("the routes of the control socket", () => {
  it("each route is one command", async () => {
    const { commands, request, post } = setUp();
    await request("/v1/status");
    await request("/v1/failover");
    await request("/v1/leases");
    await request("/v1/leases?cursor=7&limit=3&link=campus&status=active&duid=00:01:AA");
    await request("/v1/leases/2001:DB8::1");
    await request("/v1/leases/2001:db8:1::/56");
    await request("/v1/leases/2001:db8:1::%2F56");
    await post("/v1/stop");
    expect(commands).toEqual([
      { type: "status" },
      { type: "failover-status" },
      { type: "leases-list", cursor: 0, limit: 100 },
      {
        type: "leases-list",
        cursor: 7,
        limit: 3,
        link: "campus",
        status: "ACTIVE",
        duid: "0001aa",
      },
      { type: "leases-show", lease: "2001:DB8::1" },
      { type: "leases-show", lease: "2001:db8:1::/56" },
      { type: "leases-show", lease: "2001:db8:1::/56" },
      { type: "stop" },
    ]);
  });

  it("partner-down takes a relationship and force (T-13)", async () => {
    const { commands, post } = setUp();
    await post("/v1/failover/partner-down");
    await post("/v1/failover/partner-down", '{"relationship":"campus","force":true}');
    expect(commands).toEqual([
      { type: "partner-down", force: false },
      { type: "partner-down", relationship: "campus", force: true },
    ]);
  });

  it("reclaim takes the relationship's name, which is not optional (T-01)", async () => {
    const { commands, post } = setUp();
    const missing = await post("/v1/failover/reclaim", '{"force":true}');
    expect([missing.status, missing.body.code, commands.length]).toEqual([400, "bad-request", 0]);
    await post("/v1/failover/reclaim", '{"relationship":"campus"}');
    expect(commands).toEqual([{ type: "reclaim", relationship: "campus", force: false }]);
  });

  it("status carries what the process adds", async () => {
    const { request } = setUp();
    const { status } = CORE_RESULTS;
    expect((await request("/v1/status")).body).toEqual({ ...status, process: PROCESS_STATUS });
  });

  it.each([
    ["not-found", 404],
    ["bad-request", 400],
    ["refused", 409],
    ["stopped", 503],
  ] as const)(
    "what the core refuses as %s has status %i, code and message",
    async (code, status) => {
      const { request } = setUp({ ok: false, code, message: "because" });
      expect(await request("/v1/failover")).toEqual({ status, body: { code, message: "because" } });
    },
  );

  it.each([
    ["/v1/leases?limit=many", "`limit` `many`: a whole number from 0 to 1000 is needed"],
    ["/v1/leases?limit=1001", "`limit` `1001`: a whole number from 0 to 1000 is needed"],
    ["/v1/leases?status=GONE", "`status` `GONE`: there are ACTIVE, EXPIRED"],
    ["/v1/leases?duid=xx", "`duid` `xx`: this is no DUID"],
    ["/v1/leases?colour=red", "unknown field `colour`"],
    ["/v1/leases?type=stop", "unknown field `type`"],
    ["/v1/leases/nonsense", "`lease` `nonsense`: this is no IPv6 address and no prefix"],
    ["/v1/leases/2001:db8::1/56", "`lease` `2001:db8::1/56`: this is no IPv6 address"],
  ])("bad input is told of and reaches no core: %s", async (path, message) => {
    const { commands, request } = setUp();
    const { status, body } = await request(path);
    expect([status, body.code, commands.length]).toEqual([400, "bad-request", 0]);
    expect(body.message).toContain(message);
  });

  it.each(["[]", "nonsense", '{"force":"yes"}', '{"relationship":1}', '{"reclaim":true}'])(
    "a bad body is refused: %s",
    async (body) => {
      const { commands, post } = setUp();
      const answer = await post("/v1/failover/partner-down", body);
      expect([answer.status, answer.body.code, commands.length]).toEqual([400, "bad-request", 0]);
    },
  );

  it("a large body and an unknown route are refused", async () => {
    const { request, post } = setUp();
    expect((await request("/v1/nothing")).body.code).toBe("no-such-route");
    const headers = { "content-length": "20000" };
    const large = await request("/v1/failover/partner-down", {
      method: "POST",
      body: "x".repeat(20_000),
      headers,
    });
    expect(large).toMatchObject({ status: 413, body: { code: "too-large" } });
    expect((await post("/v1/status")).status).toBe(404);
  });
});

describe("the control socket", () => {
  let directory: string;
  let path: string;
  const open: Control[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tandem-control-"));
    path = join(directory, "run", "control.sock");
  });
  afterEach(async () => {
    for (const control of open.splice(0)) await control.close();
    rmSync(directory, { recursive: true });
  });
  const start = async (): Promise<Control> => {
    const control = await openControl({ ...setUp().options, path });
    open.push(control);
    return control;
  };
  const get = (route: string): Promise<string> =>
    new Promise((resolve, reject) => {
      http
        .get({ socketPath: path, path: route }, (response) => {
          let text = "";
          response.on("data", (chunk: Buffer) => {
            text += chunk.toString();
          });
          response.on("end", () => resolve(text));
        })
        .on("error", reject);
    });

  it("is for its owner only, in a folder of its own", async () => {
    await start();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "run")).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await get("/v1/failover"))).toEqual(CORE_RESULTS["failover-status"]);
  });

  it("a second server is refused while the first answers", async () => {
    await start();
    await expect(openControl({ ...setUp().options, path })).rejects.toThrow(
      "another server answers",
    );
    expect(JSON.parse(await get("/v1/failover"))).toEqual(CORE_RESULTS["failover-status"]);
  });

  it("the socket of a server that was killed is taken over", async () => {
    await start().then((control) => control.close());
    open.length = 0;
    // A socket that nobody listens on: what kill -9 leaves.
    const dead = net.createServer();
    await new Promise<void>((resolve) => dead.listen(`${path}.dead`, resolve));
    const { linkSync } = await import("node:fs");
    linkSync(`${path}.dead`, path);
    await new Promise((resolve) => dead.close(resolve));
    expect(existsSync(path)).toBe(true);
    await start();
    expect(JSON.parse(await get("/v1/failover"))).toEqual(CORE_RESULTS["failover-status"]);
  });

  it("a file that is no socket is left alone", async () => {
    await start().then((control) => control.close());
    open.length = 0;
    writeFileSync(path, "precious");
    await expect(openControl({ ...setUp().options, path })).rejects.toThrow("no socket");
    expect(existsSync(path)).toBe(true);
  });

  it("is gone after a close, even with an idle connection", async () => {
    const control = await start();
    open.length = 0;
    const idle = net.connect(path);
    idle.on("error", () => undefined);
    await new Promise((resolve) => idle.once("connect", resolve));
    await control.close();
    expect(existsSync(path)).toBe(false);
    idle.destroy();
  });
});
