/** The planner against real FRR: what it types is accepted line by line, and leaves what was intended. */
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
    router = await startFrr({ name: "fam" });
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
