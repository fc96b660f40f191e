/** Where Holdfast is and who we are there: a file that only its owner may read, or the environment. */
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Problem, Secret } from "@holdfast/kit";

export interface Profile {
  url: string;
  apiKey: Secret;
}

/** `HOLDFAST_CONFIG`, else `holdfast/cli.json` in the user's configuration directory. */
export function profilePath(env: NodeJS.ProcessEnv = process.env): string {
  return env["HOLDFAST_CONFIG"] ?? join(env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "holdfast", "cli.json");
}

/** `HOLDFAST_URL` and `HOLDFAST_API_KEY` where both are set, else the file. @throws Problem `cli_signed_out`, `cli_profile_readable`, `cli_profile_invalid` */
export function readProfile(env: NodeJS.ProcessEnv = process.env): Profile {
  const [url, key] = [env["HOLDFAST_URL"], env["HOLDFAST_API_KEY"]];
  if (url !== undefined && key !== undefined) return { url, apiKey: new Secret(key) };
  const path = profilePath(env);
  const stored = parse(path, readPrivate(path));
  return { url: url ?? stored.url, apiKey: new Secret(stored.apiKey) };
}

function readPrivate(path: string): string {
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new Problem("cli_profile_readable", {
        kind: "forbidden",
        say: `${path} holds an API key and others may read it; run: chmod 600 ${path}`,
      });
    }
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") {
      throw new Problem("cli_signed_out", {
        kind: "unauthenticated",
        say: "You are not signed in; run `holdfast login --url https://…`, or set HOLDFAST_URL and HOLDFAST_API_KEY.",
      });
    }
    throw thrown;
  }
}

function parse(path: string, text: string): { url: string; apiKey: string } {
  try {
    const { url, apiKey } = JSON.parse(text) as { url?: unknown; apiKey?: unknown };
    if (typeof url === "string" && typeof apiKey === "string") return { url, apiKey };
  } catch (thrown) {
    throw new Problem("cli_profile_invalid", { kind: "invalid", say: `${path} is not JSON; sign in again.`, because: thrown });
  }
  throw new Problem("cli_profile_invalid", { kind: "invalid", say: `${path} has no url and apiKey; sign in again.` });
}

/** Keeps a profile, mode 0600. */
export function writeProfile(profile: Profile, path: string = profilePath()): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, `${JSON.stringify({ url: profile.url, apiKey: profile.apiKey.reveal() }, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
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
