/** Where Holdfast is and who we are there: a file that only its owner may read, or the environment. */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Problem, Secret } from "@holdfast/kit";
import { around } from "./outside.ts";

/** With an API key, or with tokens that renew themselves. */
export type Profile = KeyProfile | TokenProfile;

export interface KeyProfile {
  url: string;
  apiKey: Secret;
  /** `login` made the key for this machine alone, so `logout` ends it. */
  ours?: boolean;
}

export interface TokenProfile {
  url: string;
  tokens: Tokens;
}

export interface Tokens {
  accessToken: Secret;
  /** In milliseconds since 1970. */
  accessEndsAtMs: number;
  /** Good once. */
  refreshToken: Secret;
}

/** `HOLDFAST_CONFIG`, else `holdfast/cli.json` in the user's configuration directory. */
export function profilePath(env: NodeJS.ProcessEnv = around().env): string {
  return env["HOLDFAST_CONFIG"] ?? join(env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "holdfast", "cli.json");
}

/**
 * `HOLDFAST_URL` and `HOLDFAST_API_KEY` where both are set, else the file. A key never goes to another server than the one it is for.
 * @throws Problem `cli_signed_out`, `cli_profile_readable`, `cli_profile_invalid`, `cli_url_invalid`
 */
export function readProfile(env: NodeJS.ProcessEnv = around().env): Profile {
  const [url, key] = [env["HOLDFAST_URL"], env["HOLDFAST_API_KEY"]];
  if (url !== undefined && key !== undefined) return { url: originOf(url), apiKey: new Secret(key) };
  if (key !== undefined) throw signedOut("HOLDFAST_API_KEY is set and HOLDFAST_URL is not; set both.");
  const path = profilePath(env);
  const stored = parse(path, readPrivate(path));
  if (url !== undefined && originOf(url) !== stored.url) throw signedOut(`You are signed in to ${stored.url}, not to ${originOf(url)}.`);
  return stored;
}

/** The address of a server, without path. @throws Problem `cli_url_invalid` */
export function originOf(text: string): string {
  const url = URL.parse(text);
  if (url !== null && ["http:", "https:"].includes(url.protocol)) return url.origin;
  throw new Problem("cli_url_invalid", {
    kind: "invalid",
    say: `"${text}" is no address of a server; it is like https://holdfast.example.net.`,
  });
}

function signedOut(say: string): Problem {
  return new Problem("cli_signed_out", { kind: "unauthenticated", say });
}

function readPrivate(path: string): string {
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new Problem("cli_profile_readable", {
        kind: "forbidden",
        say: `${path} holds credentials and others may read it; run: chmod 600 ${path}`,
      });
    }
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") {
      throw signedOut("You are not signed in; run `holdfast login --url https://…`, or set HOLDFAST_URL and HOLDFAST_API_KEY.");
    }
    throw thrown;
  }
}

function parse(path: string, text: string): Profile {
  try {
    const { url, apiKey, ours, tokens } = JSON.parse(text) as { url?: unknown; apiKey?: unknown; ours?: unknown; tokens?: unknown };
    if (typeof url === "string" && typeof apiKey === "string") return { url, apiKey: new Secret(apiKey), ours: ours === true };
    const known = typeof url === "string" ? tokensOf(tokens) : undefined;
    if (typeof url === "string" && known) return { url, tokens: known };
  } catch {
    // What JSON.parse says would quote the file, and the key with it.
    throw new Problem("cli_profile_invalid", { kind: "invalid", say: `${path} is not JSON; sign in again.` });
  }
  throw new Problem("cli_profile_invalid", { kind: "invalid", say: `${path} has no url with an apiKey or tokens; sign in again.` });
}

function tokensOf(value: unknown): Tokens | undefined {
  const { accessToken, accessEndsAtMs, refreshToken } = (value ?? {}) as Record<string, unknown>;
  if (typeof accessToken !== "string" || typeof accessEndsAtMs !== "number" || typeof refreshToken !== "string") return undefined;
  return { accessToken: new Secret(accessToken), accessEndsAtMs, refreshToken: new Secret(refreshToken) };
}

/** Keeps a profile, mode 0600. Whole or not at all, whoever reads it meanwhile. */
export function writeProfile(profile: Profile, path: string = profilePath()): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomUUID()}.new`;
  writeFileSync(beside, `${JSON.stringify(shown(profile), undefined, 2)}\n`, { mode: 0o600 });
  renameSync(beside, path);
}

function shown(profile: Profile): Record<string, unknown> {
  if ("apiKey" in profile) return { ...profile, apiKey: profile.apiKey.reveal() };
  const { accessToken, accessEndsAtMs, refreshToken } = profile.tokens;
  return { url: profile.url, tokens: { accessToken: accessToken.reveal(), accessEndsAtMs, refreshToken: refreshToken.reveal() } };
}

/** Forgets it; true when there was one. */
export function removeProfile(path: string = profilePath()): boolean {
  try {
    rmSync(path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return false;
    throw thrown;
  }
}
