import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { problemEdges } from "@holdfast/kit";
import { describe, expect, test } from "vitest";
import { createProgram } from "../../cli/src/program.ts";
import { adminCommands } from "../src/apps/admin/run.ts";
import { loadSettings, settingsShape } from "../src/platform/settings.ts";

type Command = ReturnType<typeof createProgram>;

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folders = ["docs", "packages", "deploy", "lab", "bench"];
const paths = [...readdirSync(root), ...folders.flatMap(below)].filter((path) => path.endsWith(".md"));
const documents = paths.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

function below(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  const found = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return found.filter((path) => !/node_modules|(^|\/)dist\//.test(path)).map((path) => join(folder, path));
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Lines of code blocks, and code within the text. */
function codeOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, block = ""]) => block.split("\n"));
  const inline = [...text.replaceAll(/^```.*?^```/gms, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...blocks, ...inline];
}

/** Single commands: `npm ci && npm run demo` is two. */
function commandsOf(text: string): string[] {
  return codeOf(text).flatMap((line) => line.split(/&&|\||;/).map((one) => one.trim()));
}

const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

/** What is wrong with a command as it is written; undefined when it exists. */
function faultOf(line: string): string | undefined {
  const words = line.replaceAll(/"[^"]*"/g, "text").split(/\s+/);
  if (words[0] === "holdfast") return holdfastFault(words.slice(1), createProgram());
  if (words[0] !== "npm" || ["ci", "exec"].includes(words[1] ?? "") || line === "npm run") return undefined;
  const given = words.slice(1).filter((word) => word !== "run" && word !== "--silent" && word !== "-s");
  const [script = "", ...rest] = given;
  if (!(script in scripts)) return `there is no script "${script}"`;
  return script === "admin" ? adminFault(rest.filter((word) => word !== "--")) : undefined;
}

function holdfastFault(words: string[], command: Command): string | undefined {
  const [word, ...rest] = words.filter((one) => !one.startsWith("-"));
  const child = command.commands.find((one) => one.name() === word);
  if (child) return holdfastFault([...rest, ...words.filter((one) => one.startsWith("-"))], child);
  if (command.commands.length > 0 && word !== undefined) return `there is no command "${word}"`;
  const known = ["--help", "--version", "-o", ...command.options.flatMap(({ long, short }) => [long, short])];
  const strange = words.find((one) => one.startsWith("-") && one.length > 1 && !known.includes(one));
  return strange === undefined ? undefined : `there is no option ${strange}`;
}

function adminFault(words: string[]): string | undefined {
  if (words.length === 0 || words[0] === "<command>") return undefined;
  const command = adminCommands.find((one) => `${words.join(" ")} `.startsWith(`${one.words} `));
  if (!command) return `there is no command "${words.join(" ")}" of local administration`;
  const strange = words.find((one) => one.startsWith("--") && !(one.slice(2) in command.options));
  return strange === undefined ? undefined : `there is no option ${strange}`;
}

