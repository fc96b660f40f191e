/** Configurations as devices print them: of a real FRR, made by hand in the manner of IOS, and, beside a checkout, recorded by others. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { recorded } from "#test/devices/recorded";
import { diffConfigs, maskSecrets, normalConfig, parseConfig, planCommands, printConfig } from "./index.ts";

const folders = recorded("oxidized-sessions", "the configuration engine was not tried on configurations of many real devices");
const ofFrr = new URL("../../../../test/world/frr/recorded/", import.meta.url);

function listed(from: string[]): { folder: string; name: string }[] {
  return from.flatMap((folder) => readdirSync(folder).map((name) => ({ folder, name })));
}

function textsOf(commands: Record<string, unknown>): string[] {
  return Object.values(commands).filter((text) => typeof text === "string");
}

/** Recorded sessions of IOS, or of systems that write alike, with the texts of their `show` commands. */
function sessions(): { name: string; texts: string[] }[] {
  return listed(folders)
    .filter(({ name }) => /^(?:ios|eos|nxos|aoscx|asa|cumulus|efos|quantaos)#.*simulation\.yaml$/.test(name))
    .map(({ folder, name }) => {
      const { commands = {} } = parse(readFileSync(`${folder}/${name}`, "utf8"), { strict: false }) as {
        commands?: Record<string, string>;
      };
      return { name, texts: textsOf(commands).filter((text) => text.split("\n").length > 10) };
    })
    .filter(({ texts }) => texts.length);
}

describe("configurations as devices print them", () => {
  test.for(sessions())("$name: printed and parsed again it is the same; nothing to type against itself", ({ texts }) => {
    for (const text of texts) {
      for (const dialect of ["ios", "frr"] as const) {
        const printed = printConfig(parseConfig(text, dialect));
        expect(printConfig(parseConfig(printed, dialect))).toBe(printed);
        expect(planCommands(text, text, dialect)).toEqual([]);
      }
      expect(normalConfig(text, "ios")).toBe(normalConfig(`! other hand\n${text}`, "ios"));
    }
  });

  test.for(readdirSync(ofFrr))("FRR 8.4.4, %s: printed and parsed again it is the same; a plan to it and back can be made", (name) => {
    const text = readFileSync(new URL(name, ofFrr), "utf8").split("Current configuration:\n").at(-1) ?? "";
    const printed = printConfig(parseConfig(text, "frr"));
    expect(printConfig(parseConfig(printed, "frr"))).toBe(printed);
    expect(planCommands(text, text, "frr")).toEqual([]);
    expect(planCommands(text, "", "frr").length).toBeGreaterThan(0);
    expect(planCommands("", text, "frr").length).toBeGreaterThan(0);
  });

  test.for(sessions())("$name: a plan to nothing and from nothing can be made, and its diff masked", ({ texts }) => {
    for (const text of texts) {
      expect(planCommands(text, "", "ios").length).toBeGreaterThan(0);
      const { lines, empty } = diffConfigs("", text, "ios");
      expect(empty).toBe(false);
      expect(lines.every((line) => maskSecrets(line.text, "ios") === line.text)).toBe(true);
    }
  });

  const withSecrets = listed(folders).filter(({ name }) => /^(?:ios|eos|nxos|asa)#.*secret\.yaml$/.test(name));
  test.for(withSecrets)("$name: the secrets named in it do not come through", ({ folder, name }) => {
    const { fail = [] } = parse(readFileSync(`${folder}/${name}`, "utf8")) as { fail?: string[] };
    const { commands = {} } = parse(readFileSync(`${folder}/${name.replace("secret", "simulation")}`, "utf8"), { strict: false }) as {
      commands?: Record<string, string>;
    };
    const masked = maskSecrets(textsOf(commands).join("\n"), "ios");
    for (const secret of fail)
      expect({ secret, lines: masked.split("\n").filter((line) => line.includes(secret)) }).toEqual({ secret, lines: [] });
  });
});
