// Every command of the README and the guides is run, in the order of its page, and what it prints is compared with what
// the page shows. What cannot be run here says why in the page, and is checked as far as it can be: commands and options
// exist, scripts exist, filters compile. `npm ci && npm test` of the README is what .ci/run does from a fresh clone, and
// test/e2e/demo.test.ts runs the demo.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { STATES } from "../../src/core/failover/endpoint/states/all.ts";
import { program, ROOT, until } from "../../tools/netns/command.ts";
import { type Block, commandLines, missingLine, readPage } from "./guide.ts";
import { Lab, MACHINES, type Machine, type Outcome } from "./lab.ts";
import { UNIT } from "./stand-ins.ts";

const GUIDES = readdirSync(join(ROOT, "docs/guides")).map((name) => `docs/guides/${name}`);
const PAGES = ["README.md", ...GUIDES];
/** Pages that begin with nothing; the others have the first guide's pair in NORMAL. */
const FROM_NOTHING = ["README.md", "docs/guides/install.md", "docs/guides/first-pair.md"];
/** Asking again changes nothing, so what such a command shows is waited for. */
const ASKS = /^(tandem (failover status|status|leases)|journalctl)\b/;
const PATIENCE = 90_000;
const OTHER_PROGRAMS = [
  ...["cd", "useradd", "install", "chown", "chmod", "setpriv", "dhclient", "tcpdump", "ss"],
];

const shells = (page: string): readonly Block[] =>
  readPage(page).filter(({ language }) => language === "sh");

/** What a page says has happened before a command. */
const SITUATIONS: Readonly<Record<string, (lab: Lab, printed: string) => Promise<unknown>>> = {
  "the printed lines are written into the file": async (lab, printed) => lab.writeKeys(printed),
  "the printed line is written into the file": async (lab, printed) =>
    lab.writeFingerprint("dhcp-b", printed),
  "a client got an address": (lab) => lab.client(),
  "systemd has started dhcp-a again": (lab) => lab.type("dhcp-a", ["systemctl start tandem"]),
  "dhcp-b was killed": (lab) => lab.type("dhcp-b", ["systemctl kill --signal=KILL tandem"]),
  "both were lost and only dhcp-a started, with an empty disk": async (lab) => {
    for (const machine of MACHINES)
      await lab.type(machine, ["systemctl kill --signal=KILL tandem"]);
    lab.empty("dhcp-a");
    await lab.type("dhcp-a", ["systemctl start tandem"]);
    await until("dhcp-a to miss its partner", PATIENCE, async () =>
      (await lab.state("dhcp-a")) === "RECOVER" ? true : undefined,
    );
  },
  "the pair is in NORMAL and dhcp-b has lost its disk": async (lab) => {
    await lab.type("dhcp-b", ["systemctl start tandem"]);
    await lab.normal();
    await lab.type("dhcp-b", ["systemctl kill --signal=KILL tandem"]);
    lab.empty("dhcp-b");
  },
  "dhcp-b was started again": async (lab) => {
    await lab.type("dhcp-b", ["systemctl start tandem"]);
    await lab.normal();
  },
  "the pair is in NORMAL": (lab) => lab.normal(),
  "dhcp-b has a damaged log": async (lab) => {
    await lab.normal();
    await lab.type("dhcp-b", ["systemctl kill --signal=KILL tandem"]);
    lab.damageLog("dhcp-b");
    await lab.type("dhcp-b", ["systemctl start tandem"]);
  },
};

/** The pair of the first guide, in NORMAL. */
async function prepare(lab: Lab): Promise<void> {
  const config = readPage("docs/guides/first-pair.md").find(({ file }) => file !== undefined);
  lab.write(config?.file ?? "", config?.body ?? "");
  const keygen = "tandem failover keygen --config /etc/tandem/tandem.yaml --out /etc/tandem";
  lab.writeKeys((await lab.type("dhcp-a", [keygen])).output);
  await lab.type("dhcp-a", ["scp /etc/tandem/* dhcp-b:/etc/tandem/"]);
  await lab.type("dhcp-b", ["systemctl start tandem"]);
  await lab.type("dhcp-a", ["systemctl start tandem"]);
  await lab.normal();
}

