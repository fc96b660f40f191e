import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createGit } from "./git.ts";
import { silentLog } from "./log.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-test-git-url-"));
const home = join(root, "home");
const git = createGit({ home, log: silentLog, protocols: new Set(["https", "ssh", "file"]) });
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("an address that would do something else than fetch", () => {
  const marker = join(root, "marker");
  const payloads = [
    `ext::sh -c touch% ${marker}`,
    `ext::sh\t-c\ttouch`,
    `EXT::sh -c x`,
    `fd::17`,
    `transport::x`,
    `x::y`,
    `--upload-pack=touch ${marker}`,
    `--upload-pack=touch`,
    `-oProxyCommand=touch${marker}`,
    `-u`,
    `--exec=touch`,
    `ssh://-oProxyCommand=touch${marker}/x`,
    `ssh://-oProxyCommand=touch@host/x`,
    `ssh://host/-oProxyCommand=touch`,
    `ssh://host/%2doProxyCommand=touch`,
    "ssh://ho$(touch)st/x",
    "ssh://ho`touch`st/x",
    `ssh://host;touch/x`,
    `ssh://us'er@host/x`,
    `ssh://user:pass@example.net/x`,
    `ssh://host`,
    `git@-oProxyCommand=x:y`,
    `-git@host:y`,
    `git@host:-x`,
    `git@host:`,
    `git@ho$(x)st:y`,
    `g;it@host:y`,
    `file:///etc`,
    `file://remote/x`,
    `/etc/passwd`,
    `./x`,
    `x`,
    `C:\\x`,
    `\\\\host\\share`,
    `http://example.net/x`,
    `git://example.net/x`,
    `ftp://example.net/x`,
    `rsync://example.net/x`,
    `javascript:alert(1)`,
    `https://user:token@example.net/x`,
    `https://token@example.net/x`,
    `https://example.net/a b`,
    `https://example.net/a\nb`,
    `https://example.net/a\u0000b`,
    `https://example.net/%0a`,
    `https://example.net/%zz`,
    `https://example.net/x?y`,
    `https://example.net/x#y`,
    `https://example.net:99999/x`,
    `https://example.net`,
    `https://`,
    `https:///x`,
    ``,
    ` https://example.net/x`,
  ];

  test.each(payloads)("is refused before git is started: %j", async (url) => {
    const strict = createGit({ home, log: silentLog });
    expect(() => strict.checkUrl(url)).toThrow("is not taken");
    await expect(strict.openMirror({ id: "x", url, branch: "main" })).rejects.toMatchObject({ code: "git_url_invalid" });
    expect(existsSync(marker)).toBe(false);
  });

  test.each(payloads.filter((url) => !url.startsWith("file:")))("is refused where local addresses are allowed too: %j", (url) => {
    expect(() => git.checkUrl(url)).toThrow("is not taken");
  });

  test.each([
    "https://git.example.net/network.git",
    "https://git.example.net:8443/a/b",
    "ssh://git@git.example.net:2222/network.git",
    "ssh://git.example.net/~ada/x",
    "git@git.example.net:team/network.git",
    "git@10.0.0.1:x",
    "ssh://git@[2001:db8::1]/x",
  ])("but %s is taken", (url) => {
    expect(() => createGit({ home, log: silentLog }).checkUrl(url)).not.toThrow();
  });

  test.each([
    "--upload-pack=x",
    "-x",
    "a..b",
    "a b",
    "a:b",
    ".hidden",
    "x.lock",
    "a\u0000b",
    "a\nb",
    "@{-1}",
    "",
    "@",
    "a^",
    "a~1",
    "*",
    "a/",
    "/a",
    "a//b",
  ])("a branch cannot be called %j", async (branch) => {
    await expect(git.openMirror({ id: "x", url: "file:///srv/x", branch })).rejects.toMatchObject({ code: "git_branch_invalid" });
  });

  test.each(["../x", "a/b", "", "-x", "a b"])("a mirror's id cannot be %j", async (id) => {
    await expect(git.openMirror({ id, url: "file:///srv/x", branch: "main" })).rejects.toMatchObject({
      code: "git_mirror_id",
    });
  });
});
