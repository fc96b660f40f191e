/** Lends a credential to one run of git: in files of a directory that only we may enter, never in arguments, environment or address. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GitCredential } from "@holdfast/contract";

export interface Lent {
  /** Environment for git: paths only. */
  environment: Record<string, string>;
  /** Removes the files. */
  takeBack(): Promise<void>;
}

const nothing: Lent = { environment: {}, takeBack: async () => undefined };

export async function lendCredential(credential: GitCredential | undefined): Promise<Lent> {
  if (credential === undefined) return nothing;
  const directory = await mkdtemp(join(tmpdir(), "holdfast-git-"));
  const takeBack = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const keep = async (name: string, text: string, mode: number): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text, { mode });
    return path;
  };
  try {
    if (credential.kind === "git_https") {
      const username = await keep("username", credential.username, 0o600);
      const token = await keep("token", credential.token, 0o600);
      const script = `#!/bin/sh\ncase "$1" in Username*) exec cat '${username}' ;; *) exec cat '${token}' ;; esac\n`;
      return { environment: { GIT_ASKPASS: await keep("askpass", script, 0o700) }, takeBack };
    }
    const key = await keep("key", credential.privateKey.endsWith("\n") ? credential.privateKey : `${credential.privateKey}\n`, 0o600);
    const hosts = await keep("known_hosts", credential.knownHosts, 0o600);
    const options = [
      "-F /dev/null",
      `-i '${key}'`,
      "-o IdentitiesOnly=yes",
      `-o UserKnownHostsFile='${hosts}'`,
      "-o StrictHostKeyChecking=yes",
      "-o BatchMode=yes",
      "-o ConnectTimeout=20",
    ];
    return { environment: { GIT_SSH_COMMAND: `ssh ${options.join(" ")}` }, takeBack };
  } catch (thrown) {
    await takeBack();
    throw thrown;
  }
}
