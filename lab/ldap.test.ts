/**
 * Sign-in at a real directory: Debian's slapd, which takes passwords by TLS alone, and to which an empty password proves anybody (as RFC 4513
 * allows). Needs `apt-get install slapd ldap-utils`.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { LdapSettings } from "@holdfast/contract";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createIdentity } from "../packages/server/src/core/identity/index.ts";
import { createEgress, type Egress } from "../packages/server/src/platform/egress.ts";
import { from, identityWorld, opened, root, type IdentityWorld } from "../packages/server/test/identity.ts";

const run = promisify(execFile);
const base = "dc=example,dc=net";
const bindDn = `cn=service,${base}`;
const secret = "the service's own password";
const host = "directory.example";

let directory: string;
let slapd: ChildProcess;
let ports: { plain: number; tls: number };
let world: IdentityWorld;
let egress: Egress;

const people = ["ada", "bob", "eve"].map(
  (uid) =>
    `dn: uid=${uid},ou=people,${base}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\nuserPassword: password of ${uid}\n`,
);
const tree = [
  `dn: ${base}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n`,
  ...["people", "twins", "groups"].map((ou) => `dn: ou=${ou},${base}\nobjectClass: organizationalUnit\nou: ${ou}\n`),
  ...people,
  `dn: cn=another eve,ou=twins,${base}\nobjectClass: inetOrgPerson\nuid: eve\ncn: another eve\nsn: eve\nuserPassword: password of eve\n`,
  `dn: cn=netops,ou=groups,${base}\nobjectClass: groupOfNames\ncn: netops\nmember: uid=ada,ou=people,${base}\n`,
].join("\n");

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

async function answers(port: number): Promise<void> {
  for (;;) {
    const open = await new Promise<boolean>((done) => {
      const socket = connect(port, "127.0.0.1", () => done(true)).on("error", () => done(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    if (slapd.exitCode !== null) throw new Error(`slapd ended with ${slapd.exitCode}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-ldap-"));
  const at = (name: string) => join(directory, name);
  await mkdir(at("db"));
  const certificate = [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    `/CN=${host}`,
    "-keyout",
    at("key.pem"),
    "-out",
    at("cert.pem"),
  ];
  await run("openssl", [...certificate, "-addext", `subjectAltName=DNS:${host},IP:127.0.0.1`]);
  const schemas = ["core", "cosine", "inetorgperson"].map((name) => `include /etc/ldap/schema/${name}.schema`);
  const lines = [
    ...schemas,
    "modulepath /usr/lib/ldap",
    "moduleload back_mdb",
    "moduleload memberof",
    "allow bind_anon_cred",
    "security simple_bind=128",
    `pidfile ${at("pid")}`,
    `TLSCertificateFile ${at("cert.pem")}`,
    `TLSCertificateKeyFile ${at("key.pem")}`,
    "database mdb",
    `suffix "${base}"`,
    `rootdn "${bindDn}"`,
    `rootpw "${secret}"`,
    `directory ${at("db")}`,
    "overlay memberof",
  ];
  await writeFile(at("slapd.conf"), `${lines.join("\n")}\n`);
  await writeFile(at("tree.ldif"), tree);
  await writeFile(at("secret"), secret, { mode: 0o600 });
  ports = { plain: await freePort(), tls: await freePort() };
  const urls = `ldap://127.0.0.1:${ports.plain} ldaps://127.0.0.1:${ports.tls}`;
  slapd = spawn("/usr/sbin/slapd", ["-d", "0", "-f", at("slapd.conf"), "-h", urls], { stdio: "ignore" });
  await answers(ports.plain);
  const add = ["-ZZ", "-x", "-H", `ldap://127.0.0.1:${ports.plain}`, "-D", bindDn, "-y", at("secret"), "-f", at("tree.ldif")];
  await run("ldapadd", add, { env: { ...process.env, LDAPTLS_CACERT: at("cert.pem") } });
  egress = createEgress({ allow: [host], resolve: async () => ["127.0.0.1"], ca: await readFile(at("cert.pem"), "utf8") });
  world = await identityWorld({ egress });
});

afterAll(async () => {
  const ended = new Promise((done) => slapd.once("exit", done));
  slapd.kill();
  await ended;
  await world.database.drop();
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  await world.empty();
  await world.database.pool.query("delete from identity.provider");
});

async function addDirectory(more: Partial<LdapSettings> = {}, given = secret): Promise<void> {
  const settings: LdapSettings = {
    kind: "ldap",
    url: `ldap://${host}:${ports.plain}`,
    bindDn,
    baseDn: base,
    userFilter: "(uid={name})",
    idAttribute: "entryUUID",
    nameAttribute: "uid",
    groupFilter: "(member={dn})",
    ...more,
  };
  const groupGrants = [{ group: `cn=netops,ou=groups,${base}`, role: "operator", selector: "site=lyon" }];
  const wanted = { id: "dir", name: "Directory", settings, createUsers: true, groupGrants, enabled: true, secret: given };
  await world.identity.createProvider(wanted, root);
}

const come = (name: string, password: string) => world.identity.signInAtDirectory({ id: "dir", name, password }, from);
const wrong = { code: "identity_sign_in_refused" };

test("a person signs in by StartTLS, and the groups say what they may do", async () => {
  await addDirectory({ groupBaseDn: `ou=groups,${base}` });
  const one = opened(await come("ada", "password of ada"));
  expect(one.me.user).toMatchObject({ name: "ada", grants: [{ role: "operator", selector: "site=lyon" }] });
  const two = opened(await come("ADA", "password of ada"));
  expect(two.me.user.id).toBe(one.me.user.id);
  await expect(come("bob", "password of bob")).rejects.toMatchObject({ code: "identity_no_group" });
});

test("a person signs in by ldaps, with the groups that the person's entry names", async () => {
  await addDirectory({ url: `ldaps://${host}:${ports.tls}` });
  expect(opened(await come("ada", "password of ada")).me.user).toMatchObject({ name: "ada", grants: [{ role: "operator" }] });
});

test("wrong, unknown, empty and ambiguous are refused alike", async () => {
  await addDirectory();
  await expect(come("ada", "password of bob")).rejects.toMatchObject(wrong);
  await expect(come("nobody", "password of ada")).rejects.toMatchObject(wrong);
  await expect(come("ada", ""), "slapd itself would take it").rejects.toMatchObject(wrong);
  await expect(come("eve", "password of eve"), "two entries").rejects.toMatchObject(wrong);
});

test.each([
  "*",
  "ad*",
  "ada)(uid=*",
  "*)(objectClass=*",
  "x)(|(uid=ada",
  "ada)",
  "\\61da",
  "ada\0",
  "(uid=ada)",
  "&",
  "|",
  "ada)(!(uid=x)",
])("the name %j is text in the filter and nothing else", async (name) => {
  await addDirectory();
  await expect(come(name, "password of ada")).rejects.toMatchObject(wrong);
});

test("a name that is not there is answered as one with a wrong password is: after the same work", async () => {
  const asked: string[] = [];
  const counting: Egress = { ...egress, judge: async (name) => (asked.push(name), egress.judge(name)) };
  await addDirectory();
  const { db, audit, secrets, clock } = world;
  const identity = createIdentity({ db, audit, secrets, clock, egress: counting });
  for (const name of ["ada", "nobody"]) {
    asked.length = 0;
    await expect(identity.signInAtDirectory({ id: "dir", name, password: "wrong" }, from)).rejects.toMatchObject(wrong);
    expect(asked, "one connection to look up, one to prove").toEqual([host, host]);
  }
});

test("whoever has nothing but the directory proves again who they are with the password there", async () => {
  await addDirectory();
  await world.database.pool.query("delete from identity.session");
  const caller = await world.callerWith(opened(await come("ada", "password of ada")).token);
  expect(await world.identity.stepUpWays(caller)).toEqual({ ways: ["password"], provider: { id: "dir", name: "Directory" } });
  expect(await world.identity.stepUp(caller, { password: "password of ada" })).toHaveProperty("until");
  const refused = { code: "identity_step_up_refused" };
  for (const password of ["password of bob", ""]) await expect(world.identity.stepUp(caller, { password })).rejects.toMatchObject(refused);
});

test("tries are counted before the directory is asked", async () => {
  await addDirectory();
  const tries = await Promise.allSettled(Array.from({ length: 12 }, () => come("ada", "wrong")));
  const codes = tries.map((one) => (one.status === "rejected" ? (one.reason as { code: string }).code : "in"));
  expect(codes.filter((code) => code === "identity_too_many_tries").length).toBeGreaterThan(0);
  expect(codes).not.toContain("in");
  await expect(come("ada", "password of ada")).rejects.toMatchObject({ code: "identity_too_many_tries" });
});

test("nothing is said to a directory that cannot prove itself, or that is not open", async () => {
  await addDirectory();
  const shown = { id: "dir", name: "ada", password: "password of ada" };
  const { db, audit, secrets, clock } = world;
  const stranger = createIdentity({
    db,
    audit,
    secrets,
    clock,
    egress: createEgress({ allow: [host], resolve: async () => ["127.0.0.1"] }),
  });
  await expect(stranger.signInAtDirectory(shown, from)).rejects.toMatchObject({ code: "identity_directory_unusable" });
  const closed = createIdentity({ db, audit, secrets, clock, egress: createEgress({ resolve: async () => ["127.0.0.1"] }) });
  await expect(closed.signInAtDirectory(shown, from)).rejects.toMatchObject({ code: "egress_refused" });
});

test("a service that is not let in is told as such, not as a wrong password", async () => {
  await addDirectory({}, "not the service's password");
  await expect(come("ada", "password of ada")).rejects.toMatchObject({ code: "identity_directory_unusable" });
});
