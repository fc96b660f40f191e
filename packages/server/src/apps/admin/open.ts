/** Opens what the server works on, beside a server that runs or without one. */
import { existsSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { isProblem, Problem, Secret, systemClock } from "@holdfast/kit";
import { socketUrls } from "#platform/embedded-postgres";
import type { Log } from "#platform/log";
import type { Settings } from "#platform/settings";
import { compose, type Holdfast } from "../compose.ts";

/**
 * Everything composed on the server's own database; no role is played. An embedded PostgreSQL that a running server holds is
 * used where it is, over its socket; one that nobody holds is started, and stopped with `stop()`.
 * @throws Problem `admin_no_database`, `admin_database_held`, and those of `compose`
 */
export async function openHoldfast(settings: Settings, log: Log, options: { mayMake: boolean }): Promise<Holdfast> {
  const idle = { ...settings, roles: new Set<never>() };
  if (settings.databaseUrl === undefined && !options.mayMake && !existsSync(join(settings.home, "postgres")))
    throw noDatabase(settings.home);
  for (let attempt = 1; ; attempt++) {
    try {
      return await compose({ settings: idle, log });
    } catch (thrown) {
      if (isDenied(thrown)) throw otherUser(settings.home, thrown);
      if (!isProblem(thrown) || thrown.code !== "directory_in_use") throw thrown;
      const held = await socketOfHolder(settings.home);
      if (held !== undefined) return openBeside({ settings: { ...idle, ...held }, log }, thrown);
      if (attempt === patience) throw thrown;
      await systemClock.sleep(500); // its server is about to start, or to stop
    }
  }
}

/** Tries before a directory that is held by somebody without a server counts as in use. */
const patience = 20;

async function openBeside(parts: { settings: Settings; log: Log }, held: Problem): Promise<Holdfast> {
  try {
    return await compose(parts);
  } catch (thrown) {
    if (!isProblem(thrown) || !["database_refused", "database_unavailable"].includes(thrown.code)) throw thrown;
    throw new Problem("admin_database_held", {
      kind: "conflict",
      say: `${held.message.split(". ")[0] ?? ""}, whose database does not let us in. Run this as the user who runs the server, on the same machine; or stop the server first.`,
      because: thrown,
    });
  }
}

/** The holder's PostgreSQL tells where its socket is in its own lock file (line 5 of postmaster.pid); undefined while it has none. */
async function socketOfHolder(home: string): Promise<Pick<Settings, "databaseUrl" | "databaseOwnerUrl"> | undefined> {
  const directory = await realpath(join(home, "postgres")).catch(() => undefined);
  const text = directory === undefined ? "" : await readFile(join(directory, "postmaster.pid"), "utf8").catch(() => "");
  const socketDirectory = text.split("\n")[4]?.trim();
  if (!socketDirectory) return undefined;
  const { url, ownerUrl } = socketUrls(socketDirectory);
  return { databaseUrl: new Secret(url), databaseOwnerUrl: new Secret(ownerUrl) };
}

function isDenied(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && (thrown.code === "EACCES" || thrown.code === "EPERM");
}

function otherUser(home: string, because: unknown): Problem {
  return new Problem("admin_other_user", {
    kind: "forbidden",
    say: `${home} belongs to another user; run this as the user who runs the server, or as root.`,
    because,
  });
}

function noDatabase(home: string): Problem {
  return new Problem("admin_no_database", {
    kind: "missing",
    say: `There is no database in ${home}. Give the settings that the server has (HOLDFAST_HOME or DATABASE_URL), or start the server first.`,
  });
}
