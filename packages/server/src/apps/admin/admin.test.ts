import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Secret } from "@holdfast/kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createAudit } from "#core/audit";
import { createSecrets } from "#core/secrets";
import { createIdentity, sessionCookie } from "#core/identity";
import { inTransaction } from "#platform/db";
import { createJobs, defineJob } from "#platform/jobs";
import { silentLog } from "#platform/log";
import { createMetrics } from "#platform/metrics";
import { loadSettings, settingsShape, type Settings } from "#platform/settings";
import { testDatabase, type TestDatabase } from "../../../test/database.ts";
import { opened } from "../../../test/identity.ts";
import { compileCache } from "../../../test/compile-cache.ts";
import { compose } from "../compose.ts";
import { runAdmin } from "./run.ts";

const from = { address: "192.0.2.7", userAgent: "test", requestId: "req_1" };
const password = "correct horse battery";

let database: TestDatabase;
let home: string;
let settings: Settings;
beforeAll(async () => {
  database = await testDatabase();
  home = await mkdtemp(join(tmpdir(), "holdfast-admin-"));
  settings = loadSettings({ DATABASE_URL: database.ownerUrl, HOLDFAST_HOME: home, HOLDFAST_PUBLIC_URL: "https://holdfast.example.net" });
});
afterAll(async () => {
  await database.drop();
  await rm(home, { recursive: true, force: true });
});

/** Runs a command with the lines that somebody would type. */
async function admin(words: string, typed: string[] = [], on: Settings = settings) {
  const seen = { out: "", err: "", asked: 0 };
  const code = await runAdmin(words.split(" "), {
    settings: on,
    signal: new AbortController().signal,
    terminal: {
      out: async (text) => void (seen.out += text),
      err: (text) => void (seen.err += text),
      askHidden: async () => typed[seen.asked++] ?? "",
      typed: true,
    },
  });
  return { ...seen, code };
}

const identity = async () => {
  const audit = createAudit({ db: database.db });
  const secrets = await createSecrets({ db: database.db, audit, keys: { file: settings.keyRingFile }, log: silentLog });
  return createIdentity({ db: database.db, audit, secrets });
};
const tokenIn = (text: string): string => /#token=(\S+)/.exec(text)?.[1] ?? "";