describe("the documents", () => {
  test("name only commands that exist, with options that exist", () => {
    const seen = documents.flatMap(({ path, text }) => commandsOf(text).map((line) => ({ path, line, fault: faultOf(line) })));
    expect(seen.filter(({ line }) => /^(npm run|npm start|npm test|holdfast) ?/.test(line)).length).toBeGreaterThan(40);
    expect(seen.filter(({ fault }) => fault !== undefined)).toEqual([]);
  });

  test("would be caught naming one that does not", () => {
    expect(faultOf("npm run lift-off")).toBeDefined();
    expect(faultOf("holdfast rollouts explode r1")).toBeDefined();
    expect(faultOf("holdfast apply p1 --quickly")).toBeDefined();
    expect(faultOf("npm run admin -- make-coffee")).toBeDefined();
    expect(faultOf("npm run admin -- create-user eve --king")).toBeDefined();
  });

  test("link only to files that are there", () => {
    const links = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => ({ path, target: target.split("#")[0] ?? "" })),
    );
    const files = links.filter(({ target }) => target !== "" && !/^[a-z]+:/.test(target));
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter(({ path, target }) => !existsSync(join(root, dirname(path), target)))).toEqual([]);
  });

  test("name only folders and files of the repository that are there", () => {
    const named = documents.flatMap(({ path, text }) =>
      codeOf(text)
        .filter((code) => /^(packages|docs|deploy|lab|bench)\/[\w./-]+$/.test(code))
        .map((code) => ({ path, code })),
    );
    expect(named.filter(({ code }) => !existsSync(join(root, code)))).toEqual([]);
  });

  test("hold no path of somebody's machine", () => {
    expect(documents.filter(({ text }) => /\/(home|work|Users)\/\w/.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

test("settings.md has every setting with its meaning and its default", () => {
  const rows = [...read("docs/operate/settings.md").matchAll(/^\| `(\w+)` \| (?:`([^`]*)`)? ?\| (.*) \|$/gm)];
  const defaults = {
    HOLDFAST_HOME: ".holdfast",
    HOLDFAST_HOST: "127.0.0.1",
    HOLDFAST_PORT: "7450",
    HOLDFAST_LOG_LEVEL: "info",
    HOLDFAST_ROLES: "all",
    HOLDFAST_DRIFT_EVERY: "60s",
    HOLDFAST_BACKUP_EVERY: "24h",
    HOLDFAST_SECRETS_ENGINE: "builtin",
    HOLDFAST_VAULT_AUTH: "approle",
    HOLDFAST_VAULT_SECRET_ID_WRAPPED: "no",
    HOLDFAST_VAULT_JWT_FILE: "/var/run/secrets/kubernetes.io/serviceaccount/token",
    HOLDFAST_VAULT_KEEP_AT: "kv/holdfast",
    HOLDFAST_TLS: "off",
    HOLDFAST_TLS_CLIENTS: "off",
    HOLDFAST_PASSWORD_PROFILE: "default",
    HOLDFAST_RATE_LIMIT_USER: "1000",
    HOLDFAST_RATE_LIMIT_ADDRESS: "100",
    HOLDFAST_TOKEN_ALGORITHM: "EdDSA",
    HOLDFAST_API_KEYS_PER_HOUR: "3",
    HOLDFAST_GIT_PROTOCOLS: "https,ssh",
  };
  const shown = rows.map(([, name, value, meaning]) => [name, value, meaning]);
  const wanted = Object.entries(settingsShape).map(([name, shape]) => [
    name,
    (defaults as Record<string, string>)[name],
    shape.description,
  ]);
  expect(shown).toEqual(wanted);
  expect(loadSettings(defaults, "/srv")).toEqual(loadSettings({}, "/srv"));
});

test("exit-codes.md has every kind of problem with its code and status", () => {
  const text = read("docs/operate/exit-codes.md");
  for (const [kind, { exit, status }] of Object.entries(problemEdges))
    expect(text).toMatch(new RegExp(`^\\| ${exit} \\| [^|]*\\b${kind}\\b[^|]*\\| .* \\| ${status} \\|$`, "m"));
});

test("the decision on dependencies lists those that the packages have, and no others", () => {
  const listed = [...read("docs/decisions/0012-dependencies.md").matchAll(/^\| (`.*`) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  const manifests = ["package.json", ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/package.json`)];
  const kept = manifests
    .filter((path) => existsSync(join(root, path)))
    .flatMap((path) => {
      const manifest = JSON.parse(read(path)) as Record<string, Record<string, string> | undefined>;
      return ["dependencies", "devDependencies", "optionalDependencies"].flatMap((kind) => Object.keys(manifest[kind] ?? {}));
    });
  expect(new Set(listed)).toEqual(new Set(kept.filter((name) => !name.startsWith("@holdfast/"))));
});