/** Types a block; what it only asks at the end is asked until it shows what the page shows. */
async function typeBlock(lab: Lab, block: Block, machine: Machine): Promise<Outcome> {
  const lines = commandLines(block.body);
  const place = `${block.page}:${block.line}`;
  const asks = lines.findLastIndex((line) => !ASKS.test(line)) + 1;
  const first = await lab.type(machine, lines.slice(0, asks));
  expect(first, place).toMatchObject({ code: asks === lines.length ? block.exit : 0 });
  let last: Outcome = first;
  const answer = async (): Promise<true | undefined> => {
    const asked =
      asks === lines.length
        ? { code: block.exit, output: "" }
        : await lab.type(machine, lines.slice(asks));
    last = { code: asked.code, output: first.output + asked.output };
    return asked.code === block.exit && missingLine(block.shown, last.output) === undefined
      ? true
      : undefined;
  };
  await until(place, asks === lines.length ? 0 : PATIENCE, answer, 300).catch(() => undefined);
  const missing = missingLine(block.shown, last.output);
  expect(missing, `${place}: not in the output\n${last.output}`).toBeUndefined();
  expect(last.code, `${place}\n${last.output}`).toBe(block.exit);
  return last;
}

async function runPage(page: string, lab: Lab): Promise<void> {
  if (!FROM_NOTHING.includes(page)) await prepare(lab);
  let printed = "";
  for (const block of readPage(page)) {
    if (block.file !== undefined) lab.write(block.file, block.body);
    if (block.language !== "sh" || block.notRun !== undefined) continue;
    if (block.after !== undefined) {
      const situation = SITUATIONS[block.after];
      if (situation === undefined) throw new Error(`${page}:${block.line}: after what?`);
      await situation(lab, printed);
    }
    for (const machine of block.on === "both" ? MACHINES : [block.on as Machine]) {
      ({ output: printed } = await typeBlock(lab, block, machine));
    }
  }
}

describe("the README and the guides", () => {
  it.concurrent.each(PAGES)("%s: every command does what the page says", async (page) => {
    const lab = await Lab.open();
    let passed = false;
    try {
      await runPage(page, lab);
      passed = true;
    } finally {
      if (!passed) console.log(`${page}: files of the failed run are in ${lab.root}`);
      lab.end(!passed);
    }
  });

  it.each(PAGES)("%s: commands that are not run exist, with their options", (page) => {
    for (const block of shells(page)) {
      for (const line of commandLines(block.body)) checkLine(line, `${page}:${block.line}`);
    }
  });

  it("docs/reference/cli.md: the examples have options that exist", () => {
    const lines = readFileSync(join(ROOT, "docs/reference/cli.md"), "utf8").split("\n");
    const examples = lines.filter((line) => line.startsWith("  tandem "));
    expect(examples.length).toBeGreaterThan(8);
    for (const line of examples) checkLine(line.trim(), "docs/reference/cli.md");
  });
});

