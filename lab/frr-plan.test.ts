/** The planner against real FRR: what it types is accepted line by line, and leaves what was intended. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diffConfigs, normalConfig, planCommands } from "../packages/server/src/domains/devices/config/index.ts";
import { Dice, randomConfig } from "./frr-configs.ts";
import { families } from "./frr-families.ts";
import { frrUnavailable, startFrr, type FrrInstance, type Said } from "./frr-instance.ts";

const unavailable = frrUnavailable();
if (unavailable !== undefined) console.warn(`frr-plan: skipped, ${unavailable}`);

/** What FRR says without refusing anything. */
const notices = [/^Static Route to .* not installed currently/, /Reference bandwidth is changed/, /ensure reference bandwidth/];

function refusals(said: Said[]): string[] {
  return said.filter(({ text }) => !notices.some((notice) => notice.test(text))).map(({ line, text }) => `${line} => ${text}`);
}

interface Arrival {
  typed: number;
  refused: string[];
  running: string;
}

async function go(router: FrrInstance, intended: string, running?: string): Promise<Arrival> {
  const commands = planCommands(running ?? (await router.running()), intended, "frr");
  const refused = refusals(await router.configure(commands));
  return { typed: commands.length, refused, running: await router.running() };
}

/** The router has what was intended: no line was refused, nothing is left to do, nothing is there that should not be. */
function expectArrived({ refused, running }: Arrival, intended: string, step: string): void {
  const { lines } = diffConfigs(running, intended, "frr");
  const again = planCommands(running, intended, "frr");
  const normal = normalConfig(running, "frr") === normalConfig(intended, "frr");
  expect({ step, refused, lines, again, normal }).toEqual({ step, refused: [], lines: [], again: [], normal: true });
}

describe.skipIf(unavailable !== undefined)("changes that other tools stumble over", () => {
  let router: FrrInstance;
  beforeAll(async () => {
    const daemons = ["zebra", "staticd", "ospfd", "bgpd", "bfdd", "ripd", "ripngd", "ospf6d", "isisd"];
    router = await startFrr({ name: "fam", daemons });
  });
  afterAll(() => router.stop());

  test.for(families)("no line is refused when $name, nor on the way back", async ({ before, after, name }) => {
    for (const [step, text] of [
      ["before", before],
      ["after", after],
      ["back", before],
      ["empty", ""],
    ] as const) {
      expectArrived(await go(router, text), text, `${name}: ${step}`);
    }
  });

  test("frr-reload has lines refused in some of them, or leaves something behind", async () => {
    const rows: { change: string; "frr-reload: exit": number; "lines refused": number; "left behind": number }[] = [];
    for (const { before, after, name } of families) {
      await go(router, before);
      const { code, text } = await router.run(
        ["sh", "-c", `f=/var/tmp/frr/intended; cat > $f; exec python3 /usr/lib/frr/frr-reload.py --reload -N ${router.name} --stdout $f`],
        `${after}\n`,
      );
      const { added, removed } = diffConfigs(await router.running(), after, "frr");
      rows.push({
        change: name,
        "frr-reload: exit": code,
        "lines refused": text.split("\n").filter((line) => /Failed to execute|% /.test(line)).length,
        "left behind": added + removed,
      });
      expectArrived(await go(router, ""), "", "empty");
    }
    console.table(rows);
    expect(rows.some((row) => row["lines refused"] > 0 || row["left behind"] > 0)).toBe(true);
  });
});

