/** OWASP API Security Top 10 (2023), API6: flows that do harm when a program runs through them faster, oftener or in another order than a person. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFortress, type Answer, type Fortress, type Person } from "#test/fortress";

let fortress: Fortress;
let ada: Person;
const at = "/api/v1";
beforeAll(async () => {
  fortress = await startFortress();
});
afterAll(() => fortress.drop());

const tally = (answers: Answer[]) => {
  const counted: Record<number, number> = {};
  for (const { status } of answers) counted[status] = (counted[status] ?? 0) + 1;
  return counted;
};
const atOnce = (count: number, call: (n: number) => Promise<Answer>) => Promise.all(Array.from({ length: count }, (_, n) => call(n)));

test("six who take the one setup token at one moment make one administrator, and a new one is not to be had", async () => {
  const token = await fortress.holdfast.identity.setupToken();
  const answers = await atOnce(6, (n) =>
    fortress.call("POST", `${at}/setup`, { body: { token, name: `first${n}`, password: `a barn full of hay ${n}` } }),
  );
  expect(answers.filter(({ status }) => status === 201).length).toBe(1);
  expect((await fortress.call("GET", `${at}/setup`)).body).toEqual({ needed: false });
  expect(await fortress.holdfast.identity.setupToken()).toBeUndefined();
});

describe("of one person", () => {
  beforeAll(async () => {
    ada = await fortress.person("ada", "admin");
  });

  test("a link signs in once, of twenty at one moment", async () => {
    const { token } = await fortress.holdfast.identity.createSignInLink("ada", { actor: "system:test" });
    const answers = await atOnce(20, () => fortress.call("POST", `${at}/auth/link`, { body: { token } }));
    expect(tally(answers)).toEqual({ 200: 1, 401: 19 });
  });

  test("ten programs that make API keys together make no more than the hour allows", async () => {
    const body = { name: "harvest", scopes: ["devices:read"], expiresInDays: 1 };
    const answers = await atOnce(10, () => fortress.call("POST", `${at}/api-keys`, { cookie: ada.cookie, body }));
    expect(answers.filter(({ status }) => status === 201).length).toBe(2); // one was made already
    expect((await fortress.call("GET", `${at}/api-keys`, { cookie: ada.cookie })).body.items?.length).toBe(3);
  });

  test("a flood of letters for a new password stops, and says of nobody whether they are there", async () => {
    const answers = await atOnce(20, (n) =>
      fortress.call("POST", `${at}/auth/reset-request`, { body: { who: n % 2 === 0 ? "ada" : `nobody${n}` } }),
    );
    const seen = new Set(answers.map(({ status, text }) => `${status} ${text.replace(/"request_id":"[^"]*"/, "")}`));
    expect(seen.size).toBeLessThanOrEqual(2); // told, and too many
    expect(answers.every(({ status }) => [202, 204, 429].includes(status))).toBe(true);
  });

  test("codes of a waiting program cannot be gone through", async () => {
    const answers = await atOnce(30, (n) =>
      fortress.call("POST", `${at}/auth/device/show`, {
        cookie: ada.cookie,
        body: { userCode: `BCDF-${"BCDFGHJKLMNPQRSTVWXZBCDFGHJKLM"[n]}HJK` },
      }),
    );
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(15);
    expect(answers.some(({ status }) => status === 200)).toBe(false);
  });

  test("a step is not skipped: no second factor without its enrolment, no session from half a sign-in, no rollout without a plan", async () => {
    for (const [path, body] of [
      ["/auth/factors/totp/confirm", { code: "123456" }],
      ["/auth/second-factor", { token: "x".repeat(43), code: "123456" }],
      ["/rollouts", { planId: "pln_nothing", planHash: "0".repeat(64), strategy: { kind: "direct", reason: "now" } }],
      ["/rollouts/rol_nothing/approve", {}],
      ["/auth/reset", { token: "x".repeat(43), password: "correct horse battery" }],
      ["/auth/invitation", { token: "x".repeat(43), password: "correct horse battery" }],
    ] as const) {
      const { status, headers } = await fortress.call("POST", at + path, { cookie: ada.cookie, body });
      expect([path, status >= 400 && status < 500, headers.get("set-cookie")]).toEqual([path, true, null]);
    }
  });
});