describe("docs/guides/recover.md", () => {
  const text = readFileSync(join(ROOT, "docs/guides/recover.md"), "utf8");
  const situations = [true, false].flatMap((communicating) =>
    (["primary", "secondary"] as const).map((role) => ({ role, communicating })),
  );

  it.each(Object.values(STATES))(
    "$section says what $name means for clients and gives its command (R7031-14, T-13)",
    ({ name, advice }) => {
      const row = text.split("\n").find((line) => line.startsWith(`| ${name} |`)) ?? "";
      expect(row).toMatch(/^\| [A-Z-]+ \| .+ \| .+ \|$/);
      for (const situation of situations) {
        const context = { ...situation, strict: false, partnerState: undefined };
        const commands = advice(context).match(/`tandem failover [^`]+`/g) ?? [];
        const words = commands.map((command) => command.replaceAll(/`tandem failover |`/g, ""));
        expect(words.filter((word) => !row.includes(word) && !row.includes("as RE"))).toEqual([]);
      }
    },
  );
});

it("8.4 partner-down says that the partner must be off, before it asks (F-390)", () => {
  const { text } = tandem("failover", "partner-down", "--help");
  expect(text).toContain("Be sure that the partner is off or cut off");
});

describe("the examples", () => {
  const examples = readdirSync(join(ROOT, "examples"));

  it.each(examples)("%s: `tandem check` finds it sound, and its commands exist", (name) => {
    const file = join(ROOT, "examples", name);
    expect(tandem("check", file)).toMatchObject({ code: 0 });
    const commands = [...readFileSync(file, "utf8").matchAll(/^# +(tandem .*)$/gm)];
    for (const [, line = ""] of commands) checkLine(line, name);
    const quoted = [...readFileSync(file, "utf8").matchAll(/`(tandem [^`]*)`/g)];
    for (const [, line = ""] of quoted) checkLine(line, name);
  });
});

describe("deploy/tandem.service", () => {
  it("is a unit that systemd understands", () => {
    const text = readFileSync(UNIT, "utf8");
    expect(text).toMatch(/^Type=exec$/m);
    expect(text).toMatch(/^CapabilityBoundingSet=CAP_NET_BIND_SERVICE$/m);
    const analyze = program("systemd-analyze");
    if (analyze === undefined) {
      console.log("systemd-analyze is not installed: the unit is not verified");
      return;
    }
    const result = spawnSync(analyze, ["verify", UNIT], { encoding: "utf8" });
    const complaints = result.stderr.split("\n").filter((line) => line.includes("tandem.service"));
    // The program is installed by the guide, not on this machine.
    expect(complaints.filter((line) => !line.includes("is not executable"))).toEqual([]);
  });
});

function tandem(...args: readonly string[]): { code: number | null; text: string } {
  const result = spawnSync(process.execPath, [join(ROOT, "bin/tandem.mjs"), ...args], {
    encoding: "utf8",
  });
  return { code: result.status, text: result.stdout + result.stderr };
}

const helpTexts = new Map<string, string>();

/** A command line, part by part, names programs, sub-commands, options and scripts that exist. */
function checkLine(whole: string, place: string): void {
  for (const line of whole.split(/ (?:&&|\|) /)) {
    const words = line.split(/\s+/);
    const from = words.indexOf("tandem");
    if (from >= 0 && (from === 0 || words[0] === "setpriv"))
      checkTandem(words.slice(from + 1), place);
    else if (words[0] === "npm") checkNpm(words, place);
    else if (words[0] === "tcpdump") checkFilter(line, place);
    else if (!OTHER_PROGRAMS.includes(words[0] ?? ""))
      expect(
        program(words[0] ?? "") ?? STAND_INS.has(words[0] ?? ""),
        `${place}: ${line}`,
      ).toBeTruthy();
  }
}

const STAND_INS = new Set(["systemctl", "journalctl", "scp", "curl"]);

function checkTandem(words: readonly string[], place: string): void {
  if (words[0] === "--version") return;
  const depth = ["clock", "failover", "leases"].includes(words[0] ?? "") ? 2 : 1;
  const command = words.slice(0, depth);
  const key = command.join(" ");
  const text = helpTexts.get(key) ?? tandem(...command, "--help").text;
  helpTexts.set(key, text);
  expect(text, `${place}: tandem ${key}`).toContain(`Usage: tandem ${key}`);
  for (const word of words.slice(depth).filter((one) => one.startsWith("--"))) {
    expect(text, `${place}: ${word}`).toContain(word.split("=")[0]);
  }
}

function checkNpm(words: readonly string[], place: string): void {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const name = words[1] === "run" ? words[2] : words[1];
  const known = words[1] !== "run" && ["ci", "prune"].includes(name ?? "");
  expect(known || scripts[name ?? ""] !== undefined, `${place}: ${words.join(" ")}`).toBe(true);
}

function checkFilter(line: string, place: string): void {
  const filter = /'(.*)'/.exec(line)?.[1];
  expect(filter, place).toBeDefined();
  const tcpdump = program("tcpdump");
  if (tcpdump === undefined) return;
  const result = spawnSync(tcpdump, ["-d", "-y", "EN10MB", filter ?? ""], { encoding: "utf8" });
  expect(result.stderr, place).not.toContain("error");
  expect(result.status, place).toBe(0);
}
