/** What the README tells a newcomer to type, typed. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runHoldfast, type Ran } from "../holdfast-program.ts";
import { deviceData, filesOf, user } from "./network.ts";
import { setScene, type Scene } from "./scene.ts";

const readme = new URL("../../../../README.md", import.meta.url);

/** The lines `holdfast …` of the section, as words. */
async function commandsOf(section: string): Promise<string[][]> {
  const text = await readFile(readme, "utf8");
  const part = text.split(`## ${section}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = [...part.matchAll(/^holdfast (.+)$/gm)].map((match) => match[1] ?? "");
  return lines.map((line) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? ""));
}

describe("the README's “Run it for your network”", () => {
  let scene: Scene;
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "holdfast-readme-"));
    scene = await setScene();
    await forgetNetwork(scene);
  });
  afterAll(async () => {
    await scene.stop();
    await rm(home, { recursive: true, force: true });
  });

  test("leads from nothing to a change on every device", async () => {
    await scene.repository.commit("With the README's credential", {
      "inventory/devices.yaml": (filesOf(scene.fleet)["inventory/devices.yaml"] ?? "").replaceAll("lab/device", "lab/ssh"),
      ...deviceData(scene.device("r1"), "description: as the README says\n"),
      ...deviceData(scene.device("r2"), "description: as the README says\n"),
    });
    const typed: Ran[] = [];
    const type = async (words: string[], stdin = ""): Promise<Ran> => {
      const ran = await runHoldfast(home, words, { stdin });
      expect(ran, `holdfast ${words.join(" ")}`).toMatchObject({ code: 0 });
      typed.push(ran);
      return ran;
    };
    const steps: Record<string, (words: string[]) => Promise<unknown>> = {
      login: async () => {
        const { token } = await scene.holdfast.identity.createSignInLink("ada", { actor: "system:test" });
        await type(["login", "--url", scene.url, "--link"], `${token}\n`);
      },
      "secrets set": (words) => type(words.with(words.indexOf("--username") + 1, user.username), `${user.password}\n`),
      "repos connect": (words) => type([...words.slice(0, 3), scene.repository.url]),
      "devices host-key": async (words) => {
        for (const { name, fingerprint } of scene.fleet.devices.values())
          expect((await type(words.with(2, name))).out).toContain(fingerprint);
      },
      "devices trust": async (words) => {
        for (const { name, fingerprint } of scene.fleet.devices.values())
          await type(words.with(2, name).map((word) => (word === "SHA256:…" ? fingerprint : word)));
      },
      "plan network": (words) => type(words),
      apply: (words) => {
        const id = /holdfast apply (\S+)/.exec(typed.at(-1)?.err ?? "")?.[1] ?? "";
        return type([...words.with(1, id).map((word) => (word === "5m" ? "0s" : word)), "--yes"]);
      },
    };
    for (const words of await commandsOf("Run it for your network")) {
      const step = steps[words.slice(0, 2).join(" ")] ?? steps[words[0] ?? ""];
      expect(step, `a line of the README that is not tried: ${words.join(" ")}`).toBeDefined();
      await step?.(words);
    }
    for (const device of scene.fleet.devices.values()) expect(device.running()).toContain("description as the README says");
  });
});

/** A Holdfast that knows nothing yet. */
async function forgetNetwork({ client }: Scene): Promise<void> {
  for (const { id, etag } of (await client.repositories.list({})).items)
    await client.repositories.remove({ id }, { context: { ifMatch: etag } });
  for (const { id, etag } of (await client.devices.list({})).items) await client.devices.remove({ id }, { context: { ifMatch: etag } });
  for (const { id, etag } of (await client.secrets.list({})).items) await client.secrets.remove({ id }, { context: { ifMatch: etag } });
}
