/** Against servers that speak the real protocols: https with a token, ssh with a key. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { GitCredential } from "@holdfast/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startHttpsGit, startSshGit, strangeKey, type HttpsGit, type SshGit } from "#test/git-servers";
import { createEgress } from "./egress.ts";
import { createGit, type GitOptions } from "./git.ts";
import { isNewEnough } from "./git-server.ts";
import { createLog } from "./log.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-test-git-servers-"));
const token = "tok-4f9a77c1e0";
const account = { username: "ada", token };
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const hasSsh = spawnSync("ssh", ["-V"]).status === 0;
let head: string;
let number = 0;
let logged = "";
const log = createLog({ level: "trace", to: new Writable({ write: (chunk: Buffer, _, done) => ((logged += chunk.toString()), done()) }) });

beforeAll(() => {
  const at = join(root, "network.git");
  mkdirSync(at);
  const run = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=a@example.net", "-C", at, ...args], { encoding: "utf8" }).trim();
  run("init", "-q", "-b", "main");
  writeFileSync(join(at, "a.yaml"), "a: 1\n");
  run("add", "-A");
  run("commit", "-q", "-m", "first");
  head = run("rev-parse", "HEAD");
});
beforeEach(() => {
  number += 1;
  logged = "";
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function fetchFrom(url: string, credential: GitCredential | undefined, options: Partial<GitOptions> = {}) {
  const git = createGit({ home: join(root, `home${number}`), log, egress: createEgress({ allow: ["127.0.0.1"] }), ...options });
  const mirror = await git.openMirror({ id: "rep", url, branch: "main", ...(credential ? { credential } : {}) });
  const fetched = await mirror.fetch();
  return { fetched, files: await mirror.files(fetched.head, ["*.yaml"]) };
}

const lentNow = () => readdirSync(tmpdir()).filter((name) => name.startsWith("holdfast-git-"));

/** Command lines and environments of every process that we may look at. */
function allProcesses(): string {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.flatMap((pid) => ["cmdline", "environ"].map((file) => readIfThere(join("/proc", pid, file)))).join("\n");
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // it ended meanwhile, or belongs to another
  }
}

