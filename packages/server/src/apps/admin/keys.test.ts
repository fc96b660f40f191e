import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "#platform/settings";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runAdmin } from "./run.ts";

const passphrase = "correct horse battery";
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-admin-keys-"));
});
afterEach(() => rm(home, { recursive: true }));

const file = () => join(home, "keys.json");
const keyOf = (byte: number) => Buffer.alloc(32, byte).toString("base64");

/** Runs a command with the lines that somebody would type, and these settings. */
async function admin(words: string, typed: string[] = [], environment: Record<string, string> = {}) {
  const seen = { err: "", asked: 0 };
  const code = await runAdmin(words.split(" "), {
    settings: loadSettings({ HOLDFAST_HOME: home, ...environment }),
    signal: new AbortController().signal,
    terminal: {
      out: () => Promise.resolve(),
      err: (text) => void (seen.err += text),
      askHidden: async () => typed[seen.asked++] ?? "",
      typed: true,
    },
  });
  return { ...seen, code };
}
const activeIn = async (): Promise<string> => (JSON.parse(await readFile(file(), "utf8")) as { active: string }).active;

test("keys come in from a line, from a file, and from the settings, and none is ever shown", async () => {
  const said = [await admin("import-keys", [`a:${keyOf(1)}`])];
  expect(await activeIn()).toBe("a");
  await writeFile(join(home, "other"), JSON.stringify({ active: "b", keys: { b: keyOf(2) } }));
  said.push(await admin(`import-keys --activate --file ${join(home, "other")}`));
  expect(await activeIn()).toBe("b");
  said.push(await admin("import-keys", [], { HOLDFAST_KEYS: `c:${keyOf(3)},a:${keyOf(1)}` }));
  expect(said).toMatchObject([
    { code: 0, err: "Taken in: a.\n" },
    { code: 0, err: "Taken in: b.\n", asked: 0 },
    { code: 0, err: "Taken in: c.\n", asked: 0 },
  ]);
  expect(JSON.parse(await readFile(file(), "utf8"))).toEqual({ active: "b", keys: { a: keyOf(1), b: keyOf(2), c: keyOf(3) } });
  expect(await admin("import-keys", ["nonsense"])).toMatchObject({ code: 6 });
  expect(await admin(`import-keys --file ${join(home, "none")}`)).toMatchObject({ code: 4 });
  expect(await admin("import-keys", [`a:${keyOf(9)}`])).toMatchObject({ code: 6 });
});

test("the file is protected as the settings say, gets a new passphrase, and is put in the clear again", async () => {
  await admin("import-keys", [`a:${keyOf(1)}`]);
  expect(await admin("protect-keys")).toMatchObject({ code: 4 });
  expect(await admin("protect-keys", [], { HOLDFAST_KEY_PASSPHRASE: passphrase })).toMatchObject({ code: 0 });
  expect(await readFile(file(), "utf8")).not.toContain(keyOf(1));
  expect(
    await admin("protect-keys --new-passphrase", ["one passphrase", "another"], { HOLDFAST_KEY_PASSPHRASE: passphrase }),
  ).toMatchObject({
    code: 4,
    err: "The two passphrases differ; nothing was done.\n",
  });
  await writeFile(join(home, "passphrase"), `${passphrase}\n`);
  const changed = await admin("protect-keys --new-passphrase", ["one passphrase", "one passphrase"], {
    HOLDFAST_KEY_PASSPHRASE_FILE: join(home, "passphrase"),
  });
  expect(changed).toMatchObject({ code: 0 });
  expect(await admin("protect-keys --off", [], { HOLDFAST_KEY_PASSPHRASE: passphrase })).toMatchObject({ code: 6 });
  expect(await admin("protect-keys --off", [], { HOLDFAST_KEY_PASSPHRASE: "one passphrase" })).toMatchObject({ code: 0 });
  expect(JSON.parse(await readFile(file(), "utf8"))).toEqual({ active: "a", keys: { a: keyOf(1) } });
});
