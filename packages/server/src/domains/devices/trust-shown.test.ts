import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { Problem } from "@holdfast/kit";
import { bareServer } from "#test/devices/bare-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scanHostKey } from "./drivers/ssh.ts";
import { trustShown, type Shown } from "./trust-shown.ts";

describe("asking many devices for their host keys", () => {
  const open = new Set<Socket>();
  const silent = createServer((socket) => void open.add(socket.on("error", () => undefined)));
  let port: number;
  beforeAll(async () => {
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    ({ port } = silent.address() as AddressInfo);
  });
  afterAll(() => {
    for (const socket of open) socket.destroy();
    silent.close();
  });

  const credential = { kind: "password", username: "x", password: "x" } as never;
  const names = (count: number): Shown[] => Array.from({ length: count }, (_, at) => ({ name: `d${at + 1}` }));

  test("devices that take the connection and say nothing are given up one by one, and nobody waits for all of them", async () => {
    const real = await bareServer();
    const [shown, told]: [string[], string[]] = [[], []];
    const asking = new Set<string>();
    let most = 0;
    const began = performance.now();
    await trustShown([{ name: "real" }, ...names(40)], {
      limits: { atOnce: 8, eachMs: 60, allMs: 150 },
      failed: (name, say) => void told.push(`${name}: ${say}`),
      async trust(name, signal) {
        const target = name === "real" ? real.target() : { name, address: "127.0.0.1", port, credential };
        most = Math.max(most, asking.add(name).size);
        signal.addEventListener("abort", () => asking.delete(name));
        shown.push(await scanHostKey(target, { signal }).finally(() => asking.delete(name)));
      },
    });
    expect(shown).toEqual([real.fingerprints[0]]);
    expect(told).toHaveLength(40);
    expect(told).toContain("d1: It did not show its key within 0.06 s.");
    expect(told.at(-1)).toContain("It was not asked: the 0.15 s for all were over. Ask again.");
    expect(most).toBeLessThanOrEqual(8);
    expect(performance.now() - began).toBeLessThan(5000);
    await real.close();
  });

  test("a bastion is asked before what is reached through it, and its neighbours meanwhile", async () => {
    const asked: string[] = [];
    const trust = (name: string): Promise<void> => (asked.push(name), Promise.resolve());
    const devices = [
      { name: "far", bastion: "mid" },
      { name: "mid", bastion: "near" },
      { name: "near" },
      { name: "other", bastion: "elsewhere" },
    ];
    await trustShown(devices, { trust, failed: () => undefined });
    expect(asked).toEqual(["near", "other", "mid", "far"]);
  });

  test("what is no refusal goes up", async () => {
    const broken = trustShown(names(1), { trust: () => Promise.reject(new Error("the database is gone")), failed: () => undefined });
    await expect(broken).rejects.toThrow("the database is gone");
    const told: string[] = [];
    const refused = new Problem("x", { kind: "conflict", say: "There is another." });
    await trustShown(names(1), { trust: () => Promise.reject(refused), failed: (_name, say) => void told.push(say) });
    expect(told).toEqual(["There is another."]);
  });
});
