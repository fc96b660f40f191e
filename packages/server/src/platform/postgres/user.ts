/** PostgreSQL refuses to run as root; when we are root it runs as an existing unprivileged user. */
import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { Problem } from "@holdfast/kit";
import { runTool } from "../run-tool.ts";

export interface UnprivilegedUser {
  name: string;
  uid: number;
  gid: number;
}

const preferred = ["holdfast", "postgres", "nobody"];

/**
 * Who runs PostgreSQL: undefined when we are not root (it runs as ourselves).
 * The owner of an existing data directory comes first, so that a directory keeps its owner.
 * initdb looks its user up by number, so only users with an entry in /etc/passwd will do.
 */
export async function chooseUser(ownerUid?: number): Promise<UnprivilegedUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").flatMap(parseUser);
  const owner = users.find((user) => user.uid === ownerUid && user.uid !== 0);
  const found = owner ?? preferred.map((name) => users.find((user) => user.name === name)).find((user) => user !== undefined);
  if (found) return found;
  throw new Problem("database_no_user", {
    kind: "not_ready",
    say: `PostgreSQL does not run as root, and none of the users ${preferred.join(", ")} exists. Start Holdfast as another user, add one of them, or set DATABASE_URL.`,
  });
}

function parseUser(line: string): UnprivilegedUser[] {
  const [name, , uid, gid] = line.split(":");
  return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
}

/** The name of the user who runs this program. @throws Problem `database_no_user` when the system has no name for it. */
export function ownUserName(): string {
  try {
    return userInfo().username;
  } catch (cause) {
    throw new Problem("database_no_user", {
      kind: "not_ready",
      say: `The user number ${process.getuid?.()} has no entry in /etc/passwd, which PostgreSQL needs. Add one, or set DATABASE_URL.`,
      because: cause,
    });
  }
}

/** Whether the user may enter a directory (execute a file). The kernel is asked, so ACLs and mount options count too. */
export async function mayExecute(user: UnprivilegedUser, path: string): Promise<boolean> {
  const { code } = await runTool({ program: "test", args: ["-x", path], user, timeoutMs: 30_000, maxBytes: 1000 });
  return code === 0;
}
