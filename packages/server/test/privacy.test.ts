import type { Privacy } from "#core/audit";
import { identityWorld, type IdentityWorld } from "#test/identity";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { privacyOf } from "../src/apps/people.ts";

const by = { actor: "user:root", requestId: "req_9" };
const reason = "asked by letter";
let world: IdentityWorld;
let privacy: Privacy;

beforeAll(async () => {
  world = await identityWorld();
  const { db, audit, clock } = world;
  privacy = privacyOf({ db, audit, clock });
});
afterAll(() => world.database.drop());
beforeEach(() => world.empty());

test("everything about a person comes as JSON, from every module that knows something, without secrets", async () => {
  await world.make("root");
  const ada = await world.make("ada lovelace", "operator");
  await world.signIn("ada lovelace");
  const told = await privacy.tell(ada.id, by);
  expect(told).toMatchObject({ format: "holdfast.person.1", person: { id: ada.id, name: "ada lovelace" } });
  expect(told.known["identity"]).toMatchObject({
    user: [{ name: "ada lovelace" }],
    grant: [{ role: "operator" }],
    session: [{ address: "192.0.2.7" }],
  });
  const { did, wasDoneToThem } = told.known["audit"] as { did: { action: string }[]; wasDoneToThem: { action: string }[] };
  expect(did.map(({ action }) => action)).toContain("identity.session.open");
  expect(wasDoneToThem.map(({ action }) => action)).toContain("identity.user.create");
  expect(JSON.stringify(told)).not.toMatch(/_hash"|\$argon2|sealed/);
  expect((await world.lastEntries(1))[0]).toMatchObject({
    action: "privacy.person.export",
    actor: "user:root",
    subject: "user:ada lovelace",
  });
});

test("the last administrator stays, and so does everything else then", async () => {
  const root = await world.make("root");
  await expect(privacy.erase({ id: root.id, confirm: "root", reason }, by)).rejects.toMatchObject({ code: "identity_last_admin" });
  await expect(privacy.erase({ id: root.id, confirm: "root", reason, dryRun: true }, by)).rejects.toMatchObject({
    code: "identity_last_admin",
  });
  expect((await privacy.tell(root.id, by)).known["identity"]).toMatchObject({ user: [{ name: "root" }] });
  await world.make("other");
  expect(await privacy.erase({ id: root.id, confirm: "root", reason }, by)).toMatchObject({ done: true });
});

test("nobody is erased by a mistyped id", async () => {
  const root = await world.make("root");
  await expect(privacy.erase({ id: root.id, confirm: "rot", reason }, by)).rejects.toMatchObject({ code: "privacy_not_confirmed" });
  await expect(privacy.erase({ id: "usr_none", confirm: "root", reason }, by)).rejects.toMatchObject({ code: "privacy_person_missing" });
});
