/** Where the embedded PostgreSQL keeps its files: the place, whose they are, and that they are ours and of our version. */
import { createHash } from "node:crypto";
import { chmod, chown, mkdir, readFile, readdir, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "@holdfast/kit";
import { workingRole } from "../database-roles.ts";
import { isHeld } from "../directory-lock.ts";
import { runTool } from "../run-tool.ts";
import { postgresMajor, type Binaries } from "./binaries.ts";
import { mayExecute, ownUserName, type UnprivilegedUser } from "./user.ts";

/** Beside PG_VERSION in a data directory that we made. */
const marker = "holdfast.json";
const systemPlace = "/var/lib/holdfast";
/** A slow disk takes a minute. */
const initdbMs = 600_000;

/** Makes the home if it is missing. Others may pass through it (0711), not list it: PostgreSQL may run as another user. */
export async function prepareHome(home: string): Promise<void> {
  const made = await mkdir(home, { recursive: true });
  if (made !== undefined || (await readdir(home)).length === 0) await chmod(home, 0o711);
}

/**
 * A directory for files of PostgreSQL: the home, or /var/lib/holdfast/<hash of home> where the user who runs PostgreSQL
 * cannot reach the home (below a 0700 folder such as /root).
 */
export async function reachablePlace(home: string, user: UnprivilegedUser | undefined): Promise<string> {
  if (!user || (await mayExecute(user, home))) return home;
  const place = join(
    systemPlace,
    createHash("sha256")
      .update(await realpath(home))
      .digest("hex")
      .slice(0, 12),
  );
  await mkdir(place, { recursive: true }).catch(() => undefined);
  if (await mayExecute(user, place)) return place;
  throw new Problem("database_home_unreachable", {
    kind: "not_ready",
    say: `PostgreSQL runs as the user ${user.name}, who can reach neither ${home} nor ${place}. Set HOLDFAST_HOME to a directory that this user can enter, or start Holdfast as another user than root.`,
  });
}

/** The data directory, by its real path; `<home>/postgres` always leads to it. */
export async function placeDirectory(home: string, user: UnprivilegedUser | undefined): Promise<string> {
  const wanted = join(home, "postgres");
  const existing = await realpath(wanted).catch(() => undefined);
  if (existing) return existing;
  const directory = join(await reachablePlace(home, user), "postgres");
  if (directory !== wanted) await putAside(directory);
  await mkdir(directory, { recursive: true });
  if (directory !== wanted) await symlink(directory, wanted);
  return realpath(directory);
}

/** A home that was removed and made anew begins with an empty database. The old one, kept elsewhere, is renamed, never deleted. */
async function putAside(directory: string): Promise<void> {
  if (await isHeld(`${directory}.lock`)) return; // Its holder lives; taking the lock will say so.
  await rename(directory, `${directory}.left-${new Date().toISOString().replaceAll(":", "")}`).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "ENOENT") throw thrown;
  });
}

/** User number of the owner of an existing data directory of this home. */
export async function ownerOf(home: string): Promise<number | undefined> {
  return (await stat(join(home, "postgres/PG_VERSION")).catch(() => undefined))?.uid;
}

/** Makes the cluster when the directory is empty; refuses one that is not ours, of another version, or not readable for us. */
export async function prepareDirectory(
  directory: string,
  binaries: Binaries,
  options: { user?: UnprivilegedUser; durable: boolean },
): Promise<void> {
  const entries = await readdir(directory).catch((cause: unknown) => {
    throw denied(directory, cause);
  });
  if (entries.length === 0) await makeCluster(directory, binaries, options);
  else await checkCluster(directory, entries);
  await writeAccessRules(directory);
}

async function checkCluster(directory: string, entries: string[]): Promise<void> {
  if (!entries.includes("PG_VERSION") || !entries.includes(marker)) {
    throw new Problem("database_directory_foreign", {
      kind: "not_ready",
      say: `The directory ${directory} holds files that Holdfast did not make (${entries.slice(0, 3).join(", ")} …). Move them away, or set HOLDFAST_HOME to another directory.`,
    });
  }
  const version = await readFile(join(directory, "PG_VERSION"), "utf8").catch((cause: unknown) => {
    throw denied(directory, cause);
  });
  if (version.trim() === String(postgresMajor)) return;
  throw new Problem("database_version", {
    kind: "not_ready",
    say:
      `The data directory ${directory} was written by PostgreSQL ${version.trim()}; this release runs PostgreSQL ${postgresMajor}. ` +
      `Start the release that wrote it, make a backup there and restore it here; or serve the directory with PostgreSQL ${version.trim()} yourself and set DATABASE_URL.`,
  });
}

function denied(directory: string, cause: unknown): Problem {
  return new Problem("database_directory_denied", {
    kind: "not_ready",
    say: `The data directory ${directory} belongs to another user. Start Holdfast as the user who made it (or as root), or give it to yourself with chown -R, or set HOLDFAST_HOME.`,
    because: cause,
  });
}

/** initdb works in a directory beside and the result is moved in whole: an interrupted first start leaves no half cluster. */
async function makeCluster(directory: string, binaries: Binaries, options: { user?: UnprivilegedUser; durable: boolean }): Promise<void> {
  const fresh = `${directory}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  if (options.user) await chown(fresh, options.user.uid, options.user.gid);
  await runInitdb(fresh, binaries, options);
  await writeFile(join(fresh, marker), JSON.stringify({ madeBy: "holdfast", postgres: postgresMajor }), { mode: 0o644 });
  await rename(fresh, directory);
}

/** The built-in locale provider sorts the same on every machine and after every system upgrade; libc's and ICU's orders move. */
async function runInitdb(directory: string, binaries: Binaries, options: { user?: UnprivilegedUser; durable: boolean }): Promise<void> {
  const locale = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const args = [
    "-D",
    directory,
    "-U",
    "postgres",
    "--auth=reject",
    "--no-instructions",
    ...locale,
    ...(options.durable ? [] : ["--no-sync"]),
  ];
  const call = { program: binaries.initdb, args, user: options.user, timeoutMs: initdbMs, maxBytes: 1_000_000 };
  const { code, output, errors } = await runTool(call);
  if (code === 0) return;
  const said = `${output.toString("utf8")}${errors}`;
  throw new Problem("database_init_failed", {
    kind: "not_ready",
    say: `PostgreSQL could not make its data directory ${directory}: ${lastLine(said)}`,
    with: { output: said.slice(-4000), code },
  });
}

function lastLine(text: string): string {
  return (
    text
      .split("\n")
      .findLast((line) => /error|fatal|could not|cannot/i.test(line))
      ?.trim() ?? "initdb failed; the log has its output."
  );
}

/**
 * Who may connect: over the Unix socket alone, and the kernel vouches for the operating system's user (`peer`), so there
 * is no password to keep and no port to reach. Written at every start, since the user may have changed.
 */
async function writeAccessRules(directory: string): Promise<void> {
  const user = ownUserName();
  const idents = ["postgres", "holdfast", workingRole].map((role) => `holdfast "${user}" ${role}\n`);
  await writeFile(join(directory, "pg_hba.conf"), "local all all peer map=holdfast\n", { mode: 0o644 });
  await writeFile(join(directory, "pg_ident.conf"), idents.join(""), { mode: 0o644 });
}
