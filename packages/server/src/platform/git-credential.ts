/** Lends a credential to one run of git: in files of a directory that only we may enter, never in arguments, environment or address. */
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GitCredential } from "@holdfast/contract";
import { Problem } from "@holdfast/kit";
import type { GitPin } from "./git-server.ts";
import type { GitProtocol } from "./git-url.ts";

export interface Lent {
  /** Environment for git: paths only. */
  environment: Record<string, string>;
  /** What must not appear in anything that git says. */
  secrets: readonly string[];
  /** Removes the files. */
  takeBack(): Promise<void>;
}

const prefix = "holdfast-git-";
/** Longer than any run. */
const forgottenMs = 3_600_000;

/** @throws Problem `git_credential_kind` where the address needs another kind of credential, `git_credential_invalid` where it cannot be one */
export async function lendCredential(credential: GitCredential | undefined, protocol: GitProtocol, pin: GitPin): Promise<Lent> {
  if (protocol === "ssh" && credential?.kind !== "git_ssh") throw wrongKind("an SSH key with the server's known hosts (git_ssh)");
  if (protocol === "https" && credential?.kind === "git_ssh") throw wrongKind("a user name and token (git_https)");
  if (credential === undefined || protocol === "file") return { environment: {}, secrets: [], takeBack: async () => undefined };
  const directory = await mkdtemp(join(tmpdir(), prefix));
  const takeBack = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    return {
      ...(credential.kind === "git_https" ? await lendToken(credential, directory) : await lendKey(credential, directory, pin)),
      takeBack,
    };
  } catch (thrown) {
    await takeBack();
    throw thrown;
  }
}

type Part = Pick<Lent, "environment" | "secrets">;

/** A credential helper in the environment of git; it runs from no file, so that it works where temporary files may not be run. */
async function lendToken({ username, token }: Extract<GitCredential, { kind: "git_https" }>, directory: string): Promise<Part> {
  // eslint-disable-next-line no-control-regex -- a line end would begin another field of git's credential protocol
  if (/[\u0000-\u001f\u007f]/.test(username + token)) throw invalid("The user name and the token must be one line each.");
  const file = join(directory, "credential");
  await writeFile(file, `username=${username}\npassword=${token}\n`, { mode: 0o600 });
  const helper = `!f() { test "$1" = get && cat ${quoted(file)}; }; f`;
  const environment = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "credential.helper", GIT_CONFIG_VALUE_0: helper };
  return { environment, secrets: [token, encodeURIComponent(token), Buffer.from(`${username}:${token}`).toString("base64")] };
}

async function lendKey(
  { privateKey, knownHosts }: Extract<GitCredential, { kind: "git_ssh" }>,
  directory: string,
  pin: GitPin,
): Promise<Part> {
  if (!privateKey.includes("PRIVATE KEY-----")) throw invalid("The secret does not hold a private key.");
  await writeFile(join(directory, "key"), withLineEnd(privateKey), { mode: 0o600 });
  await writeFile(join(directory, "known_hosts"), withLineEnd(knownHosts), { mode: 0o600 });
  const options = [
    "IdentityFile=key",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "UserKnownHostsFile=known_hosts",
    "GlobalKnownHostsFile=/dev/null",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "BatchMode=yes",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "PermitLocalCommand=no",
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=2",
    "ProxyCommand=none",
    ...pin.ssh,
  ];
  // From within the directory, because ssh has no way to quote every path.
  const command = `cd ${quoted(directory)} && exec ssh -F /dev/null ${options.map((option) => `-o ${quoted(option)}`).join(" ")}`;
  return { environment: { GIT_SSH_COMMAND: command }, secrets: [] };
}

function withLineEnd(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

/** For the shell with which git starts helpers: the path of temporary files may hold anything. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function wrongKind(needed: string): Problem {
  return new Problem("git_credential_kind", { kind: "not_ready", say: `This address needs ${needed}; store one as a secret and name it.` });
}

function invalid(say: string): Problem {
  return new Problem("git_credential_invalid", { kind: "not_ready", say: `${say} Store it again.` });
}

/** Removes what runs that died with their process left behind. */
export async function sweepForgotten(nowMs: number): Promise<number> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
  let removed = 0;
  for (const path of names.map((name) => join(tmpdir(), name))) {
    const made = await stat(path).catch(() => undefined);
    if (!made?.isDirectory() || made.uid !== process.getuid?.() || nowMs - made.mtimeMs < forgottenMs) continue;
    await rm(path, { recursive: true, force: true });
    removed++;
  }
  return removed;
}
