/** Whom a fetch may talk to: the server of an address is judged as every other address that somebody else chose, and git is held to it. */
import { isProblem, Problem } from "@holdfast/kit";
import type { Egress } from "./egress.ts";
import { runGit } from "./git-run.ts";
import type { GitAddress, GitServer } from "./git-url.ts";

/** Holds one run of git to the address that was judged. */
export interface GitPin {
  /** Settings of git, `name=value`. */
  settings: readonly string[];
  /** Options of ssh, `Name=value`. */
  ssh: readonly string[];
}

/** @throws Problem `egress_refused`, `git_unreachable` when the name is not known, `git_too_old` */
export async function pinServer({ protocol, server }: GitAddress, egress: Pick<Egress, "judge">): Promise<GitPin> {
  if (server === undefined) return { settings: [], ssh: [] };
  const { address, family } = await judge(server.host, egress);
  if (protocol === "ssh") return { settings: [], ssh: [`HostName=${address}`, `HostKeyAlias=${knownAs(server)}`] };
  if (server.literal) return { settings: [], ssh: [] };
  await mustPin();
  return { settings: [`http.curloptResolve=${server.host}:${server.port}:${family === 6 ? `[${address}]` : address}`], ssh: [] };
}

async function judge(host: string, egress: Pick<Egress, "judge">): ReturnType<Egress["judge"]> {
  try {
    return await egress.judge(host);
  } catch (thrown) {
    if (!isProblem(thrown) || thrown.code !== "egress_unreachable") throw thrown;
    const say = `The name ${host} of the Git server leads nowhere; it is tried again.`;
    throw new Problem("git_unreachable", { kind: "unavailable", say, because: thrown });
  }
}

/** As known_hosts names a server: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
function knownAs({ host, port }: GitServer): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Git before 2.37 would look the name up anew, and in silence. @throws Problem `git_too_old` */
async function mustPin(): Promise<void> {
  if (isNewEnough((await runGit(["version"], { directory: "/" })).text())) return;
  throw new Problem("git_too_old", { kind: "not_ready", say: "Repositories by https need git 2.37 or newer; install it on this server." });
}

/** Reads `git version 2.39.5`. */
export function isNewEnough(text: string): boolean {
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text) ?? []).map(Number);
  return major > 2 || (major === 2 && minor >= 37);
}