describe("local administration of users", () => {
  test("the first administrator is made with a password that is typed twice, and no session is left behind", async () => {
    expect(await admin("create-admin ada", [password, "another password"])).toMatchObject({ code: 4 });
    expect(await admin("create-admin ada", ["short"])).toMatchObject({ code: 4 });
    expect(await admin("create-admin ada", [password, password])).toMatchObject({ code: 0, asked: 2 });
    expect((await database.pool.query("select from identity.session")).rowCount).toBe(0);
    expect(opened(await (await identity()).signIn({ name: "ada", password }, from)).me.user).toMatchObject({
      name: "ada",
      grants: [{ role: "admin" }],
    });
  });

  test("a second first administrator is refused, and the way to a further one is said", async () => {
    const refused = await admin("create-admin eve", [password, password]);
    expect(refused).toMatchObject({ code: 6, asked: 0 });
    expect(refused.err).toContain("create-user <name> --role admin");
  });

  test("a user without a password gets a link that signs in once", async () => {
    const made = await admin("create-user grace --role operator");
    expect(made).toMatchObject({ code: 0 });
    expect(made.out).toMatch(/^https:\/\/holdfast\.example\.net\/link#token=\S+\n$/);
    expect(opened(await (await identity()).redeemLink(tokenIn(made.out), from)).me.user).toMatchObject({
      name: "grace",
      grants: [{ role: "operator" }],
    });
    await expect((await identity()).redeemLink(tokenIn(made.out), from)).rejects.toMatchObject({ code: "identity_link_refused" });
  });

  test("a user with a password signs in with it", async () => {
    expect(await admin("create-user alan --password", [password, password])).toMatchObject({ code: 0, out: "" });
    expect(opened(await (await identity()).signIn({ name: "alan", password }, from)).me.user.grants).toEqual([{ role: "viewer" }]);
  });

  test("a link for nobody, a strange role, a taken name: each has its exit code and one sentence", async () => {
    expect(await admin("sign-in-link nobody")).toMatchObject({ code: 5, err: 'There is no user "nobody" who may sign in.\n' });
    expect(await admin("create-user bob --role king")).toMatchObject({ code: 4 });
    expect(await admin("create-user Grace")).toMatchObject({ code: 6 });
  });

  test("a disabled user's session ends at once, and links are refused", async () => {
    const link = await admin("sign-in-link grace");
    const { token } = opened(await (await identity()).redeemLink(tokenIn(link.out), from));
    expect(await admin("disable-user GRACE")).toMatchObject({ code: 0 });
    expect(await (await identity()).authenticate({ headers: {}, cookies: { [sessionCookie]: token } })).toBeUndefined();
    expect(await admin("sign-in-link grace")).toMatchObject({ code: 5 });
    expect(await admin("disable-user nobody")).toMatchObject({ code: 5 });
  });

  test("the last administrator stays", async () => {
    expect(await admin("disable-user ada")).toMatchObject({ code: 6 });
  });

  test("the audit trail names the user of the machine", async () => {
    const { items } = await createAudit({ db: database.db }).list({ action: "identity.user.disable" });
    expect(items[0]).toMatchObject({ actor: expect.stringMatching(/^system:admin\/./), subject: "user:grace" });
  });
});

describe("keys", () => {
  test("rotation makes a new key, and what older keys sealed opens under the new one alone", async () => {
    const { secrets, stop } = await compose({ settings: { ...settings, roles: new Set() }, log: silentLog });
    for (let n = 0; n < 120; n++)
      await secrets.create(
        { name: `lab/${n}`, value: { kind: "password", username: "u", password: `secret ${n}` } },
        { actor: "system:test" },
      );
    await stop();
    const before = JSON.parse(await readFile(settings.keyRingFile, "utf8")) as { active: string };
    const rotated = await admin("rotate-keys");
    expect(rotated).toMatchObject({ code: 0 });
    expect(rotated.err).toContain("120 sealed again");
    const ring = JSON.parse(await readFile(settings.keyRingFile, "utf8")) as { active: string; keys: Record<string, string> };
    expect(ring.active).not.toBe(before.active);
    const alone = new Secret(JSON.stringify({ active: ring.active, keys: { [ring.active]: ring.keys[ring.active] } }));
    const later = await compose({ settings: { ...settings, roles: new Set(), keys: alone }, log: silentLog });
    expect(await later.secrets.reveal("lab/7", { actor: "system:test", purpose: "test" })).toMatchObject({ password: "secret 7" });
    await later.stop();
  });

  test("nothing to seal again is done at once; keys from the settings are rotated in the settings", async () => {
    expect((await admin("rotate-keys --reseal-only")).err).toContain("0 sealed again");
    const ring = await readFile(settings.keyRingFile, "utf8");
    expect(await admin("rotate-keys", [], { ...settings, keys: new Secret(ring) })).toMatchObject({ code: 6 });
  });
});

describe("the audit trail", () => {
  test("verifies, and an export holds what verifies it elsewhere", async () => {
    const file = join(home, "audit.jsonl");
    expect(await admin("audit verify")).toMatchObject({ code: 0, out: expect.stringContaining("hold together") });
    expect(await admin(`audit export --to ${file}`)).toMatchObject({ code: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { out } = await admin("audit export");
    const text = await readFile(file, "utf8");
    expect(text).toBe(out);
    const lines = text.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(lines.map((_line, i) => i + 1));
  });

  test("an export never writes over a file", async () => {
    expect(await admin(`audit export --to ${join(home, "audit.jsonl")}`)).toMatchObject({ code: 6 });
    expect(await admin(`audit export --to ${join(home, "nowhere", "audit.jsonl")}`)).toMatchObject({ code: 4 });
  });

  test("a forged entry is named, with exit code 1", async () => {
    await database.owner.query("alter table audit.entry disable trigger user");
    await database.owner.query(
      "update audit.entry set canonical = replace(canonical, 'identity', 'identify') where seq = (select min(seq) from audit.entry where canonical like '%identity%')",
    );
    await database.owner.query("alter table audit.entry enable trigger user");
    expect(await admin("audit verify")).toMatchObject({ code: 1, err: expect.stringContaining("broken at") });
  });
});

describe("jobs that failed for good", () => {
  test("wait again after retry-jobs", async () => {
    const jobs = createJobs({ database, log: silentLog, metrics: createMetrics() });
    let tries = 0;
    const failed = Promise.withResolvers<void>();
    const again = Promise.withResolvers<void>();
    const job = defineJob({
      name: "test.fails-once",
      payload: z.object({ n: z.number() }),
      retry: { attempts: 1, baseMs: 100 },
      handler: async () => {
        tries++;
        if (tries > 1) return again.resolve();
        failed.resolve();
        throw new Error("not yet");
      },
    });
    await jobs.start([job]);
    await inTransaction(database.db, (tx) => jobs.enqueue(tx, job, { n: 1 }));
    await failed.promise;
    await expect.poll(() => jobs.failed(), { timeout: 10_000 }).toEqual({ "test.fails-once": 1 });
    expect(await admin("retry-jobs")).toMatchObject({ code: 0, err: "test.fails-once: 1 of 1 wait again.\n" });
    await again.promise;
    await jobs.stop();
    expect((await admin("retry-jobs")).err).toBe("No job failed for good.\n");
  });
});

describe("settings", () => {
  test("config explain shows every setting and hides secret values", async () => {
    const { out, code } = await admin(
      "config explain",
      [],
      loadSettings({ DATABASE_URL: "postgresql://u:hunter2@db/x", HOLDFAST_KEYS: "deadbeef" }),
    );
    expect(code).toBe(0);
    for (const name of Object.keys(settingsShape)) expect(out).toContain(`${name}=`);
    expect(out).not.toMatch(/hunter2|deadbeef/);
    expect(out).toContain("HOLDFAST_PORT=7450  (default)");
  });

  test("wrong words are told with the right ones", async () => {
    expect(await admin("audit")).toMatchObject({ code: 4, err: expect.stringContaining("audit verify") });
    expect(await admin("sign-in-link")).toMatchObject({ code: 4, err: "It is: sign-in-link <user>\n" });
    expect(await admin("create-user bob --rule admin")).toMatchObject({ code: 4, err: expect.stringContaining("--role") });
    expect(await admin("--help")).toMatchObject({ code: 0, out: expect.stringContaining("create-admin <name>") });
  });
});

const program = fileURLToPath(new URL("../admin.ts", import.meta.url));

describe("with nobody at the other end of a stream", () => {
  const unread = async (stream: "stdout" | "stderr", args: string[]): Promise<{ code: unknown; said: string }> => {
    const of = { DATABASE_URL: database.ownerUrl, HOLDFAST_HOME: home, HOLDFAST_PUBLIC_URL: "https://holdfast.example.net" };
    const child = spawn(process.execPath, [program, ...args], { env: { ...compileCache, PATH: process.env["PATH"], ...of } });
    child[stream].destroy();
    let said = "";
    child[stream === "stdout" ? "stderr" : "stdout"].on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, "close")) as unknown[];
    return { code, said };
  };

  test.for(["--help", "config explain", "audit export"])("%s ends quietly when who reads it stops early", async (words) => {
    expect(await unread("stdout", words.split(" "))).toEqual({ code: 0, said: "" });
  });

  test("the exit code stays when nobody reads what went wrong", async () => {
    expect(await unread("stderr", ["audit"])).toEqual({ code: 4, said: "" });
  });
});

describe("with the embedded database", () => {
  interface Ran {
    code: number | null;
    out: string;
    err: string;
  }

  function run(args: string[], at: string, { stdin = "", uid }: { stdin?: string; uid?: number } = {}): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const who = uid === undefined ? {} : { uid, gid: uid };
      const child = spawn(process.execPath, [program, ...args], { ...who, env: { PATH: process.env["PATH"], HOLDFAST_HOME: at } });
      const ran: Ran = { code: null, out: "", err: "" };
      child.stdout.on("data", (chunk: Buffer) => (ran.out += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (ran.err += chunk.toString()));
      child.on("error", reject).on("close", (code) => resolve({ ...ran, code }));
      child.stdin.end(stdin);
    });
  }

  test("a home without one is refused and left as it is; create-admin makes it; a running server's is used over its socket", async () => {
    const own = await mkdtemp(join(tmpdir(), "holdfast-own-"));
    try {
      expect(await run(["audit", "verify"], own)).toMatchObject({ code: 5 });
      expect(existsSync(join(own, "postgres"))).toBe(false);
      expect(await run(["create-admin", "ada"], own, { stdin: `${password}\n` })).toMatchObject({ code: 0, out: "" });
      const server = await compose({ settings: loadSettings({ HOLDFAST_HOME: own, HOLDFAST_PORT: "0" }), log: silentLog });
      try {
        const link = await run(["sign-in-link", "ada"], own);
        expect(link).toMatchObject({ code: 0 });
        expect(opened(await server.identity.redeemLink(tokenIn(link.out), from)).me.user.name).toBe("ada");
        expect(server.database.answers()).toBe(true);
        if (process.getuid?.() === 0) {
          expect(await run(["sign-in-link", "ada"], own, { uid: 65_534 })).toMatchObject({
            code: 3,
            err: expect.stringContaining("another user"),
          });
        }
      } finally {
        await server.stop();
      }
      expect(await run(["audit", "verify"], own)).toMatchObject({ code: 0 });
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  }, 60_000);
});
