import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { silentLog } from "#platform/log";
import { loadSettings } from "#platform/settings";
import { compose, type Holdfast } from "../src/apps/compose.ts";
import { testDatabase, type TestDatabase } from "./database.ts";
import { holdfastProgram as program, runHoldfast, type Given, type Ran } from "./holdfast-program.ts";

const password = "correct horse battery";
const root = { actor: "system:test", access: "unlimited" } as const;

let database: TestDatabase;
let home: string;
let holdfast: Holdfast;
let url: string;

beforeAll(async () => {
  database = await testDatabase();
  home = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  const settings = loadSettings({ DATABASE_URL: database.ownerUrl, HOLDFAST_HOME: home, HOLDFAST_PORT: "0" });
  holdfast = await compose({ settings, log: silentLog, localRepositories: true });
  url = (await holdfast.start()) ?? "";
  await holdfast.identity.createUser({ name: "ada", grants: [{ role: "admin" }], password }, root);
  await holdfast.identity.createUser({ name: "grace", grants: [{ role: "viewer" }] }, root);
});
afterAll(async () => {
  await holdfast.stop();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const run = (args: string[], given: Given = {}): Promise<Ran> => runHoldfast(home, args, given);

function write(path: string, text: string): string {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
  return join(home, path);
}

/** A port where nothing answers. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("signing in", () => {
  test("before it, every command says how, with exit code 2", async () => {
    expect(await run(["devices", "list"])).toMatchObject({ code: 2, out: "", err: expect.stringContaining("holdfast login --url") });
  });

  test("a wrong password is refused with exit code 2, and nothing is kept", async () => {
    expect(await run(["login", "--url", url, "--password"], { stdin: "ada\nwrong password!\n" })).toMatchObject({ code: 2 });
    expect(await run(["whoami"])).toMatchObject({ code: 2 });
  });

  test("name and password come as two lines of stdin; the tokens are kept for their owner alone and never shown", async () => {
    const signedIn = await run(["login", "--url", `${url}/devices`, "--password"], { stdin: `ada\n${password}\n` });
    expect(signedIn).toMatchObject({ code: 0, err: expect.stringContaining("as ada (admin)") });
    const profile = join(home, "ada.json");
    expect(statSync(profile).mode & 0o777).toBe(0o600);
    const { tokens } = JSON.parse(readFileSync(profile, "utf8")) as { tokens: { accessToken: string; refreshToken: string } };
    for (const token of [tokens.accessToken, tokens.refreshToken]) expect(signedIn.out + signedIn.err).not.toContain(token);
    expect(signedIn.out + signedIn.err).not.toContain(password);
    expect(JSON.parse((await run(["whoami", "-o", "json"])).out)).toMatchObject({ name: "ada", roles: "admin", url });
  });

  test("a one-time link signs in, whole or by its token, once", async () => {
    const { token } = await holdfast.identity.createSignInLink("grace", root);
    const link = { stdin: `${url}/link#token=${token}\n`, as: "grace" };
    expect(await run(["login", "--url", url, "--link"], link)).toMatchObject({ code: 0 });
    expect(await run(["login", "--url", url, "--link"], link)).toMatchObject({ code: 2 });
    expect((await run(["whoami"], { as: "grace" })).out).toMatch(/^name +grace\nroles +viewer\n/);
  });

  test("logout ends the session at the server", async () => {
    const { token } = await holdfast.identity.createSignInLink("grace", root);
    await run(["login", "--url", url, "--link"], { stdin: `${token}\n`, as: "once" });
    const kept = readFileSync(join(home, "once.json"), "utf8");
    expect(await run(["logout"], { as: "once" })).toMatchObject({ code: 0, err: "Signed out; the session is ended.\n" });
    writeFileSync(join(home, "once.json"), kept, { mode: 0o600 });
    expect(await run(["whoami"], { as: "once" })).toMatchObject({ code: 2 });
  });
});

describe("secrets", () => {
  test("go in by stdin and never come out", async () => {
    const stored = await run(["secrets", "put", "lab/ssh", "--username", "admin"], { stdin: "hunter2-secret\n" });
    expect(stored).toMatchObject({ code: 0 });
    const listed = await run(["secrets", "list", "-o", "json"]);
    expect(JSON.parse(listed.out)).toMatchObject([{ name: "lab/ssh", kind: "password", username: "admin", version: 1 }]);
    expect(stored.out + stored.err + listed.out).not.toContain("hunter2");
  });

  test("what is put again is a new version", async () => {
    const stdin = JSON.stringify({ kind: "password", username: "admin", password: "another" });
    expect((await run(["secrets", "put", "lab/ssh", "-o", "yaml"], { stdin })).out).toContain("version: 2");
  });

  test("what is no secret is refused without a word of it", async () => {
    for (const stdin of ["hunter2", '{"kind":"password","username":"hunter2"}', '{"hunter2":1}']) {
      const refused = await run(["secrets", "put", "lab/other"], { stdin });
      expect(refused).toMatchObject({ code: 4, out: "" });
      expect(refused.err).not.toContain("hunter2");
    }
  });

  test("one that nobody uses is removed; nothing is removed without a yes", async () => {
    await run(["secrets", "put", "lab/gone", "--username", "x"], { stdin: "y\n" });
    expect(await run(["secrets", "remove", "lab/gone"])).toMatchObject({ code: 4 });
    expect(await run(["secrets", "remove", "lab/gone", "--yes"])).toMatchObject({ code: 0 });
    expect(await run(["secrets", "remove", "lab/gone", "--yes"])).toMatchObject({ code: 5 });
  });
});

describe("devices", () => {
  test("an import with faults names row and column of each, takes nothing, and exits with 4", async () => {
    const file = write("bad.csv", "name,platform,address,port\nr1,ios,192.0.2.1,22\nr2,cisco,192.0.2.2,22\nr3,frr,192.0.2.3,99999\n");
    const refused = await run(["devices", "import", file]);
    expect(refused.code).toBe(4);
    expect(refused.err).toContain("row 3, column platform");
    expect(refused.err).toContain("row 4, column port");
    const empty = await run(["devices", "list"]);
    expect(empty).toMatchObject({ code: 0, out: "", err: expect.stringContaining("holdfast devices import") });
  });

  test("a file that is not there is wrong input, not a broken program", async () => {
    expect(await run(["devices", "import", "nowhere.yaml"])).toMatchObject({
      code: 4,
      err: expect.stringContaining("nowhere.yaml cannot be read"),
    });
  });

  test("a dry run takes nothing; an import from stdin takes all; the same again changes nothing", async () => {
    const rows =
      "name,platform,address,port,site,labels,credential\nr1,ios,127.0.0.1,22,lyon,role=edge,lab/ssh\nr2,frr,127.0.0.2,22,lyon,,lab/ssh\n";
    const given = ["devices", "import", "-", "--format", "csv"];
    expect((await run([...given, "--dry-run"], { stdin: rows })).err).toContain("2 created, 0 updated, 0 unchanged (dry run");
    expect((await run(given, { stdin: rows })).err).toContain("2 created");
    expect((await run(given, { stdin: rows })).err).toContain("2 unchanged");
    expect((await run(["devices", "list", "-l", "role=edge"])).out).toMatch(
      /^NAME +PLATFORM.*\nr1 +ios +lyon +127\.0\.0\.1:22 +\S+ +never\n$/,
    );
  });

  test("an export is read again as it is, in YAML and CSV", async () => {
    const yaml = await run(["devices", "export"]);
    expect(parseAllDocuments(yaml.out).map((one) => (one.toJS() as { metadata: { name: string } }).metadata.name)).toEqual(["r1", "r2"]);
    expect((await run(["devices", "import", "-"], { stdin: yaml.out })).err).toContain("2 unchanged");
    const csv = await run(["devices", "export", "--format", "csv", "-l", "site=lyon"]);
    expect((await run(["devices", "import", "-", "--format", "csv"], { stdin: csv.out })).err).toContain("2 unchanged");
  });

  test("a device is changed by what is given; an empty value clears, and nothing given is wrong input", async () => {
    const changed = await run(["devices", "set", "r1", "--site", "", "--label", "env=prod", "--unlabel", "role", "-o", "json"]);
    expect(changed.code).toBe(0);
    const device = JSON.parse(changed.out) as Record<string, unknown>;
    expect(device).toMatchObject({ name: "r1", credential: "lab/ssh", labels: { env: "prod" } });
    expect(device).not.toHaveProperty("site");
    expect(await run(["devices", "set", "r1"])).toMatchObject({ code: 4, err: expect.stringContaining("--site ''") });
    expect(await run(["devices", "set", "r1", "--label", "oops"])).toMatchObject({ code: 4 });
    expect(await run(["devices", "set", "r1", "--site", "lyon", "--label", "role=edge", "--unlabel", "env"])).toMatchObject({ code: 0 });
  });

  test("json and yaml say the same", async () => {
    const [json, yaml] = await Promise.all([run(["-o", "json", "devices", "show", "r1"]), run(["devices", "show", "r1", "-o", "yaml"])]);
    expect(parse(yaml.out)).toEqual(JSON.parse(json.out));
  });
});

describe("from a repository to a plan", () => {
  let port: number;
  beforeAll(async () => {
    port = await closedPort();
    write(
      "network/inventory/lyon.yaml",
      `apiVersion: holdfast/v1\nkind: Device\nmetadata: { name: r9 }\nspec: { platform: ios, address: 127.0.0.1, port: ${port}, site: lyon, credential: lab/ssh }\n`,
    );
    write("network/templates/ios/device.j2", "hostname {{ device.name }}\n");
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.net", "-C", join(home, "network"), ...args]);
    git("init", "--quiet", "--initial-branch=main");
    git("add", "--all");
    git("commit", "--quiet", "--message", "The network of Lyon");
  });

  test("a repository is connected by its address, and its devices are in the inventory", async () => {
    const connected = await run(["repos", "connect", "network", pathToFileURL(join(home, "network")).href]);
    expect(connected).toMatchObject({ code: 0, out: expect.stringContaining("The network of Lyon") });
    expect((await run(["repos", "log", "network"])).out).toContain("The network of Lyon");
    expect(await run(["repos", "set", "network", "--secret", "", "--poll", "5m", "-o", "json"])).toMatchObject({
      code: 0,
      out: expect.stringContaining('"pollMs": 300000') as string,
    });
    expect((await run(["devices", "show", "r9"])).out).toMatch(/name +r9\n/);
  });

  test("one that cannot be fetched is kept, and why is said with exit code 8", async () => {
    const failed = await run(["repos", "connect", "gone", pathToFileURL(join(home, "nowhere")).href]);
    expect(failed).toMatchObject({ code: 8, err: expect.stringContaining("gone could not be fetched") });
    expect(await run(["repos", "disconnect", "gone", "--yes"])).toMatchObject({ code: 0 });
  });

  test("a device that does not answer is a problem of the plan, named with its reason; the rest is planned", async () => {
    const planned = await run(["plan", "network"]);
    expect(planned).toMatchObject({ code: 0 });
    expect(planned.err).toMatch(/^r9: .+/);
    expect(planned.err).toContain("0 to change, 0 as intended already, 1 with problems.");
    expect(planned.err).not.toContain("holdfast apply");
    expect(await run(["plan", "network", "--strict"])).toMatchObject({ code: 6 });
    const [plan] = JSON.parse((await run(["plans", "list", "-o", "json"])).out) as { id: string }[];
    const applied = await run(["apply", plan?.id ?? "", "--yes"]);
    expect(applied).toMatchObject({ code: 0, err: expect.stringContaining("changes nothing") });
  });

  test("a new commit is there after a sync", async () => {
    write("network/templates/ios/device.j2", "hostname {{ device.name }}\nntp server 192.0.2.123\n");
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=a@example.net", "-C", join(home, "network"), "commit", "-qam", "NTP"]);
    expect(await run(["repos", "sync", "network"])).toMatchObject({ code: 0 });
    expect((await run(["repos", "log", "network", "-n", "1"])).out).toMatch(/ +Ada +NTP\n$/);
  });
});

describe("exit codes", () => {
  test("wrong words 4, not allowed 3, no such thing 5, nobody there 8; help and version 0", async () => {
    const codes = await Promise.all([
      run(["devices", "lst"]),
      run(["devices", "list", "-o", "xml"]),
      run(["audit", "list", "-n", "many"]),
      run(["secrets", "put", "x", "--username", "y"], { as: "grace", stdin: "z\n" }),
      run(["devices", "show", "nobody"]),
      run(["rollouts", "show", "rol_nothing"]),
      run(["whoami"], { env: { HOLDFAST_URL: `http://127.0.0.1:${await closedPort()}`, HOLDFAST_API_KEY: "hf_a_b" } }),
      run(["--help"]),
      run(["--version"]),
    ]);
    expect(codes.map(({ code }) => code)).toEqual([4, 4, 4, 3, 5, 5, 8, 0, 0]);
    for (const { err } of codes) expect(err).not.toMatch(/\bat .*\.ts:\d+/); // no stack
  });

  test("too many wrong passwords in a row 7", async () => {
    const guess = (): Promise<Ran> => run(["login", "--url", url, "--password"], { as: "mallory", stdin: "mallory\nwrong password!\n" });
    const codes = (await Promise.all(Array.from({ length: 6 }, guess))).map(({ code }) => code);
    expect(codes.sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual([2, 2, 2, 2, 2, 7]);
  });

  test("a failed call can be found in the server's log by its request id", async () => {
    expect((await run(["devices", "show", "nobody"])).err).toMatch(/^holdfast: .*nobody.*\n {2}request \S+\n$/);
  });

  test("a reader that leaves early is no error", async () => {
    const piped = execFileSync("/bin/sh", ["-c", `"${process.execPath}" "${program}" completion bash | head -1`], { encoding: "utf8" });
    expect(piped).toBe("_holdfast() {\n");
  });
});

test("the audit trail holds together, and holds no secret", async () => {
  expect(await run(["audit", "verify"])).toMatchObject({ code: 0, out: expect.stringMatching(/^ok +true\n/) });
  expect((await run(["audit", "list", "-n", "500", "-o", "json"])).out).not.toMatch(/hunter2|another"|correct horse/);
});
