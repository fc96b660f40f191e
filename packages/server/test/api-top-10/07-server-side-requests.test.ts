/** OWASP API Security Top 10 (2023), API7: making the server ask where the caller cannot. */
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFortress, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let admin: Person;
/** What only this machine may reach; it listens on every address of it. */
let inside: Server;
let touched = 0;
const at = "/api/v1";
beforeAll(async () => {
  fortress = await startFortress();
  admin = await fortress.person("ada", "admin");
  inside = createServer((socket) => {
    touched++;
    socket.destroy();
  });
  await new Promise<void>((done) => inside.listen(0, "::", done));
});
afterAll(async () => {
  inside.close();
  await fortress.drop();
});

const hosts = `127.0.0.1 127.1 0x7f000001 2130706433 0177.0.0.1 localhost localhost. [::1] [::ffff:127.0.0.1] 0.0.0.0 [::]
  169.254.169.254 10.0.0.1 172.16.0.1 192.168.0.1 100.64.0.1 [fd00::1] [fe80::1] [64:ff9b::7f00:1]`.split(/\s+/);
const port = () => (inside.address() as AddressInfo).port;

describe("an address that a caller names within our own network is never asked:", () => {
  test("a repository's, by https and ssh", async () => {
    for (const [n, host] of hosts.filter((_, at) => at % 5 === 0).entries()) {
      const url = `https://${host}:${port()}/x.git`;
      const answer = await fortress.call("POST", `${at}/repositories`, { key: admin.key, body: { name: `h${n}`, url } });
      // Refused at once, or connected and never fetched: its problem says why.
      expect([host, answer.status === 400 || /nothing was sent/.test(String(answer.body["problem"]))]).toEqual([host, true]);
    }
    const value = {
      kind: "git_ssh",
      privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n",
      knownHosts: "",
    };
    await fortress.call("POST", `${at}/secrets`, { key: admin.key, body: { name: "git", value } });
    for (const url of [`ssh://git@127.0.0.1:${port()}/x.git`, `ssh://git@0x7f.1:${port()}/x.git`, "git@localhost:x.git"]) {
      const answer = await fortress.call("POST", `${at}/repositories`, {
        key: admin.key,
        body: { name: `s${url.length}`, url, secret: "git" },
      });
      expect([url, String(answer.body["problem"])]).toEqual([url, expect.stringContaining("nothing was sent")]);
    }
    expect(touched).toBe(0);
  });

  test("a repository's in the files of this server", async () => {
    for (const url of ["file:///etc", "/etc", "file://localhost/etc", "ext::sh -c id", "--upload-pack=id"]) {
      const answer = await fortress.call("POST", `${at}/repositories`, { key: admin.key, body: { name: "f", url } });
      expect([url, answer.status]).toEqual([url, 400]);
    }
  });

  test("an identity provider's: OpenID Connect, its metadata and a directory", async () => {
    for (const [n, host] of hosts.entries()) {
      const settings = { kind: "oidc", issuer: `https://${host}:${port()}`, clientId: "x" };
      const made = await fortress.call("POST", `${at}/identity-providers`, {
        key: admin.key,
        body: { id: `idp${n}`, name: `idp${n}`, settings, secret: "s" },
      });
      if (made.status !== 201) {
        expect([host, made.status]).toEqual([host, 400]);
        continue;
      }
      const begun = await fortress.call("POST", `${at}/auth/providers/idp${n}/start`, { body: {} });
      expect([host, begun.status >= 400 && begun.status < 500]).toEqual([host, true]);
      expect(begun.text).not.toMatch(/ECONN|socket|refused to connect/);
    }
    for (const url of [
      `https://127.0.0.1:${port()}/metadata`,
      `https://localhost:${port()}/`,
      "https://169.254.169.254/latest/meta-data",
      "file:///etc/passwd",
    ]) {
      const read = await fortress.call("POST", `${at}/identity-providers/metadata`, { key: admin.key, body: { url } });
      expect([url, read.status]).toEqual([url, 400]);
    }
    const settings = { kind: "ldap", url: `ldaps://127.0.0.1:${port()}`, bindDn: "cn=x", baseDn: "dc=x" };
    const made = await fortress.call("POST", `${at}/identity-providers`, {
      key: admin.key,
      body: { id: "dir", name: "dir", settings, secret: "s" },
    });
    expect(made.status).toBe(201);
    const tried = await fortress.call("POST", `${at}/auth/providers/dir/sign-in`, { body: { name: "ada", password: "x" } });
    expect(tried.status).toBeGreaterThanOrEqual(400);
    expect(touched).toBe(0);
  });
});
