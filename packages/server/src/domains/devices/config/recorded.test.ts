/** Configurations of real devices, recorded by others; kept beside a checkout, not in it. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { recorded } from "#test/devices/recorded";
import { diffConfigs, maskSecrets, normalConfig, parseConfig, planCommands, printConfig } from "./index.ts";

const folder = recorded("oxidized-sessions", "the configuration engine was not tried on configurations of real devices") ?? "";
const here = folder !== "";

function textsOf(commands: Record<string, unknown>): string[] {
  return Object.values(commands).filter((text) => typeof text === "string");
}

/** Recorded sessions of IOS, or of systems that write alike, with the texts of their `show` commands. */
function sessions(): { name: string; texts: string[] }[] {
  if (!here) return [];
  return readdirSync(folder)
    .filter((name) => /^(?:ios|eos|nxos|aoscx|asa|cumulus|efos|quantaos)#.*simulation\.yaml$/.test(name))
    .map((name) => {
      const { commands = {} } = parse(readFileSync(`${folder}/${name}`, "utf8"), { strict: false }) as {
        commands?: Record<string, string>;
      };
      return { name, texts: textsOf(commands).filter((text) => text.split("\n").length > 10) };
    })
    .filter(({ texts }) => texts.length);
}

describe.skipIf(!here)("recorded configurations", () => {
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

  test.for(sessions())("$name: a plan to nothing and from nothing can be made, and its diff masked", ({ texts }) => {
    for (const text of texts) {
      expect(planCommands(text, "", "ios").length).toBeGreaterThan(0);
      const { lines, empty } = diffConfigs("", text, "ios");
      expect(empty).toBe(false);
      expect(lines.every((line) => maskSecrets(line.text, "ios") === line.text)).toBe(true);
    }
  });

  const withSecrets = here ? readdirSync(folder).filter((name) => /^(?:ios|eos|nxos|asa)#.*secret\.yaml$/.test(name)) : [];
  test.for(withSecrets)("%s: the secrets named in it do not come through", (name) => {
    const { fail = [] } = parse(readFileSync(`${folder}/${name}`, "utf8")) as { fail?: string[] };
    const { commands = {} } = parse(readFileSync(`${folder}/${name.replace("secret", "simulation")}`, "utf8"), { strict: false }) as {
      commands?: Record<string, string>;
    };
    const masked = maskSecrets(textsOf(commands).join("\n"), "ios");
    for (const secret of fail)
      expect({ secret, lines: masked.split("\n").filter((line) => line.includes(secret)) }).toEqual({ secret, lines: [] });
  });
});
