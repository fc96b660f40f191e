import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Secret } from "@holdfast/kit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { profilePath, readProfile, removeProfile, writeProfile } from "./profile.ts";

let home: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "holdfast-profile-"));
  env = { XDG_CONFIG_HOME: home };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const url = "https://holdfast.example.net";
const keep = (): void => writeProfile({ url, apiKey: new Secret("hf_a_key"), ours: true }, profilePath(env));
const refused = (code: string) => expect.objectContaining({ code });

describe("the profile", () => {
  test("is kept for its owner alone, and read back", () => {
    keep();
    expect(statSync(profilePath(env)).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(profilePath(env))).mode & 0o777).toBe(0o700);
    const profile = readProfile(env);
    const key = "apiKey" in profile ? profile.apiKey.reveal() : "";
    expect({ ...profile, apiKey: key }).toEqual({ url, ours: true, apiKey: "hf_a_key" });
    const tokens = { accessToken: new Secret("a.b.c"), accessEndsAtMs: 5, refreshToken: new Secret("r") };
    writeProfile({ url, tokens }, profilePath(env));
    expect(statSync(profilePath(env)).mode & 0o777).toBe(0o600);
    const again = readProfile(env);
    const { accessToken, accessEndsAtMs, refreshToken } = "tokens" in again ? again.tokens : tokens;
    expect([again.url, accessToken.reveal(), accessEndsAtMs, refreshToken.reveal()]).toEqual([url, "a.b.c", 5, "r"]);
  });

  test("is closed again when it is written over a file that others may read", () => {
    keep();
    chmodSync(profilePath(env), 0o644);
    keep();
    expect(statSync(profilePath(env)).mode & 0o777).toBe(0o600);
  });

  test("that others may read is not used", () => {
    keep();
    chmodSync(profilePath(env), 0o640);
    expect(() => readProfile(env)).toThrow(refused("cli_profile_readable"));
  });

  test("of the environment counts when it is whole; a half one is told", () => {
    expect(readProfile({ ...env, HOLDFAST_URL: `${url}/`, HOLDFAST_API_KEY: "hf_b_key" })).toMatchObject({ url });
    expect(() => readProfile({ ...env, HOLDFAST_API_KEY: "hf_b_key" })).toThrow(refused("cli_signed_out"));
    expect(() => readProfile({ ...env, HOLDFAST_URL: "holdfast", HOLDFAST_API_KEY: "k" })).toThrow(refused("cli_url_invalid"));
  });

  test("never lends its key to another server", () => {
    keep();
    expect(readProfile({ ...env, HOLDFAST_URL: url })).toMatchObject({ url });
    expect(() => readProfile({ ...env, HOLDFAST_URL: "https://elsewhere.example.net" })).toThrow(refused("cli_signed_out"));
  });

  test("that is broken is told without a word of what it holds", () => {
    keep();
    writeFileSync(profilePath(env), '{"apiKey": hf_secret');
    expect(() => readProfile(env)).toThrow(refused("cli_profile_invalid"));
    expect(() => readProfile(env)).not.toThrow(/hf_secret/);
    writeFileSync(profilePath(env), "{}");
    expect(() => readProfile(env)).toThrow(refused("cli_profile_invalid"));
  });

  test("that is missing says how to sign in; forgetting it leaves nothing", () => {
    expect(() => readProfile(env)).toThrow(/holdfast login --url/);
    keep();
    expect(removeProfile(profilePath(env))).toBe(true);
    expect(existsSync(profilePath(env))).toBe(false);
    expect(removeProfile(profilePath(env))).toBe(false);
  });
});
