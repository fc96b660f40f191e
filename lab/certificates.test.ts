/** What the rest of the world says of our certificates: OpenSSL at its strictest, and OpenSSH's own sshd. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock, type Clock } from "@holdfast/kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAudit } from "../packages/server/src/core/audit/index.ts";
import { createPki, type Pki } from "../packages/server/src/core/pki/index.ts";
import { parseSshLine, signSshCertificate, sshPublicLine } from "../packages/server/src/core/pki/ssh-certificate.ts";
import { spkiOf } from "../packages/server/src/core/pki/x509.ts";
import { createSecrets } from "../packages/server/src/core/secrets/index.ts";
import { DeviceError } from "../packages/server/src/domains/devices/drivers/error.ts";
import { connectSsh, scanHostKey, type SshTarget } from "../packages/server/src/domains/devices/drivers/ssh.ts";
import { silentLog } from "../packages/server/src/platform/log.ts";
import { testDatabase, type TestDatabase } from "../packages/server/test/database.ts";

const missing = ["/usr/bin/openssl", "/usr/bin/ssh-keygen", "/usr/sbin/sshd"].filter((file) => !existsSync(file));
const ada = { actor: "user:ada" };
const user = userInfo().username;

describe.skipIf(missing.length > 0)(`certificates${missing.length > 0 ? ` (skipped: ${missing.join(", ")} is missing)` : ""}`, () => {
  let database: TestDatabase;
  let directory: string;
  let offMs = 0;
  const clock: Clock = { now: () => Date.now() + offMs, sleep: (ms, signal) => systemClock.sleep(ms, signal) };
  const file = (name: string): string => join(directory, name);
  const write = (name: string, text: string): string => {
    writeFileSync(file(name), text, { mode: 0o600 });
    return file(name);
  };

  async function authority(): Promise<Pki> {
    await database.pool.query("delete from pki.certificate; delete from pki.authority");
    const audit = createAudit({ db: database.db, clock });
    const secrets = await createSecrets({ db: database.db, audit, keys: { file: file("keys.json") }, log: silentLog, clock });
    const pki = createPki({ db: database.db, audit, secrets, clock });
    await pki.init({ trustDomain: "holdfast.test", name: "Lab" }, ada);
    return pki;
  }

  beforeAll(async () => {
    database = await testDatabase();
    directory = mkdtempSync(join(tmpdir(), "holdfast-certificates-"));
  });
  afterAll(async () => {
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  describe("OpenSSL", () => {
    /** What it says against a chain; undefined when it agrees. */
    async function refuses(pki: Pki, chain: string): Promise<string | undefined> {
      const roots = write("roots.pem", (await pki.trust()).roots.join(""));
      const crls = write("crls.pem", (await pki.crls()).map(({ pem }) => pem).join(""));
      const shown = write("chain.pem", chain);
      const strict = ["-x509_strict", "-crl_check_all", "-CRLfile", crls, "-CAfile", roots, "-untrusted", shown];
      try {
        execFileSync("openssl", ["verify", ...strict, shown], { stdio: "pipe" });
        return undefined;
      } catch (thrown) {
        return String((thrown as { stderr: Buffer }).stderr);
      }
    }

    test("takes a certificate of every kind at its strictest, also one of a request of its own making, and after the intermediate changed", async () => {
      const pki = await authority();
      const made: string[] = [];
      for (const kind of ["process", "agent", "device", "server"] as const) {
        made.push(
          (await pki.issue({ kind, name: "r1.example.net", dnsNames: ["r1.example.net"], addresses: ["192.0.2.1", "2001:db8::1"] }, ada))
            .chain,
        );
      }
      for (const key of [["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["rsa:2048"], ["ed25519"]]) {
        const csr = execFileSync("openssl", ["req", "-new", "-newkey", ...key, "-nodes", "-subj", "/CN=x", "-keyout", file("own.key")], {
          stdio: ["ignore", "pipe", "ignore"],
        });
        made.push((await pki.issue({ kind: "device", name: "r2", csr: csr.toString() }, ada)).chain);
      }
      await pki.rotateIntermediate(ada);
      made.push((await pki.issue({ kind: "agent", name: "lyon" }, ada)).chain);
      for (const chain of made) expect(await refuses(pki, chain)).toBeUndefined();
    });

    test("finds a revoked one in our list, and takes the others", async () => {
      const pki = await authority();
      const [lyon, paris] = [await pki.issue({ kind: "agent", name: "lyon" }, ada), await pki.issue({ kind: "agent", name: "paris" }, ada)];
      await pki.revoke({ id: lyon.id, reason: "key_compromise" }, ada);
      expect(await refuses(pki, lyon.chain)).toContain("certificate revoked");
      expect(await refuses(pki, paris.chain)).toBeUndefined();
    });

    test("opens the exported root with the passphrase alone", async () => {
      const pki = await authority();
      const passphrase = "a long passphrase for the safe";
      const { pem } = await pki.exportRoot({ passphrase }, ada);
      const opened = execFileSync("openssl", ["pkey", "-in", write("root.pem", pem), "-passin", "stdin", "-pubout"], {
        input: `${passphrase}\n`,
      });
      expect(opened.toString()).toBe(new X509Certificate(pem).publicKey.export({ format: "pem", type: "spki" }));
    });

    test("makes an authority that we take over, and takes what we issue under it", async () => {
      const pki = await authority();
      const extensions = write(
        "ca.cnf",
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
      );
      const make = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore" });
      const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
      make(
        "req",
        "-x509",
        ...ec,
        "-keyout",
        file("top.key"),
        "-out",
        file("top.pem"),
        "-subj",
        "/CN=Example root",
        "-days",
        "100",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
      );
      make("req", "-new", ...ec, "-keyout", file("sub.key"), "-out", file("sub.csr"), "-subj", "/CN=Example issuing");
      make(
        "x509",
        "-req",
        "-in",
        file("sub.csr"),
        "-CA",
        file("top.pem"),
        "-CAkey",
        file("top.key"),
        "-CAcreateserial",
        "-days",
        "50",
        "-extfile",
        extensions,
        "-out",
        file("sub.pem"),
      );
      const [top, sub, key] = ["top.pem", "sub.pem", "sub.key"].map((name) => readFileSync(file(name), "utf8"));
      await pki.importAuthority({ chain: `${sub}${top}`, key: key ?? "", trustDomain: "example.net" }, ada);
      const made = await pki.issue({ kind: "agent", name: "lyon" }, ada);
      expect(made.spiffeId).toBe("spiffe://example.net/agent/lyon");
      const roots = write("top-only.pem", top ?? "");
      const shown = write("chain.pem", made.chain);
      expect(execFileSync("openssl", ["verify", "-x509_strict", "-CAfile", roots, "-untrusted", shown, shown]).toString()).toContain("OK");
      expect(await pki.verifyChain({ chain: made.chain })).toMatchObject({ ok: true });
    });
  });

  describe("ssh-keygen", () => {
    const keys = {
      ed25519: () => generateKeyPairSync("ed25519").privateKey,
      ecdsa: () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
    };
    test.each([
      ["ed25519", "256", "ed25519"],
      ["ecdsa", "256", "ed25519"],
      ["ecdsa", "384", "ecdsa"],
      ["ecdsa", "521", "ecdsa"],
      ["rsa", "2048", "ecdsa"],
    ] as const)("reads a certificate of a key of %s %s by an authority of %s as it was meant", (type, bits, by) => {
      const name = `${type}-${bits}`;
      execFileSync("ssh-keygen", ["-q", "-t", type, "-b", bits, "-N", "", "-C", "made here", "-f", file(name)]);
      const key = keys[by]();
      const term = { validAfter: new Date("2026-01-01T00:00:00Z"), validBefore: new Date("2026-01-01T00:05:00Z") };
      const bounds = { sourceAddresses: ["192.0.2.0/24", "2001:db8::/32"], forceCommand: "show version" };
      const publicBlob = parseSshLine(readFileSync(file(`${name}.pub`), "utf8"));
      const made = signSshCertificate(
        { publicBlob, serial: 18_446_744_073_709_551_615n, keyId: "system:devices 7", principals: ["ops", "net"], ...term, ...bounds },
        key,
      );
      const shown = write("one-cert.pub", `${made.type} ${made.blob.toString("base64")}\n`);
      const said = execFileSync("ssh-keygen", ["-L", "-f", shown], { env: { ...process.env, TZ: "UTC" } }).toString();
      expect(said).toContain(`${made.type} user certificate`);
      expect(said).toContain(sshPublicLine(spkiOf(key)).fingerprint);
      expect(said).toContain('Key ID: "system:devices 7"');
      expect(said).toContain("Serial: 18446744073709551615");
      expect(said).toContain("Valid: from 2026-01-01T00:00:00 to 2026-01-01T00:05:00");
      expect(said).toMatch(
        /Principals:\s+ops\s+net\s+Critical Options:\s+force-command show version\s+source-address 192\.0\.2\.0\/24,2001:db8::\/32\s+Extensions:\s+permit-pty\s*$/,
      );
    });
  });

  describe("sshd with our SSH authority in TrustedUserCAKeys", () => {
    let pki: Pki;
    let sshd: ChildProcess;
    let target: Omit<SshTarget, "credential">;
    const said: string[] = [];

    beforeAll(async () => {
      pki = await authority();
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file("host")]);
      const trusted = await pki.publicFile("ssh-users.pub");
      const settings = [
        `HostKey ${file("host")}`,
        `TrustedUserCAKeys ${write("trusted.pub", String(trusted?.body))}`,
        "ListenAddress 127.0.0.1",
        "AuthorizedKeysFile none",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "UsePAM no",
        "StrictModes no",
        "PidFile none",
        "LogLevel VERBOSE",
      ];
      const port = await freePort();
      sshd = spawn("/usr/sbin/sshd", ["-D", "-e", "-p", String(port), "-f", write("sshd.conf", `${settings.join("\n")}\n`)], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      const lines = createInterface({ input: sshd.stderr as NodeJS.ReadableStream });
      lines.on("line", (line) => said.push(line));
      while (!said.some((line) => line.includes("Server listening"))) await once(lines, "line");
      const bare = { name: "r1", address: "127.0.0.1", port };
      target = { ...bare, hostKey: await scanHostKey({ ...bare, credential: signing({}) }) };
    });
    afterAll(async () => {
      sshd.kill();
      await once(sshd, "exit");
    });

    const signing = ({ from = pki, minutes = 5, principal = user, username = user }): SshTarget["credential"] => ({
      kind: "ssh_certificate",
      username,
      certify: () => from.ssh.signIn({ principals: [principal], minutes }, { actor: "system:devices" }),
    });
    const tries = async (credential: SshTarget["credential"]): Promise<string> => {
      said.splice(0);
      try {
        const connection = await connectSsh({ ...target, credential });
        const { stdout } = await connection.exec("id -un");
        await connection.close();
        return stdout.trim();
      } catch (thrown) {
        return thrown instanceof DeviceError ? thrown.reason : String(thrown);
      }
    };

    test("a fresh certificate signs in, each time with a key of its own, and sshd tells whose it was", async () => {
      expect(await tries(signing({}))).toBe(user);
      const first = said.find((line) => line.includes("Accepted certificate ID"));
      expect(first).toMatch(/Accepted certificate ID "system:devices \d+" \(serial \d+\) signed by ED25519 CA SHA256:/);
      expect(await tries(signing({}))).toBe(user);
      expect(said.find((line) => line.includes("Accepted certificate ID"))).not.toBe(first);
    });

    test("an expired one is refused", async () => {
      offMs = -10 * 60_000;
      const credential = signing({ minutes: 5 });
      expect(await tries(credential)).toBe("auth_failed");
      offMs = 0;
      expect(said.join("\n")).toContain("Certificate invalid: expired");
    });

    test("one that is not valid yet is refused", async () => {
      offMs = 10 * 60_000;
      expect(await tries(signing({}))).toBe("auth_failed");
      offMs = 0;
      expect(said.join("\n")).toContain("Certificate invalid: not yet valid");
    });

    test("one for another user name is refused", async () => {
      expect(await tries(signing({ principal: "somebody-else" }))).toBe("auth_failed");
      expect(said.join("\n")).toContain("Certificate invalid: name is not a listed principal");
    });

    test("one of another authority is refused", async () => {
      const { privateKey } = generateKeyPairSync("ed25519");
      const subject = generateKeyPairSync("ed25519").privateKey;
      const publicBlob = parseSshLine(sshPublicLine(spkiOf(subject)).line);
      const term = { validAfter: new Date(Date.now() - 60_000), validBefore: new Date(Date.now() + 60_000) };
      const { type, blob } = signSshCertificate({ publicBlob, serial: 1n, keyId: "forged", principals: [user], ...term }, privateKey);
      const made = {
        privateKey: subject.export({ format: "pem", type: "pkcs8" }) as string,
        certificate: `${type} ${blob.toString("base64")}`,
      };
      expect(await tries({ kind: "ssh_certificate", username: user, certify: async () => made })).toBe("auth_failed");
      expect(said.join("\n")).toContain("CA ED25519 SHA256:");
    });

    test("a certificate without its key is refused", async () => {
      const { certificate } = await pki.ssh.signIn({ principals: [user], minutes: 5 }, ada);
      const other = await pki.ssh.signIn({ principals: [user], minutes: 5 }, ada);
      const stolen = { privateKey: other.privateKey, certificate };
      expect(await tries({ kind: "ssh_certificate", username: user, certify: async () => stolen })).toBe("auth_failed");
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