describe.skipIf(unavailable !== undefined)("passive interfaces of OSPF, with a live neighbour", () => {
  const eth = (at: number, ...more: string[]): string =>
    ["interface eth0", ` ip address 10.0.0.${at}/24`, " ip ospf area 0", " ip ospf dead-interval 4", " ip ospf hello-interval 1"]
      .concat(more, " ip ospf network point-to-point", "exit\n")
      .join("\n");
  const spare = (...more: string[]): string =>
    ["interface eth1", " ip address 10.1.0.1/24", " ip ospf area 0", ...more, "exit\n"].join("\n");
  const ospf = (...lines: string[]): string => ["router ospf", " ospf router-id 1.1.1.1", ...lines, "exit\n"].join("\n");
  let [router, far]: FrrInstance[] = [];
  beforeAll(async () => {
    [router, far] = await Promise.all([
      startFrr({ name: "near", daemons: ["zebra", "ospfd"], interfaces: ["eth0", "eth1"] }),
      startFrr({ name: "far", daemons: ["zebra", "ospfd"], interfaces: [] }),
    ]);
    const inside = (pid: string, ...argv: string[]): unknown => execFileSync("nsenter", ["-t", pid, "-n", "ip", "link", "set", ...argv]);
    inside(router.pid, "far-eth0", "netns", far.pid);
    inside(far.pid, "far-eth0", "name", "eth0");
    inside(far.pid, "eth0", "up");
  });
  afterAll(() => Promise.all([router?.stop(), far?.stop()]));

  /** The state of the one neighbour, and how often it has changed. */
  async function neighbour(of: FrrInstance): Promise<string> {
    const { text } = await of.run(["vtysh", "-N", of.name, "-c", "show ip ospf neighbor detail"]);
    return `${/State is (\w+)/.exec(text)?.[1]}, ${/(\d+) state changes/.exec(text)?.[1]} changes`;
  }

  async function isPassive(of: FrrInstance, name: string): Promise<boolean> {
    const { text } = await of.run(["vtysh", "-N", of.name, "-c", `show ip ospf interface ${name}`]);
    return text.includes("No Hellos (Passive interface)");
  }

  test("all become passive but one, and back, in either spelling: the neighbour on that one never goes down", async () => {
    if (!router || !far) throw new Error("not started");
    const [near, there] = [router, far];
    const plain = eth(1) + spare() + ospf();
    expectArrived(
      await go(there, eth(2) + "router ospf\n ospf router-id 2.2.2.2\nexit\n"),
      eth(2) + "router ospf\n ospf router-id 2.2.2.2\nexit\n",
      "far",
    );
    expectArrived(await go(near, plain), plain, "plain");
    await expect.poll(() => neighbour(near), { timeout: 20_000 }).toMatch(/^Full/);
    await expect.poll(() => neighbour(there), { timeout: 20_000 }).toMatch(/^Full/);
    const before = await Promise.all([near, there].map(neighbour));

    const all = ospf(" passive-interface default");
    const steps: [name: string, text: string, sparePassive: boolean][] = [
      ["all but one", all + eth(1, " no ip ospf passive") + spare(), true],
      ["back", plain, false],
      ["the process says it", eth(1) + spare() + ospf(" passive-interface default", " no passive-interface eth0"), true],
      ["the other one as well", eth(1, " no ip ospf passive") + spare(" no ip ospf passive") + all, false],
      ["not the other one", eth(1, " no ip ospf passive") + spare() + all, true],
      ["only the other one", eth(1) + spare(" ip ospf passive") + ospf(), true],
      ["all but one again", eth(1, " no ip ospf passive") + spare() + all, true],
      ["plain at last", plain, false],
    ];
    for (const [name, text, sparePassive] of steps) {
      const arrival = await go(near, text);
      expectArrived(arrival, text, name);
      expect({ name, eth0: await isPassive(near, "eth0"), eth1: await isPassive(near, "eth1") }).toEqual({
        name,
        eth0: false,
        eth1: sparePassive,
      });
    }
    // Longer than the dead interval: who fell silent would be missed by now.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(await Promise.all([near, there].map(neighbour))).toEqual(before);
    expect(before[0]).toMatch(/^Full/);
  }, 60_000);

  test("a leftover exception of a router where none was passive goes when all become passive", async () => {
    if (!router) throw new Error("not started");
    await router.configure(["interface eth1", "no ip ospf passive", "exit"]);
    const leftover = await router.running();
    expect(leftover).toContain("no ip ospf passive");
    const all = eth(1, " no ip ospf passive") + spare() + ospf(" passive-interface default");
    expectArrived(await go(router, all, leftover), all, "all but one");
    expect(await isPassive(router, "eth1")).toBe(true);
  });
});

describe.skipIf(unavailable !== undefined)("random configurations", () => {
  test("200 pairs A→B→A: no line refused, nothing left over, nothing to do a second time", async () => {
    const started = Date.now();
    const totals = { walks: 0, typed: 0 };
    const walk = async (name: string, seed: number): Promise<void> => {
      await using cleanup = new AsyncDisposableStack();
      const router = await startFrr({ name });
      cleanup.defer(() => router.stop());
      let running = await router.running();
      for (let pair = 0; pair < 50; pair++) {
        const dice = new Dice(seed * 1000 + pair);
        const [one, other] = [randomConfig(dice), randomConfig(dice)];
        for (const [step, text] of [
          ["A", one],
          ["B", other],
          ["back to A", one],
        ] as const) {
          const arrival = await go(router, text, running);
          running = arrival.running;
          expectArrived(arrival, text, `seed ${seed}, pair ${pair}, ${step}`);
          totals.walks++;
          totals.typed += arrival.typed;
        }
      }
    };
    await Promise.all([1, 2, 3, 4].map((seed) => walk(`walk${seed}`, seed)));
    console.info(
      `200 pairs, ${totals.walks} walks, ${totals.typed} lines typed, 0 refused, ${Math.round((Date.now() - started) / 1000)} s`,
    );
    expect(totals.walks).toBe(600);
  }, 900_000);
});
