import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createGit, type Git } from "./git.ts";
import { matchesGlob } from "./git-files.ts";
import { silentLog } from "./log.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-test-git-"));
let home: string;
let upstream: string;
let git: Git;
let number = 0;

function run(...args: string[]): string {
  const person = [
    "-c",
    "user.name=Ada",
    "-c",
    "user.email=ada@example.net",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "protocol.file.allow=always",
  ];
  return execFileSync("git", [...person, "-C", upstream, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
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
const copy = () => join(home, "repositories", `rep${number}.git`);
const mirror = (branch = "main", of = git) => of.openMirror({ id: `rep${number}`, url: pathToFileURL(upstream).href, branch });

beforeEach(() => {
  number += 1;
  home = join(root, `home${number}`);
  upstream = join(root, `upstream${number}`);
  mkdirSync(upstream);
  git = createGit({ home, log: silentLog, protocols: new Set(["file"]) });
  run("init", "-q", "-b", "main");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a mirror", () => {
  test("gives the text files of a commit, by path, and nothing that is not asked for", async () => {
    const first = commit({ "data/global.yaml": "a: 1\n", "templates/ios/device.j2": "hostname x\n", "README.md": "no" });
    symlinkSync("/etc/passwd", join(upstream, "link.yaml"));
    commit({ "data/global.yaml": "a: 2\n", "data/Zürich ☂\n.yaml": "\ufeffb: 3\n" }, "second");
    const one = await mirror();
    const fetched = await one.fetch();
    expect(fetched).toEqual({ head: run("rev-parse", "HEAD"), rewritten: false });
    expect(await one.files(fetched.head, ["data/**", "templates/**/*.j2"])).toEqual(
      new Map([
        ["data/Zürich ☂\n.yaml", "b: 3\n"],
        ["data/global.yaml", "a: 2\n"],
        ["templates/ios/device.j2", "hostname x\n"],
      ]),
    );
    expect((await one.files(first, ["data/*.yaml"])).get("data/global.yaml")).toBe("a: 1\n");
    expect(await one.files(first, ["nothing/**"])).toEqual(new Map());
    expect(statSync(copy()).mode & 0o777).toBe(0o700);
  });

  test("lists commits, newest first, and what differs between two", async () => {
    const first = commit({ "a.yaml": "1", "b.yaml": "1" }, "first");
    const second = commit({ "a.yaml": "2" }, "tricky \u001b[31m \u001e subject");
    const third = commit({ "c/d.yaml": "3" }, "third");
    const one = await mirror();
    const { head } = await one.fetch();
    const all = await one.log(head, { skip: 0, limit: 10 });
    expect(all.map(({ subject, author }) => [subject, author])).toEqual(
      [
        ["third", "Ada"],
        ["tricky [31m subject", "Ada"],
        ["first", "Ada"],
      ].map((pair) => (pair[0]?.startsWith("tricky") ? [expect.stringMatching(/^tricky\s+\[31m\s+subject$/), "Ada"] : pair)),
    );
    expect(all[0]?.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect((await one.log(head, { skip: 1, limit: 1 })).map((line) => line.commit)).toEqual([second]);
    expect((await one.log(head, { skip: 0, limit: 10, after: first })).map((line) => line.commit)).toEqual([third, second]);
    expect(await one.diffNames(first, head)).toEqual(["a.yaml", "c/d.yaml"]);
  });

  test("knows branches, tags and beginnings of hashes, and no others of git's words", async () => {
    const first = commit({ "a.yaml": "1" });
    run("tag", "-a", "-m", "release", "v1.0");
    run("branch", "feature/x");
    const second = commit({ "a.yaml": "2" });
    const one = await mirror();
    await one.fetch();
    expect(await Promise.all(["v1.0", "feature/x", first.slice(0, 8), first].map((name) => one.resolve(name)))).toEqual([
      first,
      first,
      first,
      first,
    ]);
    expect(await one.resolve("main")).toBe(second);
    for (const word of [
      "HEAD",
      "HEAD~1",
      "main^",
      "@",
      "@{-1}",
      ":/change",
      "main:a.yaml",
      "v9",
      "",
      "-h",
      "--all",
      "main..v1.0",
      "refs/heads/main",
      first.slice(0, 5),
      "0".repeat(40),
      "a b",
      "main\n",
    ])
      await expect(one.resolve(word)).rejects.toMatchObject({ code: "git_revision_missing" });
  });

  test("says that the branch was rewritten, and still has the commit that was planned from", async () => {
    const old = commit({ "data/global.yaml": "a: 1\n" });
    const one = await mirror();
    await one.fetch();
    run("commit", "-q", "--amend", "-m", "another history");
    const fetched = await one.fetch();
    expect(fetched).toMatchObject({ previous: old, rewritten: true });
    expect((await one.files(await one.resolve(old), ["data/**"])).size).toBe(1);
    expect(await one.fetch()).toMatchObject({ previous: fetched.head, rewritten: false });
    commit({ "data/global.yaml": "a: 2\n" });
    expect(await (await mirror()).fetch()).toMatchObject({ previous: fetched.head, rewritten: false });
  });

  test("says that the repository vanished, that it is empty, that the branch is missing", async () => {
    await expect((await mirror()).fetch()).rejects.toThrow("The repository has no branch main; it has no branches.");
    const head = commit({ "data/global.yaml": "a: 1\n" });
    await (await mirror()).fetch();
    await expect((await mirror("elsewhere")).fetch()).rejects.toThrow("The repository has no branch elsewhere; it has main.");
    rmSync(upstream, { recursive: true });
    const one = await mirror();
    await expect(one.fetch()).rejects.toMatchObject({ code: "git_repository_missing" });
    expect((await one.files(head, ["data/**"])).size).toBe(1);
  });

  test("names every file that is not text, too large, a link, a submodule or kept elsewhere", async () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 1\n";
    commit({
      "data/binary.yaml": Buffer.from([0xff, 0xfe, 0x00]),
      "data/nul.yaml": "a\0b",
      "data/lfs.yaml": pointer,
      "data/good.yaml": "a: 1\n",
      "huge/large.yaml": "x".repeat(5 * 1024 * 1024),
    });
    mkdirSync(join(upstream, "links/real"), { recursive: true });
    symlinkSync("/etc/passwd", join(upstream, "links/passwd.yaml"));
    symlinkSync("real", join(upstream, "links/alias"));
    symlinkSync("/etc/hosts", join(upstream, "links/notes.txt"));
    commit({});
    run("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},modules/shared`);
    run("commit", "-q", "-m", "a submodule");
    const one = await mirror();
    const { head } = await one.fetch();
    await expect(one.files(head, ["data/**"])).rejects.toMatchObject({
      code: "git_file_not_text",
      message: "data/binary.yaml is not UTF-8 text (and 2 more).",
      places: [
        { at: "data/binary.yaml", say: "is not UTF-8 text" },
        { at: "data/lfs.yaml", say: "is kept in Git LFS; put the text itself there" },
        { at: "data/nul.yaml", say: "is not UTF-8 text" },
      ],
    });
    await expect(one.files(head, ["huge/**"])).rejects.toThrow("huge/large.yaml is larger than 4 MiB.");
    await expect(one.files(head, ["links/**/*.yaml"])).rejects.toMatchObject({
      code: "git_file_link",
      places: [{ at: "links/alias" }, { at: "links/passwd.yaml" }],
    });
    await expect(one.files(head, ["modules/**/*.yaml"])).rejects.toThrow("modules/shared is a submodule; put its files there.");
  });

  test("that grows beyond its limit is not kept growing", async () => {
    commit({ "a.bin": randomBytes(3_000_000) });
    const small = await mirror("main", createGit({ home, log: silentLog, protocols: new Set(["file"]), mirrorBytes: 1_000_000 }));
    await expect(small.fetch()).rejects.toMatchObject({ code: "git_too_large", kind: "limit" });
  });

  test("is fetched by several at once without harm, and stays small over many fetches", async () => {
    commit({ "a.yaml": "0" });
    const one = await mirror();
    for (let i = 1; i <= 22; i++) {
      commit({ "a.yaml": String(i) });
      await one.fetch();
    }
    expect(readdirSync(join(copy(), "objects/pack")).filter((name) => name.endsWith(".pack")).length).toBeLessThan(21);
    const head = commit({ "a.yaml": "last" });
    const fetched = await Promise.all([one.fetch(), one.fetch(), mirror().then((other) => other.fetch())]);
    expect(fetched.map((each) => each.head)).toEqual([head, head, head]);
    expect((await one.files(head, ["*.yaml"])).get("a.yaml")).toBe("last");
  });

  describe("that was damaged is made anew", () => {
    const damages: [string, () => void][] = [
      ["HEAD is gone", () => rmSync(join(copy(), "HEAD"))],
      ["the configuration is garbage", () => writeFileSync(join(copy(), "config"), "[[[")],
      ["a pack is cut short", () => forEachPack((pack) => truncateSync(pack, 100))],
      ["a pack is gone", () => forEachPack((pack) => rmSync(pack))],
      ["a pack is overwritten", () => forEachPack((pack) => writeFileSync(pack, randomBytes(statSync(pack).size)))],
      ["objects are gone", () => rmSync(join(copy(), "objects"), { recursive: true })],
      ["it is a file", () => (rmSync(copy(), { recursive: true }), writeFileSync(copy(), "x"))],
    ];
    function forEachPack(act: (path: string) => void): void {
      const folder = join(copy(), "objects/pack");
      for (const name of readdirSync(folder).filter((one) => one.endsWith(".pack"))) {
        execFileSync("chmod", ["u+w", join(folder, name)]);
        act(join(folder, name));
      }
    }

    test.each(damages)("%s", async (_, damage) => {
      commit({ "data/global.yaml": "a: 1\n", "b.bin": randomBytes(2000) });
      await (await mirror()).fetch();
      damage();
      const head = commit({ "data/global.yaml": "a: 2\n" });
      const one = await mirror();
      expect((await one.fetch()).head).toBe(head);
      expect(await one.files(head, ["data/**"])).toEqual(new Map([["data/global.yaml", "a: 2\n"]]));
    });

    test("when reading finds it so", async () => {
      const head = commit({ "data/global.yaml": "a: 1\n", "b.bin": randomBytes(2000) });
      const one = await mirror();
      await one.fetch();
      forEachPack((pack) => truncateSync(pack, 60));
      expect(await one.files(head, ["data/**"])).toEqual(new Map([["data/global.yaml", "a: 1\n"]]));
    });
  });

  test("is removed with its repository", async () => {
    commit({ "a.yaml": "1" });
    await (await mirror()).fetch();
    await git.forget(`rep${number}`);
    expect(existsSync(copy())).toBe(false);
    await git.forget(`rep${number}`);
  });
});

describe("nothing in a repository is run", () => {
  const marker = () => join(root, `marker${number}`);

  test("no hook, filter, attribute, submodule, template or configuration of it, nor of the user's", async () => {
    const touch = `touch ${marker()}`;
    commit({
      ".gitattributes": "*.yaml filter=evil diff=evil merge=evil\n",
      ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ./x\n',
      ".lfsconfig": "[lfs]\n\turl = https://example.net\n",
      "a.yaml": "1",
    });
    for (const [key, value] of [
      ["filter.evil.smudge", touch],
      ["diff.evil.textconv", touch],
      ["uploadpack.packObjectsHook", touch],
      ["core.fsmonitor", touch],
      ["core.sshCommand", touch],
      ["alias.fetch", `!${touch}`],
    ])
      run("config", key!, value!);
    for (const hook of ["post-checkout", "reference-transaction", "post-merge", "pre-auto-gc"]) {
      writeFileSync(join(upstream, ".git/hooks", hook), `#!/bin/sh\n${touch}\n`, { mode: 0o755 });
    }
    const one = await mirror();
    mkdirSync(join(copy(), "hooks"), { recursive: true });
    writeFileSync(join(copy(), "hooks/reference-transaction"), `#!/bin/sh\n${touch}\n`, { mode: 0o755 });
    writeFileSync(join(copy(), ".gitconfig"), `[core]\n\tfsmonitor = ${touch}\n`);
    const { head } = await one.fetch();
    await one.files(head, ["**"]);
    await one.log(head, { skip: 0, limit: 5 });
    await one.diffNames(head, head);
    expect(existsSync(marker())).toBe(false);
  });

  test("objects that git's own checks refuse are not taken over", async () => {
    commit({ "a.yaml": "1" });
    const evil = execFileSync("git", ["-C", upstream, "hash-object", "-t", "tree", "--literally", "-w", "--stdin"], {
      input: Buffer.concat([Buffer.from("100644 .git\0"), Buffer.from(run("rev-parse", "HEAD:a.yaml"), "hex")]),
      encoding: "utf8",
    }).trim();
    const bad = run("commit-tree", "-m", "evil", evil);
    run("update-ref", "refs/heads/main", bad);
    await expect((await mirror()).fetch()).rejects.toMatchObject({ code: "git_content_refused" });
  });
});

test("globs", () => {
  const all = ["data/global.yaml", "data/sites/lyon.yaml", "data/x.yml", "datax/y.yaml", "a/data/z.yaml", "data.yaml"];
  const matching = (glob: string) => all.filter((path) => matchesGlob(glob, path));
  expect(matching("data/**/*.yaml")).toEqual(["data/global.yaml", "data/sites/lyon.yaml"]);
  expect(matching("data/*.yaml")).toEqual(["data/global.yaml"]);
  expect(matching("data/**")).toEqual(["data/global.yaml", "data/sites/lyon.yaml", "data/x.yml"]);
  expect(matching("**/z.yaml")).toEqual(["a/data/z.yaml"]);
  expect(matching("*.yaml")).toEqual(["data.yaml"]);
});

test("what a lent credential leaves behind in a crash is swept away later", async () => {
  const forgotten = mkdtempSync(join(tmpdir(), "holdfast-git-"));
  writeFileSync(join(forgotten, "credential"), "x");
  execFileSync("touch", ["-d", "2 hours ago", forgotten]);
  const fresh = mkdtempSync(join(tmpdir(), "holdfast-git-"));
  appendFileSync(join(fresh, "credential"), "x");
  const { sweepForgotten } = await import("./git-credential.ts");
  expect(await sweepForgotten(Date.now())).toBeGreaterThanOrEqual(0);
  expect([existsSync(forgotten), existsSync(fresh)]).toEqual([false, true]);
  rmSync(fresh, { recursive: true });
});
