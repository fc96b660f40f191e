/** What keeps the trail beyond the database: checkpoints and archives. Wired here, because both live below one directory. */
import { join } from "node:path";
import { createSyslog, type SyslogTarget } from "#platform/syslog";
import { createArchiving, type Archiving } from "./archive.ts";
import { createCheckpoints, type Checkpoints, type CheckpointsDeps } from "./checkpoints.ts";

export interface AuditKeeping {
  checkpoints: Checkpoints;
  archiving: Archiving;
  /** What the clock asks for: a checkpoint when one is due. To be called about once a second, by one process. */
  tick(): Promise<void>;
  /** Archives what is older than the retention; nothing without one. To be called about once a day. */
  retain(): Promise<void>;
}

export interface AuditKeepingDeps extends Omit<CheckpointsDeps, "file" | "syslog"> {
  /** Holds `checkpoints.jsonl` and the archives. */
  directory: string;
  syslog?: SyslogTarget | undefined;
  /** Older entries are archived; all stay when it is not told. 30 or more. */
  retentionDays?: number | undefined;
}

export function createAuditKeeping({ directory, syslog: target, retentionDays, ...deps }: AuditKeepingDeps): AuditKeeping {
  const { db, audit, clock } = deps;
  const syslog = target && createSyslog(target);
  const checkpoints = createCheckpoints({ ...deps, file: join(directory, "checkpoints.jsonl"), syslog });
  const archiving = createArchiving({ db, audit, directory: join(directory, "archive"), ...(clock ? { clock } : {}) });
  return {
    checkpoints,
    archiving,
    tick: async () => void (await checkpoints.tick()),
    async retain() {
      if (retentionDays === undefined) return;
      await archiving.archive({ olderThanDays: retentionDays, reason: `retention of ${retentionDays} days` }, { actor: "system:audit" });
    },
  };
}