describe.skipIf(!hasOpenssl)("over https", () => {
  let server: HttpsGit;
  beforeAll(async () => {
    server = await startHttpsGit(root, account);
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    server.behave = "serve";
  });
  const url = () => `${server.url}/network.git`;
  const good = { kind: "git_https", ...account } as const;

  test("a token opens the repository", async () => {
    const { fetched, files } = await fetchFrom(url(), good, { caFile: server.caFile });
    expect(fetched.head).toBe(head);
    expect(files.get("a.yaml")).toBe("a: 1\n");
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ["a wrong token", () => fetchFrom(url(), { ...good, token: "wrong" }, { caFile: server.caFile }), "git_auth_failed"],
    ["no token", () => fetchFrom(url(), undefined, { caFile: server.caFile }), "git_auth_failed"],
    [
      "a repository that is not there",
      () => fetchFrom(`${server.url}/other.git`, good, { caFile: server.caFile }),
      "git_repository_missing",
    ],
    ["a certificate that nobody vouches for", () => fetchFrom(url(), good), "git_certificate"],
    ["authorities that are gone", () => fetchFrom(url(), good, { caFile: `${server.caFile}.gone` }), "git_authorities_unreadable"],
    ["nobody at the address", () => fetchFrom("https://127.0.0.1:1/x.git", good), "git_unreachable"],
    ["a name that is not there", () => fetchFrom("https://nowhere.invalid/x.git", good), "git_unreachable"],
    [
      "a key where a token is needed",
      () => fetchFrom(url(), { kind: "git_ssh", privateKey: strangeKey(), knownHosts: "" }),
      "git_credential_kind",
    ],
    ["a token of two lines", () => fetchFrom(url(), { ...good, token: "a\nhost=example.net" }), "git_credential_invalid"],
  ])("%s is told as what it is", async (_, fetching, code) => {
    await expect(fetching()).rejects.toMatchObject({ code });
    expect(logged).not.toContain(token);
  });

  test("a redirect is not followed, so the token goes nowhere else", async () => {
    server.behave = "redirect";
    await expect(fetchFrom(url(), good, { caFile: server.caFile })).rejects.toMatchObject({ code: "git_redirected" });
  });

  test("objects that a server of the old protocol keeps elsewhere are not asked for there", async () => {
    let asked = 0;
    const inside = createServer((socket) => {
      asked++;
      socket.destroy();
    });
    await new Promise<void>((done) => inside.listen(0, "127.0.0.1", done));
    const elsewhere = `http://127.0.0.1:${(inside.address() as AddressInfo).port}/y.git/objects`;
    const files: Record<string, string> = {
      "/x.git/HEAD": "ref: refs/heads/main\n",
      "/x.git/info/refs": `${"a".repeat(40)}\trefs/heads/main\n`,
      "/x.git/objects/info/http-alternates": `${elsewhere}\n`,
      "/x.git/objects/info/alternates": `${elsewhere}\n`,
    };
    const wanted: string[] = [];
    const tls = { key: readFileSync(join(root, "tls.key")), cert: readFileSync(server.caFile) };
    const old = createHttpsServer(tls, (request, response) => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      wanted.push(path);
      response.writeHead(path in files ? 200 : 404, { "content-type": "text/plain" }).end(files[path] ?? "");
    });
    await new Promise<void>((done) => old.listen(0, "127.0.0.1", done));
    const oldUrl = `https://127.0.0.1:${(old.address() as AddressInfo).port}/x.git`;
    await expect(fetchFrom(oldUrl, good, { caFile: server.caFile })).rejects.toMatchObject({ code: expect.stringContaining("git_") });
    expect(wanted.some((path) => path.startsWith("/x.git/objects/aa/"))).toBe(true); // git went so far
    expect(asked).toBe(0);
    old.close();
    inside.close();
  });

  test("a server that fails, and one that says nothing for too long", async () => {
    server.behave = "fail";
    await expect(fetchFrom(url(), good, { caFile: server.caFile })).rejects.toMatchObject({ code: "git_unreachable" });
    server.behave = "stall";
    await expect(fetchFrom(url(), good, { caFile: server.caFile, fetchMs: 1000 })).rejects.toMatchObject({ code: "git_timeout" });
    expect(allProcesses().includes(url())).toBe(false);
  });

  test("the token stands in no command line, environment, log, error or file afterwards", async () => {
    server.behave = "stall";
    const entered = server.entered();
    const before = lentNow();
    const fetching = fetchFrom(url(), good, { caFile: server.caFile, fetchMs: 2500 }).catch((thrown: unknown) => thrown);
    await entered;
    const seen = allProcesses();
    // Asked so that a failure does not print what other processes of this machine hold.
    const holds = (text: string): boolean => seen.includes(text);
    expect(holds(url())).toBe(true); // git is at it
    expect(holds(token)).toBe(false);
    expect(holds(Buffer.from(`ada:${token}`).toString("base64"))).toBe(false);
    const problem = await fetching;
    expect(JSON.stringify(problem, Object.getOwnPropertyNames(problem))).not.toContain(token);
    expect(logged).not.toContain(token);
    expect(lentNow().filter((name) => !before.includes(name))).toEqual([]);
    expect(spawnSync("grep", ["-r", token, join(root, `home${number}`)]).stdout.toString()).toBe("");
  });
});

