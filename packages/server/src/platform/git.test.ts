import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync, mkdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { lendCredential } from "./git-credential.ts";
import { createGit, type Git } from "./git.ts";
import { silentLog } from "./log.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-git-test-"));
let home: string;
let upstream: string;
let git: Git;
let number = 0;

function run(...args: string[]): string {
  const person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.net", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...person, "-C", upstream, ...args], { encoding: "utf8" }).trim();
}
function commit(files: Record<string, string | Buffer>, subject = "a change"): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(upstream, path)), { recursive: true });
    writeFileSync(join(upstream, path), text);
  }
  run("add", "-A");
  run("commit", "-q", "-m", subject);
  return run("rev-parse", "HEAD");
}
const mirror = (branch = "main") => git.openMirror({ id: `rep${number}`, url: pathToFileURL(upstream).href, branch });

beforeEach(() => {
  number += 1;
  home = join(root, `home${number}`);
  upstream = join(root, `upstream${number}`);
  mkdirSync(upstream);
  git = createGit({ home, log: silentLog, allowLocal: true });
  run("init", "-q", "-b", "main");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a mirror", () => {
  test("gives the text files of a commit, by path, and nothing that is not asked for", async () => {
    const first = commit({ "data/global.yaml": "a: 1\n", "templates/ios/device.j2": "hostname x\n", "README.md": "no" });
    symlinkSync("/etc/passwd", join(upstream, "data/link.yaml"));
    commit({ "data/global.yaml": "a: 2\n" }, "second");
    const one = await mirror();
    const fetched = await one.fetch();
    expect(fetched.rewritten).toBe(false);
    expect(await one.files(fetched.head, ["data/**", "templates/**/*.j2"])).toEqual(
      new Map([
        ["data/global.yaml", "a: 2\n"],
        ["templates/ios/device.j2", "hostname x\n"],
      ]),
    );
    expect((await one.files(first, ["data/*.yaml"])).get("data/global.yaml")).toBe("a: 1\n");
    expect((await one.log(fetched.head, { skip: 0, limit: 10 })).map((line) => line.subject)).toEqual(["second", "a change"]);
  });

  test("says that the branch was rewritten, and still has the commit that was planned from", async () => {
    const old = commit({ "data/global.yaml": "a: 1\n" });
    const one = await mirror();
    await one.fetch();
    run("commit", "-q", "--amend", "-m", "another history");
    const fetched = await one.fetch();
    expect(fetched).toMatchObject({ previous: old, rewritten: true });
    expect(await one.resolve(old)).toBe(old);
  });

  test("says that the repository vanished, that the branch is missing, that a revision is unknown", async () => {
    commit({ "data/global.yaml": "a: 1\n" });
    await (await mirror()).fetch();
    await expect((await mirror("elsewhere")).fetch()).rejects.toMatchObject({ code: "git_branch_missing" });
    await expect((await mirror()).resolve("v9.9")).rejects.toMatchObject({ code: "git_revision_missing" });
    rmSync(upstream, { recursive: true });
    await expect((await mirror()).fetch()).rejects.toMatchObject({ code: "git_repository_missing" });
  });

  test("names the file that is not text or too large", async () => {
    commit({ "data/binary.yaml": Buffer.from([0xff, 0xfe, 0x00]), "huge/large.yaml": "x".repeat(5 * 1024 * 1024) });
    const one = await mirror();
    const { head } = await one.fetch();
    await expect(one.files(head, ["data/**"])).rejects.toThrow("data/binary.yaml is not UTF-8 text.");
    await expect(one.files(head, ["huge/**"])).rejects.toThrow("huge/large.yaml is larger than 4 MiB.");
  });

  test("that was damaged is made anew", async () => {
    commit({ "data/global.yaml": "a: 1\n" });
    await (await mirror()).fetch();
    rmSync(join(home, "repositories", `rep${number}.git`, "HEAD"));
    expect((await (await mirror()).fetch()).head).toHaveLength(40);
  });
});

describe("an address that would do something else than fetch", () => {
  const marker = join(root, "marker");
  const payloads = [
    `ext::sh -c touch% ${marker}`,
    `ext::sh${"\t"}-c`,
    `--upload-pack=touch ${marker}`,
    `-oProxyCommand=touch ${marker}`,
    `ssh://-oProxyCommand=touch${marker}/x`,
    `ssh://host/-oProxyCommand=touch`,
    "-u",
    `--exec=touch`,
    `git@-oProxyCommand=x:y`,
    `file:///etc`,
    `/etc/passwd`,
    `./x`,
    `http://example.net/x`,
    `git://example.net/x`,
    `https://user:token@example.net/x`,
    `https://token@example.net/x`,
    `fd::17`,
    `transport::x`,
    `https://example.net/a b`,
    `https://example.net/a\nb`,
    `javascript:alert(1)`,
    `ftp://example.net/x`,
    `rsync://example.net/x`,
    `ssh://user:pass@example.net/x`,
    `git@host:-x`,
    "",
    `file://remote/x`,
    "https://",
    `EXT::sh -c x`,
  ];
  test.each(payloads)("is refused before git is started: %j", async (url) => {
    const strict = createGit({ home, log: silentLog });
    expect(() => strict.checkUrl(url)).toThrow("is not taken");
    await expect(strict.openMirror({ id: "x", url, branch: "main" })).rejects.toMatchObject({ code: "git_url_invalid" });
    expect(existsSync(marker)).toBe(false);
  });
  test.each(["https://git.example.net/network.git", "ssh://git@git.example.net:2222/network.git", "git@git.example.net:team/network.git"])(
    "but %s is taken",
    (url) => {
      expect(() => createGit({ home, log: silentLog }).checkUrl(url)).not.toThrow();
    },
  );
  test.each(["--upload-pack=x", "a..b", "a b", "a:b", ".hidden", "x.lock", "a\u0000b", "@{-1}", "", "@"])(
    "a branch cannot be called %j",
    async (branch) => {
      await expect(mirror(branch)).rejects.toMatchObject({ code: "git_branch_invalid" });
    },
  );
});

test("a credential is lent in files that only we may read, and taken back", async () => {
  const lent = await lendCredential({ kind: "git_https", username: "ada", token: "s3cr3t-token" });
  const askpass = lent.environment["GIT_ASKPASS"]!;
  expect(JSON.stringify(lent.environment)).not.toContain("s3cr3t-token");
  expect(execFileSync(askpass, ["Password for x:"], { encoding: "utf8" })).toBe("s3cr3t-token");
  expect(execFileSync(askpass, ["Username for x:"], { encoding: "utf8" })).toBe("ada");
  await lent.takeBack();
  expect(existsSync(askpass)).toBe(false);
});
