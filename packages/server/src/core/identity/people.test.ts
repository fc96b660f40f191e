import { SMTPServer } from "smtp-server";
import { Secret } from "@holdfast/kit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { silentLog } from "#platform/log";
import { createMail, type Mail } from "#platform/mail";
import { from, identityWorld, opened, password, root, won, type IdentityWorld } from "#test/identity";
import { createIdentity, type Identity } from "./index.ts";

let world: IdentityWorld;
/** With a mail server, and without. */
let mailed: Identity;
let bare: Identity;
let mail: Mail;
let smtp: SMTPServer;
const letters: { to: string; text: string }[] = [];
const publicUrl = "https://holdfast.example.net";

beforeAll(async () => {
  world = await identityWorld();
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      let text = "";
      stream.on("data", (part: Buffer) => void (text += part.toString()));
      stream.on("end", () => {
        letters.push({
          to: session.envelope.rcptTo.map(({ address }) => address).join(),
          text: text.replaceAll("=\r\n", "").replaceAll("=3D", "="),
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => void smtp.listen(0, "127.0.0.1", resolve));
  const { port } = smtp.server.address() as { port: number };
  mail = createMail({ url: new Secret(`smtp://127.0.0.1:${port}`), from: "holdfast@example.net", log: silentLog });
  const { db, audit, secrets, clock } = world;
  mailed = createIdentity({ db, audit, secrets, clock, publicUrl, mail });
  bare = createIdentity({ db, audit, secrets, clock });
});
afterAll(async () => {
  await mail.close();
  await new Promise<void>((resolve) => smtp.close(resolve));
  await world.database.drop();
});
beforeEach(async () => {
  await world.empty();
  letters.length = 0;
});

const hour = 3_600_000;
const fresh = "seven grey herons stand";
const tokenIn = (text: string): string => /#token=([\w-]{43})/.exec(text)?.[1] ?? "";
const ada = { name: "ada", email: "Ada@example.net", grants: [{ role: "viewer" }] };
const signIn = (secret = fresh, name = "ada") => mailed.signIn({ name, password: secret }, from);

describe("an invitation", () => {
  test("goes by mail to its person, who chooses the password and is in", async () => {
    const { user, mailed: sent, link } = await mailed.invite(ada, root);
    expect([user.email, sent, link]).toEqual(["Ada@example.net", true, undefined]);
    expect(letters).toMatchObject([{ to: "Ada@example.net" }]);
    expect(letters[0]?.text).toContain(`${publicUrl}/invitation#token=`);
    const token = tokenIn(letters[0]?.text ?? "");
    await expect(mailed.acceptInvitation({ token, password: "ada-ada-ada-1" }, from)).rejects.toMatchObject({
      code: "identity_password_weak",
    });
    const { me } = opened(await mailed.acceptInvitation({ token, password: fresh }, from));
    expect(me.user.name).toBe("ada");
    opened(await signIn());
    expect((await world.audit.list({ limit: 10 })).items.map(({ action }) => action)).toContain("identity.invitation.accept");
  });

  test("is shown to the administrator where there is no mail server", async () => {
    const { mailed: sent, link } = await bare.invite(ada, root);
    expect([sent, link]).toEqual([false, expect.stringMatching(/^\/invitation#token=[\w-]{43}$/)]);
    expect(letters).toEqual([]);
  });

  test("counts once of ten at the same moment, for 72 hours, and only as what it is", async () => {
    const { link = "" } = await bare.invite(ada, root);
    const token = tokenIn(link);
    await expect(bare.redeemReset({ token, password: fresh }, from)).rejects.toMatchObject({ code: "identity_link_refused" });
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => bare.acceptInvitation({ token, password: fresh }, from)));
    expect(won(results)).toBe(1);
    const late = await bare.invite({ name: "bob", grants: [] }, root);
    world.later(72 * hour);
    await expect(bare.acceptInvitation({ token: tokenIn(late.link ?? ""), password: fresh }, from)).rejects.toMatchObject({ status: 401 });
    const again = await bare.inviteAgain(late.user.id, root);
    opened(await bare.acceptInvitation({ token: tokenIn(again.link ?? ""), password: fresh }, from));
    await expect(bare.inviteAgain(late.user.id, root)).rejects.toMatchObject({ code: "identity_invitation_used" });
  });

  test("of an address that somebody has already is refused", async () => {
    await bare.invite(ada, root);
    await expect(bare.invite({ ...ada, name: "eve", email: "ada@EXAMPLE.net" }, root)).rejects.toMatchObject({
      code: "identity_email_taken",
    });
    expect((await bare.listUsers({})).items).toHaveLength(1);
  });

  test("goes out as a link when the mail server is down", async () => {
    const nowhere = createMail({ url: new Secret("smtp://127.0.0.1:1"), from: "x@example.net", log: silentLog });
    const { db, audit, secrets, clock } = world;
    const unlucky = createIdentity({ db, audit, secrets, clock, publicUrl, mail: nowhere });
    expect(await unlucky.invite(ada, root)).toMatchObject({
      mailed: false,
      link: expect.stringContaining("/invitation#"),
      because: expect.any(String),
    });
  });
});

describe("a reset by mail", () => {
  beforeEach(async () => {
    const { user } = await bare.invite(ada, root);
    await world.database.pool.query("update identity.user set password_hash = 'x' where id = $1", [user.id]);
  });
  const ask = async (who: string): Promise<void> => {
    await mailed.requestReset(who, from);
    await mail.close();
  };

  test("sets a new password once, ends the sessions, clears the count of tries", async () => {
    const { token: session } = opened(await bare.redeemLink((await bare.createSignInLink("ada", { actor: "system:test" })).token, from));
    for (let i = 0; i < 6; i++) await signIn("wrong").catch(() => undefined);
    await ask("ADA@example.net");
    const token = tokenIn(letters[0]?.text ?? "");
    await mailed.redeemReset({ token, password: fresh }, from);
    expect(await world.withCookie(session)).toBeUndefined();
    opened(await signIn());
    await expect(mailed.redeemReset({ token, password: fresh }, from)).rejects.toMatchObject({ code: "identity_link_refused" });
  });

  test("says the same of a user, of nobody, and of one without an address, and looks at nothing before it does", async () => {
    await world.make("bob");
    for (const who of ["ada", "ada@example.net", "nobody", "bob", "nobody@example.net"])
      expect(await mailed.requestReset(who, from)).toBeUndefined();
    await mail.close();
    expect(letters.map(({ to }) => to)).toEqual(["Ada@example.net", "Ada@example.net"]);
  });

  test("lasts thirty minutes; a newer link ends the older; three letters an hour", async () => {
    await ask("ada");
    await ask("ada");
    const [old, newer] = letters.map(({ text }) => tokenIn(text));
    await expect(mailed.redeemReset({ token: old ?? "", password: fresh }, from)).rejects.toMatchObject({ status: 401 });
    world.later(hour / 2);
    await expect(mailed.redeemReset({ token: newer ?? "", password: fresh }, from)).rejects.toMatchObject({ status: 401 });
    await ask("ada");
    await ask("ada");
    expect(letters).toHaveLength(3);
  });
});

describe("a forced reset", () => {
  test("of one: the old password counts no more, sessions end, a link leads on", async () => {
    const user = await world.make("ada");
    const { token } = await world.signIn();
    const { link = "", name } = await bare.forceReset(user.id, root);
    expect(name).toBe("ada");
    expect(await world.withCookie(token)).toBeUndefined();
    await expect(world.signIn()).rejects.toMatchObject({ code: "identity_sign_in_refused" });
    await bare.redeemReset({ token: tokenIn(link), password: fresh }, from);
    opened(await signIn());
  });

  test("of all but the one who asks; tried first without doing it", async () => {
    const [admin] = [await world.make("admin"), await world.make("ada"), await world.make("bob")];
    const act = (dryRun: boolean) => bare.forceAllResets({ dryRun, exceptId: admin.id }, root);
    expect((await act(true)).items).toEqual([{ name: "ada" }, { name: "bob" }]);
    await world.signIn();
    expect((await act(false)).items).toMatchObject([
      { name: "ada", link: expect.any(String) },
      { name: "bob", link: expect.any(String) },
    ]);
    await expect(world.signIn()).rejects.toMatchObject({ status: 401 });
    await world.signIn("admin");
  });
});

test("a mail address is changed by who read the user as it is", async () => {
  const { user } = await bare.invite(ada, root);
  const after = await bare.changeEmail({ id: user.id, email: "lovelace@example.net", etag: user.etag }, root);
  expect(after.email).toBe("lovelace@example.net");
  await expect(bare.changeEmail({ id: user.id, email: "x@example.net", etag: user.etag }, root)).rejects.toMatchObject({ status: 412 });
});

describe("looking people over", () => {
  test("who made no request for thirty days is inactive; who never made one counts from the first day", async () => {
    await world.make("ada");
    await world.make("bob");
    world.later(20 * 24 * hour);
    const { token } = await world.signIn("bob");
    await world.withCookie(token);
    world.later(15 * 24 * hour);
    expect((await bare.listInactive(30)).items).toMatchObject([{ name: "ada", days: 35 }]);
    expect((await bare.listInactive(10)).items).toMatchObject([{ name: "ada" }, { name: "bob", days: 15, lastSeenAt: expect.any(String) }]);
  });

  test("the review says who may do what, and who lacks a second factor", async () => {
    await world.make("ada");
    await world.make("vera", "viewer");
    await world.database.pool.query("update identity.role set second_factor = true where name = 'admin'");
    const { items } = await bare.reviewGrants({});
    expect(items).toMatchObject([
      { name: "ada", secondFactor: "missing", grants: [{ role: "admin", permissions: expect.arrayContaining(["users:write"]) }] },
      { name: "vera", secondFactor: "none", grants: [{ role: "viewer" }] },
    ]);
    await world.database.pool.query("update identity.role set second_factor = false");
  });
});

test("of a password, link or code nothing is in the trail", async () => {
  const entries = JSON.stringify((await world.audit.list({ limit: 500 })).items);
  expect(entries).not.toContain(fresh);
  expect(entries).not.toContain(password);
  expect(entries).not.toMatch(/#token=/);
});