describe("a server within our own network", () => {
  const signedIn = { kind: "git_https", ...account } as const;
  const key = (): GitCredential => ({ kind: "git_ssh", privateKey: strangeKey(), knownHosts: "" });
  /** As an attacker's own DNS would answer. */
  const resolve = async (host: string): Promise<string[]> => ({ "meta.example": ["169.254.169.254"] })[host] ?? ["10.0.0.1", "1.1.1.1"];
  const closed = createEgress({ resolve });
  let asked: number;
  let canary: Server;
  beforeAll(async () => {
    canary = createServer((socket) => {
      asked++;
      socket.destroy();
    });
    await new Promise<void>((done) => canary.listen(0, "127.0.0.1", done));
  });
  afterAll(() => void canary.close());
  beforeEach(() => {
    asked = 0;
  });

  test.each([
    "https://127.0.0.1:PORT/x.git",
    "https://127.1:PORT/x.git",
    "https://0x7f000001:PORT/x.git",
    "https://2130706433:PORT/x.git",
    "https://[::ffff:127.0.0.1]:PORT/x.git",
    "https://１２７.0.0.1:PORT/x.git",
    "https://mixed.example:PORT/x.git",
    "https://meta.example/latest",
    "ssh://git@127.0.0.1:PORT/x.git",
    "ssh://git@0x7f.1:PORT/x.git",
    "ssh://git@0177.0.0.1:PORT/x.git",
    "ssh://git@[::1]:PORT/x.git",
    "git@127.0.0.1:x.git",
    "git@meta.example:x.git",
  ])("is not asked by %s, unless the operator lists it", async (template) => {
    const { port } = canary.address() as AddressInfo;
    const url = template.replace("PORT", String(port));
    await expect(fetchFrom(url, url.startsWith("https") ? signedIn : key(), { egress: closed })).rejects.toMatchObject({
      code: "egress_refused",
    });
    expect(asked).toBe(0);
  });

  test.skipIf(!hasOpenssl)("is asked at the judged address, wherever its name leads by then", async () => {
    const server = await startHttpsGit(root, account);
    const { port } = new URL(server.url);
    const options = { caFile: server.caFile, egress: createEgress({ allow: ["127.0.0.1"], resolve: async () => ["127.0.0.1"] }) };
    // No DNS knows this name: git could not reach it but by the address that it was told.
    const fetching = fetchFrom(`https://git.invalid:${port}/network.git`, signedIn, options);
    await expect(fetching).rejects.toMatchObject({ code: "git_certificate" }); // it is there, and is another than it says
    await server.stop();
  });

  test.skipIf(!hasSsh)("is asked at the judged address by ssh too, and known by its name", async () => {
    const server = await startSshGit(root);
    const { port } = new URL(server.url);
    const known = server.knownHosts.replace("127.0.0.1", "git.invalid");
    const egress = createEgress({ allow: ["127.0.0.1"], resolve: async () => ["127.0.0.1"] });
    const good = { kind: "git_ssh", privateKey: server.privateKey, knownHosts: known } as const;
    expect((await fetchFrom(`ssh://git@git.invalid:${port}/network.git`, good, { egress })).fetched.head).toBe(head);
    await server.stop();
  });

  test("a git too old to be held to an address is told", () => {
    expect(
      ["git version 2.37.0", "git version 2.39.5", "git version 3.0.1", "git version 2.50.1 (Apple Git-155)"].map(isNewEnough),
    ).toEqual([true, true, true, true]);
    expect(["git version 2.36.9", "git version 1.9.1", "nonsense"].map(isNewEnough)).toEqual([false, false, false]);
  });
});

describe.skipIf(!hasSsh)("over ssh", () => {
  let server: SshGit;
  beforeAll(async () => {
    server = await startSshGit(root);
  });
  afterAll(() => server.stop());
  const url = () => `${server.url}/network.git`;
  const good = (): GitCredential => ({ kind: "git_ssh", privateKey: server.privateKey.trim(), knownHosts: server.knownHosts.trim() });

  test("a key opens the repository of a server that is known", async () => {
    const before = lentNow();
    const { fetched, files } = await fetchFrom(url(), good());
    expect(fetched.head).toBe(head);
    expect(files.get("a.yaml")).toBe("a: 1\n");
    expect(lentNow().filter((name) => !before.includes(name))).toEqual([]);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ["a server that is not known", () => fetchFrom(url(), { ...good(), knownHosts: "" } as GitCredential), "git_host_key_unknown"],
    [
      "a server with another key",
      async () =>
        fetchFrom(url(), { ...good(), knownHosts: server.knownHosts.replace(/AAAA\S+/, (await startOther()).key) } as GitCredential),
      "git_host_key_unknown",
    ],
    [
      "a key that the server does not know",
      () => fetchFrom(url(), { ...good(), privateKey: strangeKey() } as GitCredential),
      "git_auth_failed",
    ],
    ["a key that is none", () => fetchFrom(url(), { ...good(), privateKey: "hello" } as GitCredential), "git_credential_invalid"],
    ["no key", () => fetchFrom(url(), undefined), "git_credential_kind"],
    ["a repository that is not there", () => fetchFrom(`${server.url}/other.git`, good()), "git_repository_missing"],
  ])("%s is told as what it is", async (_, fetching, code) => {
    await expect(fetching()).rejects.toMatchObject({ code });
    expect(logged).not.toContain("PRIVATE KEY");
  });

  async function startOther(): Promise<{ key: string }> {
    const other = await startSshGit(root);
    await other.stop();
    return { key: other.knownHosts.split(" ")[2]!.trim() };
  }

  test("a path of temporary files with odd characters is no way in", async () => {
    const odd = mkdtempSync(join(root, "odd ' \" $(touch x) "));
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = odd;
    try {
      expect((await fetchFrom(url(), good())).fetched.head).toBe(head);
      expect(readdirSync(odd)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    }
  });
});
